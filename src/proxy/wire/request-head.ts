// What a request's head says, as far as sluice acts on it. The rules are those of ../request-check.ts and ../headers; the common
// cases are decided on the bytes, and whatever is rare is handed to those rules as text.

import type { ErrorCode } from "../../errors.ts";
import { connectionOptions } from "../headers/connection.ts";
import { requestIdOf } from "../headers/request-id.ts";
import { opensWebSocket } from "../headers/upgrade.ts";
import { agrees, isHost, parseTarget } from "../target.ts";
import {
  CLAIM,
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  HOST,
  IDEMPOTENCY_KEY,
  REQUEST_ID,
  TE,
  TRACE,
  TRANSFER_ENCODING,
  UPGRADE,
} from "./field-kinds.ts";
import { lengthOf, NO_LENGTH, UNSOUND } from "./length.ts";
import type { RequestScan } from "./request-scan.ts";

const SLASH = 0x2f;
const G = 0x47;
const E = 0x45;
const T = 0x54;

const NO_FIELDS: readonly string[] = [];

/** What a connection remembers of its requests, so that the same is not looked at again. */
export interface HostMemory {
  soundHost: string;
}

export class RequestHead {
  readonly scan: RequestScan;
  method = "";
  target = "";
  host: string | undefined = undefined;
  /** Content-Length; NO_LENGTH without one. */
  length = NO_LENGTH;
  chunked = false;
  /** The client's connection may serve further requests (RFC 9112 9.3). */
  persists = true;
  expects = false;
  hasIdempotencyKey = false;
  /** The client's own id, where it is fit to be used. */
  requestId: string | undefined = undefined;
  opensWebSocket = false;
  /** For the header rules as text; undefined where the bytes are enough. */
  fields: readonly string[] | undefined = undefined;
  /** Why the request is refused although it can be told where it ends: the connection's order is kept. */
  addressFault: ErrorCode | undefined = undefined;

  constructor(scan: RequestScan) {
    this.scan = scan;
  }

  /** Takes what the scan has found, and looks at how the body is framed. False: malformed, and nothing after it can be read. */
  read(bytes: Buffer, trusted: boolean, memory: HostMemory): boolean {
    const { scan } = this;
    const { lines } = scan;
    this.method = methodOf(bytes, scan.from, scan.methodEnd);
    this.target = bytes.toString("latin1", scan.targetAt, scan.targetEnd);
    this.fields = this.#needsText(bytes, trusted) ? lines.toFields(bytes) : undefined;
    if (!this.#readFraming(bytes)) return false;
    this.#readConnection(bytes);
    this.expects = scan.minor === 1 && lines.has(EXPECT);
    this.hasIdempotencyKey = lines.has(IDEMPOTENCY_KEY);
    this.requestId = lines.has(REQUEST_ID) ? this.#readRequestId(bytes) : undefined;
    this.opensWebSocket =
      this.fields !== undefined &&
      lines.has(UPGRADE) &&
      opensWebSocket(this.method, scan.minor === 1 ? "1.1" : "1.0", this.fields);
    // After an upgrade the parser stops, so a body would be read as frames by one side and as a body by the other.
    if (this.opensWebSocket && (this.chunked || this.length > 0)) return false;
    this.addressFault = this.#isAddressed(bytes, memory) ? undefined : "MALFORMED_REQUEST";
    return true;
  }

  /** What the head says of a trace that the request is part of: [name, value, ...]. */
  traceContext(bytes: Buffer): readonly string[] {
    const { lines } = this.scan;
    return lines.has(TRACE) ? lines.toFields(bytes, 1 << TRACE) : NO_FIELDS;
  }

  /** Rare things in a head: they are left to the rules over text. */
  #needsText(bytes: Buffer, trusted: boolean): boolean {
    const { scan } = this;
    const { lines } = scan;
    if (scan.minor !== 1 || bytes[scan.targetAt] !== SLASH || this.method === "OPTIONS") return true;
    if (lines.has(UPGRADE) || lines.has(TE) || lines.repeats(CONNECTION) || lines.repeats(REQUEST_ID))
      return true;
    if (trusted && lines.has(CLAIM)) return true;
    return (
      lines.has(CONNECTION) &&
      !lines.says(bytes, CONNECTION, "keep-alive") &&
      !lines.says(bytes, CONNECTION, "close")
    );
  }

  #readFraming(bytes: Buffer): boolean {
    const { lines, minor } = this.scan;
    this.length = NO_LENGTH;
    this.chunked = false;
    if (lines.repeats(CONTENT_LENGTH) || lines.repeats(TRANSFER_ENCODING)) return false;
    if (lines.has(TRANSFER_ENCODING)) {
      this.chunked = true;
      return minor === 1 && !lines.has(CONTENT_LENGTH) && lines.says(bytes, TRANSFER_ENCODING, "chunked");
    }
    if (lines.has(CONTENT_LENGTH)) this.length = lengthOf(bytes, lines);
    return this.length !== UNSOUND;
  }

  #readConnection(bytes: Buffer): void {
    const { lines, minor } = this.scan;
    this.persists = minor === 1;
    if (!lines.has(CONNECTION)) return;
    if (this.fields) {
      const options = connectionOptions(this.fields);
      this.persists = !options.has("close") && (minor === 1 || options.has("keep-alive"));
    } else this.persists = !lines.says(bytes, CONNECTION, "close");
  }

  #readRequestId(bytes: Buffer): string | undefined {
    return requestIdOf(this.fields ?? ["x-request-id", this.scan.lines.text(bytes, REQUEST_ID)]);
  }

  /** RFC 9112 3.2, as in ../request-check.ts. */
  #isAddressed(bytes: Buffer, memory: HostMemory): boolean {
    const { lines, minor, targetAt } = this.scan;
    this.host = undefined;
    if (lines.repeats(HOST)) return false;
    if (lines.has(HOST)) {
      const host = lines.text(bytes, HOST);
      this.host = host;
      if (host !== memory.soundHost) {
        if (!isHost(host)) return false;
        memory.soundHost = host;
      }
    } else if (minor === 1) return false;
    if (bytes[targetAt] === SLASH) return true;
    const target = parseTarget(this.target);
    if (!target) return false;
    if (target.form === "asterisk") return this.method === "OPTIONS";
    return target.form === "origin" || this.host === undefined || agrees(target, this.host);
  }
}

/** The most common method is text that is there already. */
function methodOf(bytes: Buffer, from: number, to: number): string {
  const isGet = to - from === 3 && bytes[from] === G && bytes[from + 1] === E && bytes[from + 2] === T;
  return isGet ? "GET" : bytes.toString("latin1", from, to);
}
