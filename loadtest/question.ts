// One numbered request: what is written, and what a right answer to it looks like.

import { createHash, hash } from "node:crypto";
import type { AnswerHead, Field } from "./answer-reader.ts";
import type { Pattern } from "./pattern.ts";

export type Method = "GET" | "HEAD" | "PUT" | "POST";

export interface Wish {
  readonly method: Method;
  /** Bytes of the request's body; undefined for none (no framing fields). */
  readonly upload: number | undefined;
  readonly uploadFraming: "counted" | "chunked";
  /** Bytes of pattern that the answer's body carries after its first line. */
  readonly download: number;
  readonly downloadFraming: "counted" | "chunked";
  /** How long the app thinks before it answers, ms. */
  readonly thinkMs: number;
}

/** No bodies but the answer's first line, and at once. */
export const NO_BODIES = {
  upload: undefined,
  uploadFraming: "counted",
  download: 0,
  downloadFraming: "counted",
  thinkMs: 0,
} as const satisfies Omit<Wish, "method">;

export interface Question {
  readonly number: number;
  readonly wish: Wish;
  readonly bytes: Buffer;
  /** sha256 of the request's body, in hexadecimal. */
  readonly sha256: string;
}

export interface Answer {
  readonly head: AnswerHead;
  readonly body: Buffer;
  readonly trailers: readonly Field[];
}

/** What is checked: everything that the recording app says, or only the framing and a status of 200 to 399. */
export type Check = "app" | "framing";

export type WrongKind =
  | "bad status"
  | "wrong version"
  | "wrong number"
  | "wrong upload"
  | "wrong body"
  | "wrong trailer";
export interface Wrong {
  readonly kind: WrongKind;
  readonly detail: string;
}

export const EMPTY_SHA256 = hash("sha256", "", "hex");

/** Writes a body in chunks of uneven sizes (RFC 9112 section 7.1). */
function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, size = 7; at < body.length; at += size, size = Math.min(size * 5, 65_536)) {
    const chunk = body.subarray(at, at + size);
    parts.push(
      Buffer.from(`${chunk.length.toString(16)}\r\n`, "latin1"),
      chunk,
      Buffer.from("\r\n", "latin1"),
    );
  }
  parts.push(Buffer.from("0\r\n\r\n", "latin1"));
  return Buffer.concat(parts);
}

/** Builds request `number` of run `run`; `closes` adds `Connection: close`. `path` undefined: the recording app's. */
export function createQuestion(
  options: {
    readonly number: number;
    readonly run: string;
    readonly host: string;
    readonly closes: boolean;
    readonly path?: string;
  },
  wish: Wish,
  pattern: Pattern,
): Question {
  const { number, run, host, closes } = options;
  const framing = wish.downloadFraming === "chunked" ? "&framing=chunked" : "";
  const think = wish.thinkMs > 0 ? `&think=${wish.thinkMs}` : "";
  const target = options.path ?? `/n/${number}?download=${wish.download}${framing}${think}`;
  let head = `${wish.method} ${target} HTTP/1.1\r\nHost: ${host}\r\nX-Request-Id: ${requestIdOf(run, number)}\r\n`;
  if (closes) head += "Connection: close\r\n";
  if (wish.upload === undefined)
    return { number, wish, bytes: Buffer.from(`${head}\r\n`, "latin1"), sha256: EMPTY_SHA256 };
  const body = pattern(number, wish.upload);
  const sha256 = createHash("sha256").update(body).digest("hex");
  head +=
    wish.uploadFraming === "chunked"
      ? "Transfer-Encoding: chunked\r\n\r\n"
      : `Content-Length: ${body.length}\r\n\r\n`;
  const framed = wish.uploadFraming === "chunked" ? chunked(body) : body;
  return { number, wish, bytes: Buffer.concat([Buffer.from(head, "latin1"), framed]), sha256 };
}

export function requestIdOf(run: string, number: number): string {
  return `lt-${run}-${number}`;
}

/** The number in an id that `requestIdOf` made for this run; undefined for anyone else's. */
export function numberOf(run: string, requestId: string): number | undefined {
  const prefix = `lt-${run}-`;
  if (!requestId.startsWith(prefix)) return undefined;
  const number = Number(requestId.slice(prefix.length));
  return Number.isSafeInteger(number) ? number : undefined;
}

export function fieldOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([each]) => each === name)?.[1];
}

/** Says what is wrong with an answer that was framed well; undefined if nothing is. */
export function findWrong(
  question: Question,
  answer: Answer,
  check: Check,
  pattern: Pattern,
): Wrong | undefined {
  const { status, fields } = answer.head;
  if (check === "framing") {
    if (status < 400) return undefined;
    return { kind: "bad status", detail: `${status}` };
  }
  if (status !== 200) {
    const text = answer.body.toString("latin1", 0, 120).replaceAll(/\s+/g, " ");
    return { kind: "bad status", detail: `${status} ${text}`.trimEnd() };
  }
  const number = fieldOf(fields, "x-number");
  if (number !== `${question.number}`)
    return { kind: "wrong number", detail: `asked ${question.number}, answered ${number}` };
  const version = fieldOf(fields, "x-version");
  if (!version) return { kind: "wrong version", detail: "the answer names no version" };
  const sha256 = fieldOf(fields, "x-upload-sha256");
  if (sha256 !== question.sha256)
    return { kind: "wrong upload", detail: `the app received a body with hash ${sha256}` };
  if (question.wish.method === "HEAD") return undefined;
  const line = Buffer.from(`${version} ${question.number} ${sha256}\n`, "latin1");
  const expected = pattern(question.number, question.wish.download);
  const { body } = answer;
  if (body.length !== line.length + expected.length)
    return { kind: "wrong body", detail: `${body.length} bytes instead of ${line.length + expected.length}` };
  if (!body.subarray(0, line.length).equals(line) || !body.subarray(line.length).equals(expected))
    return { kind: "wrong body", detail: "right length, wrong bytes" };
  if (question.wish.downloadFraming === "chunked") {
    const digest = fieldOf(answer.trailers, "x-download-sha256");
    if (digest !== hash("sha256", body, "hex"))
      return { kind: "wrong trailer", detail: `trailer says ${digest}` };
  }
  return undefined;
}
