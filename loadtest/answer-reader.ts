// A reader of HTTP/1.1 answers that forgives nothing (RFC 9112): what it lets through was framed without doubt, to the
// last byte. It keeps no body and knows no sockets.

export type Field = readonly [name: string, value: string];

export interface AnswerHead {
  readonly status: number;
  /** Names in lower case. */
  readonly fields: readonly Field[];
  /** The answer says `Connection: close`. */
  readonly closes: boolean;
  readonly framing: "none" | "counted" | "chunked" | "until-close";
}

export interface AnswerSink {
  /** A 1xx answer; the final one is still to come. */
  informational(status: number): void;
  head(head: AnswerHead): void;
  /** Part of the body; valid only during the call. */
  body(chunk: Buffer): void;
  end(trailers: readonly Field[]): void;
}

/** The bytes break RFC 9112, or nobody asked for them. */
export class MalformedAnswer extends Error {
  readonly unasked: boolean;

  constructor(message: string, unasked = false) {
    super(message);
    this.name = "MalformedAnswer";
    this.unasked = unasked;
  }
}

export interface AnswerReader {
  /** Throws MalformedAnswer; the connection is of no use afterwards. */
  push(chunk: Buffer): void;
  /** The peer has sent FIN: ends an answer that lasts until close; false if an answer was cut in the middle. */
  finish(): boolean;
  /** Some byte of an answer (1xx included) has come, and its end has not. */
  readonly inAnswer: boolean;
}

const MOST_HEAD_BYTES = 65_536;
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const EMPTY = Buffer.alloc(0);

function parseFields(lines: readonly string[]): Field[] {
  return lines.map((line) => {
    const match = FIELD_LINE.exec(line);
    if (!match) throw new MalformedAnswer(`bad field line ${JSON.stringify(line.slice(0, 80))}`);
    return [match[1]!.toLowerCase(), match[2]!];
  });
}

/** The framing of an answer by RFC 9112 section 6.3; throws where the section leaves a choice. */
function framingOf(
  method: string,
  status: number,
  fields: readonly Field[],
): { framing: AnswerHead["framing"]; bytes: number } {
  const lengths = fields.filter(([name]) => name === "content-length").map(([, value]) => value);
  const codings = fields.filter(([name]) => name === "transfer-encoding").map(([, value]) => value);
  if (lengths.length > 1) throw new MalformedAnswer("more than one Content-Length");
  if (lengths.length > 0 && codings.length > 0)
    throw new MalformedAnswer("Content-Length with Transfer-Encoding");
  if (codings.length > 1 || (codings.length === 1 && codings[0]!.toLowerCase() !== "chunked"))
    throw new MalformedAnswer(`Transfer-Encoding ${JSON.stringify(codings.join(", "))}`);
  if (lengths.length === 1 && !/^\d{1,15}$/.test(lengths[0]!))
    throw new MalformedAnswer(`Content-Length ${lengths[0]}`);
  if (method === "HEAD" || status === 204 || status === 304 || status === 101) {
    if (status === 204 && (lengths.length > 0 || codings.length > 0))
      throw new MalformedAnswer("204 with framing");
    return { framing: "none", bytes: 0 };
  }
  if (codings.length === 1) return { framing: "chunked", bytes: 0 };
  if (lengths.length === 1) return { framing: "counted", bytes: Number(lengths[0]) };
  return { framing: "until-close", bytes: 0 };
}

/** `expected` gives the method of the oldest request without an answer; undefined means that none is due. */
export function createAnswerReader(expected: () => string | undefined, sink: AnswerSink): AnswerReader {
  let phase: "head" | "counted" | "chunk-line" | "chunk-data" | "chunk-end" | "trailers" | "until-close" =
    "head";
  let pending: Buffer = EMPTY;
  let begun = false;
  let left = 0;

  function end(trailers: readonly Field[]): void {
    phase = "head";
    begun = false;
    sink.end(trailers);
  }

  /** Takes the lines up to the empty one; undefined while it has not come. */
  function takeLines(): string[] | undefined {
    const at = pending.indexOf("\r\n\r\n", 0, "latin1");
    if (at < 0) {
      if (pending.length > MOST_HEAD_BYTES) throw new MalformedAnswer("head or trailers longer than 64 KiB");
      return undefined;
    }
    const lines = pending.toString("latin1", 0, at).split("\r\n");
    pending = pending.subarray(at + 4);
    return lines;
  }

  function readHead(): boolean {
    const method = expected();
    if (method === undefined)
      throw new MalformedAnswer(
        `bytes nobody asked for: ${JSON.stringify(pending.toString("latin1", 0, 60))}`,
        true,
      );
    begun = true;
    // Garbage must not wait for an empty line that never comes.
    if (!"HTTP/1.1 ".startsWith(pending.toString("latin1", 0, Math.min(9, pending.length))))
      throw new MalformedAnswer(`not an answer: ${JSON.stringify(pending.toString("latin1", 0, 60))}`);
    const lines = takeLines();
    if (!lines) return false;
    const match = STATUS_LINE.exec(lines[0]!);
    if (!match) throw new MalformedAnswer(`bad status line ${JSON.stringify(lines[0]!.slice(0, 80))}`);
    const status = Number(match[1]);
    const fields = parseFields(lines.slice(1));
    if (status < 200 && status !== 101) {
      sink.informational(status);
      return true;
    }
    const { framing, bytes } = framingOf(method, status, fields);
    const closes = fields.some(
      ([name, value]) => name === "connection" && /(?:^|,)\s*close\s*(?:,|$)/i.test(value),
    );
    sink.head({ status, fields, closes, framing });
    left = bytes;
    if (framing === "chunked") phase = "chunk-line";
    else if (framing === "until-close") phase = "until-close";
    else if (bytes > 0) phase = "counted";
    else end([]);
    return true;
  }

  function readChunkLine(): boolean {
    const at = pending.indexOf("\r\n", 0, "latin1");
    if (at < 0) {
      if (pending.length > 256) throw new MalformedAnswer("chunk line longer than 256 bytes");
      return false;
    }
    const match = CHUNK_LINE.exec(pending.toString("latin1", 0, at));
    if (!match)
      throw new MalformedAnswer(
        `bad chunk line ${JSON.stringify(pending.toString("latin1", 0, Math.min(at, 80)))}`,
      );
    left = Number.parseInt(match[1]!, 16);
    if (left > 0) {
      pending = pending.subarray(at + 2);
      phase = "chunk-data";
    } else {
      // The CRLF of the last chunk's line stays: with it, empty trailers look like any others.
      pending = pending.subarray(at);
      phase = "trailers";
    }
    return true;
  }

  function readBytes(next: "chunk-end" | "head"): boolean {
    const part = pending.subarray(0, left);
    pending = pending.subarray(part.length);
    left -= part.length;
    sink.body(part);
    if (left > 0) return false;
    if (next === "head") end([]);
    else phase = next;
    return true;
  }

  function readChunkEnd(): boolean {
    if (pending.length < 2) return false;
    if (pending[0] !== 13 || pending[1] !== 10) throw new MalformedAnswer("no CRLF after a chunk");
    pending = pending.subarray(2);
    phase = "chunk-line";
    return true;
  }

  function readTrailers(): boolean {
    const lines = takeLines();
    if (!lines) return false;
    end(parseFields(lines.slice(1)));
    return true;
  }

  function step(): boolean {
    switch (phase) {
      case "head":
        return readHead();
      case "counted":
        return readBytes("head");
      case "chunk-line":
        return readChunkLine();
      case "chunk-data":
        return readBytes("chunk-end");
      case "chunk-end":
        return readChunkEnd();
      case "trailers":
        return readTrailers();
      case "until-close":
        sink.body(pending);
        pending = EMPTY;
        return false;
    }
  }

  return {
    get inAnswer() {
      return begun;
    },
    push(chunk) {
      pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
      while (pending.length > 0 && step()) {
        // Each step takes what it needs.
      }
    },
    finish() {
      if (phase === "until-close") end([]);
      return !begun;
    },
  };
}
