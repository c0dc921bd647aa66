// The order of one client's exchanges: one has its turn, a few that were read ahead wait for theirs.

import type { Exchange } from "./exchange.ts";

/** So many requests are read ahead of their turn; of what else a client pipelines only some bytes are taken in. */
const MOST_AHEAD = 8;

export class Turns {
  /** The exchange whose turn it is. */
  current: Exchange | undefined = undefined;
  #queue: Exchange[] | undefined = undefined;
  #newest: Exchange | undefined = undefined;

  /** Every exchange that has not ended, the one whose turn is last first. */
  get all(): readonly Exchange[] {
    const all = this.#queue ? [...this.#queue].reverse() : [];
    return this.current ? [...all, this.current] : all;
  }

  /** Some wait for their turn. */
  get isAhead(): boolean {
    return this.#queue !== undefined && this.#queue.length > 0;
  }

  /** No more may be read ahead. */
  get isFull(): boolean {
    return this.#queue !== undefined && this.#queue.length >= MOST_AHEAD;
  }

  /** The newest exchange, if its request is not whole yet: what comes next is its body. */
  get unfinished(): Exchange | undefined {
    if (this.#newest?.request.isComplete) this.#newest = undefined;
    return this.#newest;
  }

  /** The unfinished one may take its body now: it has its turn, or has ended early. */
  get takesBody(): boolean {
    const { unfinished } = this;
    return unfinished !== undefined && (unfinished === this.current || unfinished.visit.over);
  }

  /** One more. True: its turn has come. */
  add(exchange: Exchange): boolean {
    this.#newest = exchange;
    if (!this.current) return true;
    if (this.#queue) this.#queue.push(exchange);
    else this.#queue = [exchange];
    return false;
  }

  /** Whose turn comes next, where nobody has it. */
  next(): Exchange | undefined {
    return this.current ? undefined : this.#queue?.shift();
  }

  /** The exchange has ended. False: it was not its turn. */
  end(exchange: Exchange): boolean {
    if (this.current === exchange) {
      this.current = undefined;
      return true;
    }
    const at = this.#queue?.indexOf(exchange) ?? -1;
    if (at !== -1) this.#queue?.splice(at, 1);
    return false;
  }

  /** Those that wait, who will not have their turn. */
  giveUp(): readonly Exchange[] {
    return this.#queue?.splice(0) ?? [];
  }
}
