// A request's head as the app gets it. By the rules of ../headers/request.ts; where a head holds nothing rare, they come down to
// leaving lines out of the bytes and adding ours at the end, and the tests compare the two.

import { requestFields } from "../headers/request.ts";
import { tracedFields } from "../headers/trace-fields.ts";
import { viaField } from "../headers/via.ts";
import { originForm } from "../target.ts";
import {
  CLAIM,
  CONNECTION,
  CONTENT_LENGTH,
  HOP,
  KEEP_ALIVE,
  REQUEST_ID,
  TE,
  TRACE,
  TRAILER,
  TRANSFER_ENCODING,
  UPGRADE,
} from "./field-kinds.ts";
import { keptLines, kindsOf, linesOf, oddFraming } from "./kept-lines.ts";
import { NO_LENGTH } from "./length.ts";
import type { RequestHead } from "./request-head.ts";

export interface RequestOrigin {
  /** The peer's address, plain. */
  readonly client: string;
  readonly trusted: boolean;
  readonly requestId: string;
  readonly via: boolean;
  /** The request is traced: each attempt names its own trace context, which `withFields` adds. */
  readonly isTraced: boolean;
}

const DROPPED = kindsOf(HOP, CONNECTION, KEEP_ALIVE, TE, UPGRADE, CLAIM);
const DROPPED_WITHOUT_CHUNKS = DROPPED | kindsOf(TRAILER);
const CONTEXT = kindsOf(TRACE);
const ID = kindsOf(REQUEST_ID);
const LENGTH = kindsOf(CONTENT_LENGTH);
const CODING = kindsOf(TRANSFER_ENCODING);
const VIA = linesOf(viaField("1.1"));

/**
 * The whole head, for a request that was not refused; `keepUpgrade`: it goes on as an upgrade. One without Host (HTTP/1.0) still
 * lacks it: `hostField` is added for each attempt.
 */
export function rewriteRequest(
  bytes: Buffer,
  head: RequestHead,
  keepUpgrade: boolean,
  origin: RequestOrigin,
): string {
  if (head.fields) return rewriteAsText(head, head.fields, keepUpgrade, origin);
  const { scan, chunked, host } = head;
  const { lines } = scan;
  const odd = oddFraming(bytes, lines);
  const keepsId = head.requestId === origin.requestId;
  const dropped =
    (chunked ? DROPPED : DROPPED_WITHOUT_CHUNKS) | odd | (keepsId ? 0 : ID) | (origin.isTraced ? CONTEXT : 0);
  let text = keptLines(bytes, scan.from, scan.end, lines, dropped);
  if ((odd & LENGTH) !== 0) text += `Content-Length: ${head.length}\r\n`;
  if ((odd & CODING) !== 0) text += "Transfer-Encoding: chunked\r\n";
  text += `X-Forwarded-For: ${origin.client}\r\nX-Forwarded-Proto: http\r\n`;
  if (host !== undefined && host !== "") text += `X-Forwarded-Host: ${host}\r\n`;
  if (!keepsId) text += `X-Request-Id: ${origin.requestId}\r\n`;
  if (origin.via) text += VIA;
  return `${text}\r\n`;
}

function rewriteAsText(
  head: RequestHead,
  fields: readonly string[],
  keepUpgrade: boolean,
  origin: RequestOrigin,
): string {
  const { method, target, chunked, length } = head;
  let out = requestFields(fields, {
    ...origin,
    scheme: "http",
    httpVersion: head.scan.minor === 1 ? "1.1" : "1.0",
    keepUpgrade,
    keepExpect: head.expects,
    chunked,
  });
  if (origin.isTraced) out = tracedFields(out, []);
  if (chunked) out.push("Transfer-Encoding", "chunked");
  else if (length !== NO_LENGTH) out.push("Content-Length", String(length));
  return `${method} ${originForm(method, target)} HTTP/1.1\r\n${linesOf(out)}\r\n`;
}

/** The head with more fields, right behind the request line. */
export function withFields(head: string, fields: readonly string[]): string {
  const at = head.indexOf("\r\n") + 2;
  return head.slice(0, at) + linesOf(fields) + head.slice(at);
}
