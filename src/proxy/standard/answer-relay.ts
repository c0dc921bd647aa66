// What the app says, on its way to one client: looked at, and passed on or made a failure of the request.

import type { IncomingMessage } from "node:http";
import type { Ending } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import { answerCheck } from "../answer-check.ts";
import { isEventStream } from "../event-stream.ts";
import type { Limits } from "../limits.ts";
import type { Visit } from "../visit.ts";
import type { ClientAnswer } from "./client-answer.ts";
import { isExpecting } from "./order.ts";
import type { RequestBody } from "./request-body.ts";

/** Ends the request with a code from the catalogue; the first call counts. */
export type Fail = (code: ErrorCode, ending: Ending, cause?: string) => void;

export interface RelayParts {
  readonly visit: Visit;
  readonly request: IncomingMessage;
  readonly answer: ClientAnswer;
  readonly limits: Limits;
  readonly body: RequestBody | undefined;
  /** This is the last answer of its connection. */
  readonly isLast: () => boolean;
  readonly fail: Fail;
}

export class AnswerRelay {
  readonly #parts: RelayParts;
  readonly #expects: boolean;
  #said100 = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#expects = isExpecting(parts.request);
  }

  interim(status: number, rawHeaders: string[]): void {
    const { answer, fail } = this.#parts;
    if (status === 101) fail("APP_MALFORMED", "failed", "101 without being asked");
    else if (status === 100) this.#pass100();
    else if (answer.isCrowded) fail("APP_MALFORMED", "failed", "more interim answers than the client reads");
    else this.send(() => answer.interim(status, rawHeaders));
  }

  head(status: number, reason: string, rawHeaders: string[]): void {
    const { visit, request, body, answer, limits, fail, isLast } = this.#parts;
    body?.release();
    visit.firstByte();
    const head = { status, reason, rawHeaders, method: visit.visitor.method };
    // A 101 that changes nothing comes as if it were final; no other status below 200 does.
    const fault = status < 200 ? "APP_MALFORMED" : answerCheck(head, limits);
    if (fault) {
      fail(fault, "failed", `the app's head: status ${status}`);
      return;
    }
    if (isEventStream(rawHeaders)) visit.kind = "event-stream";
    // A client whose upload is refused learns from Connection: close that it may stop (RFC 9110 10.1.1, RFC 9112 9.3).
    const isBodyDue = body !== undefined && !request.complete;
    const refusesUpload = isBodyDue && (status >= 400 || (this.#expects && !this.#said100));
    this.send(() => answer.begin(head, refusesUpload || isLast()));
  }

  /** What the app said may be something that node refuses to send. */
  send(something: () => void): void {
    const { visit, answer, fail } = this.#parts;
    if (visit.over) return;
    try {
      something();
      visit.status = answer.status;
    } catch (error) {
      fail("APP_MALFORMED", "failed", String(error));
    }
  }

  #pass100(): void {
    if (!this.#expects || this.#said100) return;
    this.#said100 = true;
    this.#parts.answer.sendContinue();
    this.#parts.body?.told();
  }
}
