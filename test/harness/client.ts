// A client of the app behind sluice: one request, one answer, and no second try.

import { type Agent, type IncomingHttpHeaders, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Pending {
  /** Rejects if the connection ends without a whole answer. */
  readonly answer: Promise<Answer>;
  readonly isAnswered: boolean;
  leave(): void;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

/** Sends a request to 127.0.0.1:port. */
export function send(port: number, path: string, { body, agent, ...options }: Ask = {}): Pending {
  const call = request({ port, host: "127.0.0.1", path, agent: agent ?? false, ...options });
  let isAnswered = false;
  const answer = new Promise<Answer>((resolve, reject) => {
    call.once("error", reject);
    call.once("response", (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      incoming.once("error", reject);
      incoming.once("end", () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
      );
    });
  }).finally(() => {
    isAnswered = true;
  });
  // Whoever leaves does not care.
  answer.catch(() => {});
  call.end(body);
  return {
    answer,
    get isAnswered() {
      return isAnswered;
    },
    leave: () => call.destroy(),
  };
}

/** Asks and waits for the answer. */
export function get(port: number, path: string, ask: Ask = {}): Promise<Answer> {
  return send(port, path, ask).answer;
}
