// A visit is what is known of one request while it is under way. It ends once: the ticket is given back and the record
// handed over in the same step, so the account and the records cannot differ.

import type { Ending, Ticket, Tickets } from "../drain/tickets.ts";
import type { ErrorCode } from "../errors.ts";
import type { Destination } from "./admission.ts";
import type { RequestRecord } from "./record.ts";
import type { RequestTrace } from "./trace.ts";

export interface VisitParts {
  readonly tickets: Tickets;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  readonly observer: { ended(record: RequestRecord): void };
}

export interface Visitor {
  readonly requestId: string;
  /** Empty for a malformed head. */
  readonly method: string;
  readonly target: string;
  /** Address of the peer. */
  readonly client: string;
  /** Undefined unless the request is sampled. */
  readonly trace?: RequestTrace | undefined;
}

export class Visit {
  readonly ticket: Ticket;
  readonly visitor: Visitor;
  destination: Destination | undefined = undefined;
  code: ErrorCode | undefined = undefined;
  /** Status sent to the client; 0: none yet. */
  status = 0;
  written = false;
  replayed = false;
  kind: RequestRecord["kind"] = "request";
  cause: string | undefined = undefined;
  over = false;
  readonly #parts: VisitParts;
  readonly #start: number;
  #waitingSince = -1;
  #heldMs = 0;
  #firstByteMs: number | undefined = undefined;

  constructor(parts: VisitParts, visitor: Visitor) {
    this.#parts = parts;
    this.visitor = visitor;
    this.#start = parts.now();
    this.ticket = parts.tickets.enter();
  }

  /** The request has asked for a slot; unless it got one or was refused at once, it waits from now on. */
  waits(): void {
    if (this.over || this.code !== undefined || this.ticket.generation !== 0) return;
    if (this.#waitingSince >= 0) return;
    this.#waitingSince = this.#parts.now();
    this.visitor.trace?.waits(this.#waitingSince);
  }

  /** The request got a slot; nothing of it has been written there yet. */
  boards(destination: Destination): void {
    this.#stopsWaiting();
    this.destination = destination;
    this.visitor.trace?.boards(this.#parts.now(), destination);
    this.written = false;
  }

  /** The first byte of the app's final answer came. */
  firstByte(): void {
    const at = this.#parts.now();
    this.#firstByteMs ??= at - this.#start;
    this.visitor.trace?.answers(at);
  }

  /** Ends the visit. The first call counts; later calls change nothing and return false. */
  end(ending: Ending): boolean {
    if (this.over) return false;
    this.over = true;
    this.#stopsWaiting();
    this.ticket.leave(ending);
    const { destination } = this;
    this.#parts.observer.ended({
      ...this.visitor,
      ending,
      code: this.code,
      status: this.status,
      generation: destination?.generation ?? 0,
      slot: destination?.slot,
      version: destination?.version,
      written: this.written,
      replayed: this.replayed,
      kind: this.kind,
      heldMs: this.#heldMs,
      durationMs: this.#parts.now() - this.#start,
      firstByteMs: this.#firstByteMs,
      cause: this.cause,
    });
    return true;
  }

  #stopsWaiting(): void {
    if (this.#waitingSince < 0) return;
    this.#heldMs += this.#parts.now() - this.#waitingSince;
    this.#waitingSince = -1;
  }
}
