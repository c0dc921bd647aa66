// The wire engine's reading, by its own parts, without sockets.

import { requestIdOf } from "../../src/proxy/headers/request-id.ts";
import { AnswerHead } from "../../src/proxy/wire/answer-head.ts";
import { rewriteAnswer } from "../../src/proxy/wire/answer-rewrite.ts";
import { AnswerScan } from "../../src/proxy/wire/answer-scan.ts";
import { ChunkedScan } from "../../src/proxy/wire/chunked-scan.ts";
import { BAD, FieldLines, MORE } from "../../src/proxy/wire/field-lines.ts";
import { NO_LENGTH } from "../../src/proxy/wire/length.ts";
import { RequestHead } from "../../src/proxy/wire/request-head.ts";
import { rewriteRequest } from "../../src/proxy/wire/request-rewrite.ts";
import { afterEmptyLines, RequestScan } from "../../src/proxy/wire/request-scan.ts";
import { TrailerSection } from "../../src/proxy/wire/trailer-section.ts";
import { CLIENT, type Cuts, LIMITS, REQUEST_ID, type Reading, type ReadMessage } from "./reading.ts";

const CR = 0x0d;

export class WireReader {
  readonly #scan = new RequestScan(LIMITS);
  readonly #head = new RequestHead(this.#scan);
  readonly #answerScan = new AnswerScan(LIMITS);
  readonly #answerHead = new AnswerHead(this.#answerScan);
  readonly #chunks = new ChunkedScan();
  readonly #lines = new FieldLines(LIMITS.maxFields);

  readonly read = (bytes: Buffer, cuts: Cuts, answerTo: string | undefined): Reading => {
    const memory = { soundHost: "" };
    const messages: ReadMessage[] = [];
    const refused = (cause: string): Reading => ({ messages, end: "refused", cause });
    const open: Reading = { messages, end: "open", cause: "" };
    let segment = 0;
    let at = 0;

    for (;;) {
      let to = cuts[segment]!;
      // The head: read anew with each segment until it is whole.
      let end = MORE;
      for (;;) {
        if (answerTo === undefined) at = afterEmptyLines(bytes, at, to);
        const begun = at < to && !(answerTo === undefined && bytes[at] === CR && at + 1 === to);
        end = !begun
          ? MORE
          : answerTo === undefined
            ? this.#scan.scan(bytes, at, to)
            : this.#answerScan.scan(bytes, at, to);
        if (end !== MORE) break;
        if (++segment === cuts.length) return open;
        to = cuts[segment]!;
      }
      if (end === BAD) return refused(answerTo === undefined ? this.#scan.cause : this.#answerScan.cause);
      const head = answerTo === undefined ? this.#request(bytes, memory) : this.#answer(bytes, answerTo);
      if (typeof head === "string") return refused(head);
      const persists = answerTo === undefined ? this.#head.persists : this.#answerHead.persists;
      at = end;

      if (head.framing === "tunnel") {
        messages.push(head);
        return open;
      }
      if (head.framing === "until-close") {
        messages.push({ ...head, body: bytes.toString("latin1", at) });
        return open;
      }
      if (head.framing === "none") {
        messages.push(head);
        // An interim answer says nothing about its connection.
        const isInterim = answerTo !== undefined && this.#answerScan.status < 200;
        if (!isInterim && (!persists || answerTo !== undefined)) return open;
        continue;
      }
      if (head.framing === "counted") {
        const length = answerTo === undefined ? this.#head.length : this.#answerHead.length;
        if (at + length > bytes.length) return open;
        messages.push({ ...head, body: bytes.toString("latin1", at, at + length) });
        at += length;
        if (!persists || answerTo !== undefined) return open;
        while (cuts[segment]! < at) segment++;
        continue;
      }

      // Chunked: as the segments come.
      let body = "";
      const trailers = new TrailerSection();
      this.#chunks.reset();
      for (;;) {
        if (this.#chunks.phase !== "trailers") {
          at = this.#chunks.walk(bytes, at, to, (from, until) => {
            body += bytes.toString("latin1", from, until);
          });
        }
        // Read anew: `walk` has changed it.
        const { phase }: { phase: string } = this.#chunks;
        if (phase === "broken") return refused("chunks");
        if (phase === "trailers") {
          const after = trailers.take(bytes, at, to, this.#lines, LIMITS.maxHeadBytes);
          if (after === BAD) return refused("trailers");
          if (after !== MORE) {
            at = after;
            break;
          }
          at = to;
        }
        if (++segment === cuts.length) return open;
        to = cuts[segment]!;
      }
      const sentTrailers = trailers.text.split("\r\n").filter((line) => line !== "");
      messages.push({ ...head, body, trailers: sentTrailers });
      if (!persists || answerTo !== undefined) return open;
    }
  };

  #request(bytes: Buffer, memory: { soundHost: string }): ReadMessage | string {
    const head = this.#head;
    if (!head.read(bytes, false, memory)) return "framing";
    if (head.addressFault) return "address";
    const { lines, minor } = this.#scan;
    const fields = lines.toFields(bytes);
    const requestId = head.requestId ?? REQUEST_ID;
    if (head.requestId !== undefined && head.requestId !== requestIdOf(fields)) return "request id";
    const origin = { client: CLIENT, trusted: false, requestId, via: false, isTraced: false };
    const sent = rewriteRequest(bytes, head, head.opensWebSocket, origin);
    const framing = head.opensWebSocket
      ? "tunnel"
      : head.chunked
        ? "chunked"
        : head.length === NO_LENGTH
          ? "none"
          : "counted";
    return {
      line: `${head.method} ${head.target} HTTP/1.${minor}`,
      fields,
      framing,
      body: "",
      trailers: [],
      sent: sent.split("\r\n").slice(0, -2),
    };
  }

  #answer(bytes: Buffer, answerTo: string): ReadMessage | string {
    const scan = this.#answerScan;
    const head = this.#answerHead;
    if (!head.read(bytes, answerTo)) return "framing";
    if (scan.status === 101) return "101 without being asked";
    return {
      line: `${scan.status} ${bytes.toString("latin1", scan.reasonAt, scan.reasonEnd)}`,
      fields: scan.lines.toFields(bytes),
      framing: head.framing,
      body: "",
      trailers: [],
      ...(scan.status >= 200 && { sent: this.#answerLines(bytes) }),
    };
  }

  #answerLines(bytes: Buffer): string[] {
    const head = this.#answerHead;
    const chunked = head.framing === "chunked" || head.framing === "until-close";
    const form = { via: false, chunked, connection: undefined, date: "" };
    return rewriteAnswer(bytes, head, form).split("\r\n").slice(0, -2);
  }
}
