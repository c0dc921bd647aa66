// What a client got, read strictly: whole answers in order, and what is left.

import { type Message, MessageReader } from "../../src/proxy/engine-suite/message-reader.ts";

export interface Got {
  /** Final answers. */
  readonly answers: readonly (Message & { readonly status: number })[];
  /** Interim answers other than 100. */
  readonly interims: readonly number[];
  /** An answer that has no end. */
  readonly isCut: boolean;
  /** Why it could not be read. */
  readonly unreadable: string | undefined;
}

export function answersIn(received: string, methods: readonly string[], isEnded: boolean): Got {
  const reader = new MessageReader("answer");
  const answers: (Message & { status: number })[] = [];
  const interims: number[] = [];
  reader.methods.push(...methods);
  reader.push(Buffer.from(received, "latin1"));
  if (isEnded) reader.end();
  try {
    for (let message = reader.take(); message; message = reader.take()) {
      const status = Number(message.line.split(" ")[1]);
      if (status >= 200) answers.push({ ...message, status });
      else if (status !== 100) interims.push(status);
    }
  } catch (error) {
    return {
      answers,
      interims,
      isCut: true,
      unreadable: error instanceof Error ? error.message : String(error),
    };
  }
  return { answers, interims, isCut: reader.rest.length > 0, unreadable: undefined };
}
