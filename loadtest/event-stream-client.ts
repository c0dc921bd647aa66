// A server-sent event stream of the strict client: each event has the number after the one before it, and a clean end
// is the end of the message, never a mere FIN.

import { connect } from "node:net";
import { createAnswerReader, MalformedAnswer } from "./answer-reader.ts";
import type { StreamClient, StreamResult } from "./websocket-client.ts";

/** Opens GET /events, of which the app sends one every `everyMs`. */
export function openEventStream(options: {
  readonly host: string;
  readonly port: number;
  readonly requestId: string;
  readonly everyMs: number;
}): StreamClient {
  const openedAt = performance.now();
  let text = "";
  let messages = 0;
  let version: string | undefined;
  let isOpen = false;
  let isWhole = false;
  let outcome: { end: string; clean: boolean } | undefined;

  const socket = connect({ host: options.host, port: options.port, noDelay: true });
  socket.write(
    `GET /events?every=${options.everyMs} HTTP/1.1\r\nHost: ${options.host}:${options.port}\r\nX-Request-Id: ${options.requestId}\r\n\r\n`,
  );

  function say(end: string, clean: boolean): void {
    outcome ??= { end, clean };
  }

  function onEvent(event: string): void {
    const match = /^id: (\d+)\ndata: (\S+)$/.exec(event);
    version ??= match?.[2];
    if (Number(match?.[1]) !== messages + 1 || match?.[2] !== version)
      throw new MalformedAnswer(`wrong event ${JSON.stringify(event.slice(0, 60))}`);
    messages++;
  }

  const reader = createAnswerReader(() => (isWhole ? undefined : "GET"), {
    informational() {},
    head({ status, framing }) {
      if (status !== 200) throw new MalformedAnswer(`status ${status}`);
      // Without chunks a clean end and a cut look the same.
      if (framing !== "chunked") throw new MalformedAnswer(`framing ${framing}`);
      isOpen = true;
    },
    body(chunk) {
      const events = (text + chunk.toString("latin1")).split("\n\n");
      text = events.pop()!;
      for (const event of events) onEvent(event);
    },
    end() {
      isWhole = true;
      if (text === "") say("end of stream", true);
      else say("ended in the middle of an event", false);
      socket.end();
    },
  });

  socket.on("data", (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      outcome = { end: error.message, clean: false };
      socket.destroy();
    }
  });
  socket.on("end", () => say("cut in the middle of the stream", false));
  socket.on("error", (error: NodeJS.ErrnoException) => say(`connection failed: ${error.code}`, false));

  const ended = new Promise<StreamResult>((resolve) => {
    socket.once("close", () => {
      isOpen = false;
      const { end, clean } = outcome ?? { end: "closed without a word", clean: false };
      resolve({ kind: "event-stream", messages, version, end, clean, openedAt, endedAt: performance.now() });
    });
  });

  return {
    kind: "event-stream",
    get messages() {
      return messages;
    },
    get isOpen() {
      return isOpen;
    },
    ended,
    close() {
      say("closed by client", true);
      socket.destroy();
    },
  };
}
