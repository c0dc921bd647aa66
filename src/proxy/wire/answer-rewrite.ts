// An answer's head as the client gets it. By the rules of ../headers/response.ts; where a head holds nothing rare, they come down
// to leaving lines out of the bytes and adding ours at the end, and the tests compare the two.

import { STATUS_CODES } from "node:http";
import { responseFields } from "../headers/response.ts";
import { viaField } from "../headers/via.ts";
import type { AnswerHead } from "./answer-head.ts";
import {
  CONNECTION,
  CONTENT_LENGTH,
  HOP,
  KEEP_ALIVE,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  UPGRADE,
} from "./field-kinds.ts";
import { keptLines, kindsOf, linesOf, oddFraming } from "./kept-lines.ts";
import { NO_LENGTH } from "./length.ts";

export interface AnswerForm {
  readonly via: boolean;
  /** The body goes out chunked. */
  readonly chunked: boolean;
  /** What the client is told about its connection; undefined: nothing, it is as its version has it. */
  readonly connection: "close" | "keep-alive" | undefined;
  /** Date and time, for an answer that lacks them (RFC 9110 6.6.1). */
  readonly date: string;
}

const DROPPED = kindsOf(HOP, CONNECTION, KEEP_ALIVE, TE, UPGRADE);
const LENGTH = kindsOf(CONTENT_LENGTH);
const CODING = kindsOf(TRANSFER_ENCODING);
const TRAILERS = kindsOf(TRAILER);
const VIA = linesOf(viaField("1.1"));
const NO_CONTENT = 204;
const UPGRADE_REQUIRED = 426;
const SWITCHING_PROTOCOLS = 101;

/** The whole head of a final answer. */
export function rewriteAnswer(bytes: Buffer, head: AnswerHead, form: AnswerForm): string {
  const { scan, fields, length } = head;
  const { chunked, connection } = form;
  const keepsLength = !chunked && length !== NO_LENGTH && scan.status !== NO_CONTENT;
  let text: string;
  if (fields) {
    const keepUpgrade = scan.status === UPGRADE_REQUIRED;
    text = statusLine(bytes, head) + linesOf(responseFields(fields, { via: form.via, keepUpgrade, chunked }));
    if (keepsLength) text += `Content-Length: ${length}\r\n`;
    else if (chunked) text += "Transfer-Encoding: chunked\r\n";
  } else {
    const { lines } = scan;
    const odd = oddFraming(bytes, lines);
    let dropped = DROPPED | odd;
    if (!keepsLength) dropped |= LENGTH;
    if (!chunked) dropped |= CODING | TRAILERS;
    const isLineOurs = scan.minor === 1 && scan.reasonEnd > scan.reasonAt;
    text = isLineOurs
      ? keptLines(bytes, scan.from, scan.end, lines, dropped)
      : statusLine(bytes, head) + keptLines(bytes, scan.fieldsAt, scan.end, lines, dropped);
    if (keepsLength && (odd & LENGTH) !== 0) text += `Content-Length: ${length}\r\n`;
    if (chunked && (!head.saysChunked || (odd & CODING) !== 0)) text += "Transfer-Encoding: chunked\r\n";
    if (form.via) text += VIA;
  }
  if (!head.hasDate) text += form.date;
  if (connection !== undefined)
    text += connection === "close" ? "Connection: close\r\n" : "Connection: keep-alive\r\n";
  return `${text}\r\n`;
}

/** The whole head of an interim answer, or of the 101 that opens a tunnel. */
export function rewriteInterim(bytes: Buffer, head: AnswerHead, via: boolean): string {
  const keepUpgrade = head.scan.status === SWITCHING_PROTOCOLS;
  const fields = head.fields ?? head.scan.lines.toFields(bytes);
  return `${statusLine(bytes, head)}${linesOf(responseFields(fields, { via, keepUpgrade, chunked: false }))}\r\n`;
}

function statusLine(bytes: Buffer, { scan }: AnswerHead): string {
  const said = bytes.toString("latin1", scan.reasonAt, scan.reasonEnd);
  return `HTTP/1.1 ${scan.status} ${said === "" ? (STATUS_CODES[scan.status] ?? "") : said}\r\n`;
}
