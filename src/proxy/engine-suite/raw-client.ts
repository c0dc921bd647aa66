// A client that sends exactly what it is told and reads answers strictly.

import { connect, type Socket } from "node:net";
import { type Message, MessageReader } from "./message-reader.ts";

export interface Answer extends Message {
  readonly status: number;
}

export class RawClient {
  readonly socket: Socket;
  readonly #reader = new MessageReader("answer");
  #wake: () => void = () => {};
  #changed = new Promise<void>((resolve) => {
    this.#wake = resolve;
  });
  /** How the connection ended: in order, or by a reset. */
  end: "fin" | "reset" | undefined = undefined;
  bytes = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.#reader.push(chunk);
      this.#notify();
    });
    socket.on("end", () => {
      this.end ??= "fin";
      this.#reader.end();
      this.#notify();
    });
    socket.on("error", () => {
      this.end ??= "reset";
      this.#notify();
    });
    socket.on("close", () => {
      this.end ??= "fin";
      this.#reader.end();
      this.#notify();
    });
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Text is sent as latin1. */
  send(data: string | Buffer): void {
    this.socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data);
  }

  /** Sends the request and waits for its final answer. */
  async ask(request: string, method = "GET"): Promise<Answer> {
    this.send(request);
    return await this.answer(method);
  }

  /** The next final answer, interim ones skipped. */
  async answer(method = "GET"): Promise<Answer> {
    for (;;) {
      const answer = await this.next(method);
      if (answer.status >= 200) return answer;
    }
  }

  /** The next answer, interim ones included. Throws if the connection ends before one is whole. */
  async next(method = "GET"): Promise<Answer> {
    if (this.#reader.methods.length === 0) this.#reader.methods.push(method);
    for (;;) {
      const message = this.#reader.take();
      if (message) return { ...message, status: Number(message.line.split(" ")[1]) };
      if (this.end) throw new Error(`connection ended (${this.end}); left: ${JSON.stringify(this.rest)}`);
      await this.#changed;
    }
  }

  /** Waits until what was read and is not part of a taken answer contains the text. */
  async until(text: string): Promise<void> {
    while (!this.rest.includes(text)) {
      if (this.end) throw new Error(`connection ended (${this.end}); left: ${JSON.stringify(this.rest)}`);
      await this.#changed;
    }
  }

  get rest(): string {
    return this.#reader.rest.toString("latin1");
  }

  get restBytes(): Buffer {
    return this.#reader.rest;
  }

  async ended(): Promise<"fin" | "reset"> {
    while (!this.end) await this.#changed;
    return this.end;
  }

  close(): void {
    this.socket.destroy();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    wake();
  }
}
