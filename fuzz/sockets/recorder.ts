// The app of one side: it writes down what it gets, strictly read, and answers by the conversation's script.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Message, MessageReader } from "../../src/proxy/engine-suite/message-reader.ts";
import type { AppAnswer } from "./answer-grammar.ts";

export class Recorder {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answers: readonly AppAnswer[] = [];
  #answered = 0;
  /** Whole requests, in the order in which they were whole. */
  requests: Message[] = [];
  /** What could not be read: sluice must never send such a thing. */
  unreadable: string[] = [];

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  begin(answers: readonly AppAnswer[]): void {
    this.#answers = answers;
    this.#answered = 0;
    this.requests = [];
    this.unreadable = [];
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    const reader = new MessageReader("request");
    let expectationSeen = false;
    let isOver = false;
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    const read = (): void => {
      for (;;) {
        const head = reader.peekHead();
        if (head && !expectationSeen && head.fields.some(([name]) => name.toLowerCase() === "expect")) {
          expectationSeen = true;
          socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        }
        const request = reader.take();
        if (!request) return;
        expectationSeen = false;
        this.requests.push(request);
        const answer = this.#answers[Math.min(this.#answered++, this.#answers.length - 1)];
        if (!answer) return;
        const last = answer.head.slice(answer.head.lastIndexOf("HTTP/1."));
        const hasNone = request.line.startsWith("HEAD ") || /^HTTP\/1\.\d (?:204|304)/.test(last);
        const bytes = hasNone && !answer.unruly ? answer.head : answer.head + answer.body;
        socket.write(Buffer.from(bytes, "latin1"));
        if (answer.ending === "keep") continue;
        // What comes on a connection that the app has closed was never got.
        isOver = true;
        if (answer.ending === "end") socket.end(() => socket.destroy());
        else socket.resetAndDestroy();
        return;
      }
    };
    socket.on("data", (chunk: Buffer) => {
      if (isOver) return;
      reader.push(chunk);
      try {
        read();
      } catch (error) {
        isOver = true;
        this.unreadable.push(
          `${error instanceof Error ? error.message : error}: ${reader.rest.toString("latin1").slice(0, 500)}`,
        );
        socket.destroy();
      }
    });
  }
}
