// What an answer's head says, as far as sluice acts on it. The rules are those of ../answer-check.ts and ../framing.ts.

import { isEventStream } from "../event-stream.ts";
import { connectionOptions } from "../headers/connection.ts";
import type { AnswerScan } from "./answer-scan.ts";
import {
  CONNECTION,
  CONTENT_LENGTH,
  CONTENT_TYPE,
  DATE,
  KEEP_ALIVE,
  TRANSFER_ENCODING,
  UPGRADE,
} from "./field-kinds.ts";
import { lengthOf, NO_LENGTH, UNSOUND } from "./length.ts";

const T = 0x74;

export class AnswerHead {
  readonly scan: AnswerScan;
  /** How the body is framed; "none" after HEAD, 1xx, 204 and 304 whatever the fields say. */
  framing: "none" | "counted" | "chunked" | "until-close" = "none";
  /** What Content-Length says, also where no body follows; NO_LENGTH if nothing. */
  length = NO_LENGTH;
  saysChunked = false;
  /** The app keeps its connection (RFC 9112 9.3). */
  persists = true;
  /** For how long the app says that it keeps it, ms; 0: it does not say. */
  keepAliveMs = 0;
  hasDate = false;
  isEventStream = false;
  /** For a 101: the connection becomes a WebSocket (RFC 6455 4.2.2). */
  opensWebSocket = false;
  /** For the header rules as text; undefined where the bytes are enough. */
  fields: readonly string[] | undefined = undefined;

  constructor(scan: AnswerScan) {
    this.scan = scan;
  }

  /** Takes what the scan has found. False: its framing contradicts itself (RFC 9112 6.3). */
  read(bytes: Buffer, method: string): boolean {
    const { lines, minor, status } = this.scan;
    const isPlain =
      !lines.has(CONNECTION) ||
      (!lines.repeats(CONNECTION) &&
        (lines.says(bytes, CONNECTION, "keep-alive") || lines.says(bytes, CONNECTION, "close")));
    this.fields = isPlain && !lines.has(UPGRADE) ? undefined : lines.toFields(bytes);
    this.opensWebSocket =
      this.fields !== undefined &&
      connectionOptions(this.fields).has("upgrade") &&
      lines.has(UPGRADE) &&
      lines.says(bytes, UPGRADE, "websocket");
    this.hasDate = lines.has(DATE);
    this.isEventStream = lines.has(CONTENT_TYPE) && this.#isEventStream(bytes);
    this.keepAliveMs = lines.has(KEEP_ALIVE) ? keepAliveOf(lines.text(bytes, KEEP_ALIVE)) : 0;
    this.persists = minor === 1;
    if (this.fields) {
      const options = connectionOptions(this.fields);
      this.persists = !options.has("close") && (minor === 1 || options.has("keep-alive"));
    } else if (lines.has(CONNECTION)) this.persists = lines.says(bytes, CONNECTION, "keep-alive");
    return this.#readFraming(bytes, method, status);
  }

  #readFraming(bytes: Buffer, method: string, status: number): boolean {
    const { lines, minor } = this.scan;
    this.length = NO_LENGTH;
    this.saysChunked = false;
    if (lines.repeats(CONTENT_LENGTH) || lines.repeats(TRANSFER_ENCODING)) return false;
    if (lines.has(TRANSFER_ENCODING)) {
      if (minor !== 1 || lines.has(CONTENT_LENGTH) || !lines.says(bytes, TRANSFER_ENCODING, "chunked"))
        return false;
      this.saysChunked = true;
    } else if (lines.has(CONTENT_LENGTH)) {
      this.length = lengthOf(bytes, lines);
      if (this.length === UNSOUND) return false;
    }
    if (method === "HEAD" || status < 200 || status === 204 || status === 304) this.framing = "none";
    else if (this.saysChunked) this.framing = "chunked";
    else this.framing = this.length === NO_LENGTH ? "until-close" : "counted";
    return true;
  }

  /** Only a value that begins with a "t" is worth its text. */
  #isEventStream(bytes: Buffer): boolean {
    const { lines } = this.scan;
    const at = lines.valueAt[lines.lineOf[CONTENT_TYPE]!]!;
    // "text/" is common, "text/e" is not.
    if ((bytes[at]! | 0x20) !== T || (bytes[at + 5]! | 0x20) !== 0x65) return false;
    return isEventStream(["content-type", lines.text(bytes, CONTENT_TYPE)]);
  }
}

/** `timeout` of a Keep-Alive field (RFC 2068 19.7.1.1), ms; 0 without one. */
function keepAliveOf(value: string): number {
  const seconds = /(?:^|[,;\s])timeout="?(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? 0 : Math.max(1, Number(seconds) * 1000);
}
