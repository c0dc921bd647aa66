// Reads HTTP/1.1 messages strictly off raw bytes: an answer that a client could misread fails the test.

export interface Message {
  /** Request line or status line. */
  readonly line: string;
  /** [name, value] in order, as they came. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly trailers: readonly (readonly [string, string])[];
  readonly framing: "none" | "counted" | "chunked" | "until-close";
}

export function valuesOf(message: Pick<Message, "fields">, name: string): string[] {
  return message.fields.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

export function fieldOf(message: Pick<Message, "fields">, name: string): string | undefined {
  return valuesOf(message, name)[0];
}

/** Feeds on chunks and gives back whole messages; `headOf` sees each head as soon as it is there. */
export class MessageReader {
  #buffer = Buffer.alloc(0);
  #ended = false;
  readonly #kind: "request" | "answer";
  /** Methods of the requests that the coming answers belong to: HEAD has no body. */
  readonly methods: string[] = [];

  constructor(kind: "request" | "answer") {
    this.#kind = kind;
  }

  get rest(): Buffer {
    return this.#buffer;
  }

  push(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
  }

  end(): void {
    this.#ended = true;
  }

  /** The head at the front, without taking it. */
  peekHead(): Pick<Message, "line" | "fields"> | undefined {
    const end = this.#buffer.indexOf("\r\n\r\n");
    if (end === -1) return undefined;
    const [line = "", ...rest] = this.#buffer.toString("latin1", 0, end).split("\r\n");
    return { line, fields: rest.map(parseField) };
  }

  take(): Message | undefined {
    const head = this.peekHead();
    if (!head) return undefined;
    const start = this.#buffer.indexOf("\r\n\r\n") + 4;
    const status = this.#kind === "answer" ? Number(head.line.split(" ")[1]) : 0;
    const bodyless =
      this.#kind === "answer" &&
      (status < 200 || status === 204 || status === 304 || (this.methods[0] ?? "GET") === "HEAD");
    const lengths = valuesOf(head, "content-length");
    const codings = valuesOf(head, "transfer-encoding");
    if (lengths.length + codings.length > 1) throw new Error(`ambiguous framing: ${head.line}`);
    const done = (message: Omit<Message, "line" | "fields">, used: number): Message => {
      this.#buffer = this.#buffer.subarray(used);
      if (this.#kind === "answer" && status >= 200) this.methods.shift();
      return { ...head, ...message };
    };
    const empty = { body: Buffer.alloc(0), trailers: [] };
    if (bodyless) return done({ ...empty, framing: "none" }, start);
    if (codings.length === 1) {
      if (codings[0] !== "chunked") throw new Error(`coding ${codings[0]}`);
      const chunked = readChunked(this.#buffer, start);
      return (
        chunked && done({ body: chunked.body, trailers: chunked.trailers, framing: "chunked" }, chunked.used)
      );
    }
    if (lengths.length === 1) {
      const end = start + Number(lengths[0]);
      if (this.#buffer.length < end) return undefined;
      return done({ body: this.#buffer.subarray(start, end), trailers: [], framing: "counted" }, end);
    }
    if (this.#kind === "request") return done({ ...empty, framing: "none" }, start);
    if (!this.#ended) return undefined;
    return done(
      { body: this.#buffer.subarray(start), trailers: [], framing: "until-close" },
      this.#buffer.length,
    );
  }
}

function parseField(line: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (!match) throw new Error(`not a field line: ${JSON.stringify(line)}`);
  return [match[1]!, match[2]!];
}

function readChunked(
  buffer: Buffer,
  start: number,
): { body: Buffer; trailers: [string, string][]; used: number } | undefined {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = buffer.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const text = buffer.toString("latin1", at, lineEnd);
    if (!/^[0-9a-fA-F]+$/.test(text)) throw new Error(`not a chunk size: ${JSON.stringify(text)}`);
    const size = Number.parseInt(text, 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (buffer.length < at + size + 2) return undefined;
    parts.push(buffer.subarray(at, at + size));
    if (buffer.toString("latin1", at + size, at + size + 2) !== "\r\n")
      throw new Error("no CRLF after a chunk");
    at += size + 2;
  }
  const trailers: [string, string][] = [];
  for (;;) {
    const lineEnd = buffer.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const line = buffer.toString("latin1", at, lineEnd);
    at = lineEnd + 2;
    if (line === "") return { body: Buffer.concat(parts), trailers, used: at };
    trailers.push(parseField(line));
  }
}
