// Admission: where a request takes its slot. The route is one value, set by one assignment; boarding a ticket and
// reading the route happen in one synchronous step, so no request can reach a slot that has been switched away.

import type { Ticket, Tickets } from "../drain/tickets.ts";
import type { ErrorCode } from "../errors.ts";
import { createHold, type HoldCounts, type HoldLimits } from "./hold.ts";

/** Where the app of one generation listens. */
export interface Destination {
  /** > 0 and unique in the life of this sluice. */
  readonly generation: number;
  readonly slot: string;
  /** Undefined where no handshake is required. */
  readonly version: string | undefined;
  readonly host: string;
  readonly port: number;
}

export type Route =
  | { readonly to: "generation"; readonly destination: Destination }
  | { readonly to: "hold" }
  | { readonly to: "refuse"; readonly code: ErrorCode };

/** A request that asks for a slot; an engine's exchange implements it. Exactly one of the two is called per `admit`. */
export interface Guest {
  readonly ticket: Ticket;
  /** The ticket is already on the destination's generation. Must not throw. */
  proceed(destination: Destination): void;
  /** Must not throw. */
  refuse(code: ErrorCode): void;
}

export interface Admission {
  readonly route: Route;
  /** Those who are held leave in batches when a generation can take them, and are refused at once when none ever will. */
  setRoute(route: Route): void;
  /**
   * Calls `proceed` or `refuse` before it returns, or holds the guest and calls one of them later.
   * `again` marks a request that comes a second time (replay, refused connection): it goes to the front of the hold,
   * and what it waited there before counts against its longest wait.
   */
  admit(guest: Guest, again?: boolean): void;
  /**
   * Calls `then` once and later: as soon as the route no longer leads to that generation (true), after `patienceMs` at the
   * latest (false).
   */
  whenElsewhere(generation: number, patienceMs: number, then: (isElsewhere: boolean) => void): void;
  /** The client left: a held guest gives up its place, and neither method is called. False if it was not held. */
  withdraw(guest: Guest): boolean;
  counts(): HoldCounts;
}

export interface AdmissionLimits extends HoldLimits {
  /** Most requests in flight on one generation, tunnels and streams included; the next one is held. Infinity: no limit. */
  readonly maxInFlight: number;
}

export function createAdmission(
  limits: AdmissionLimits,
  tickets: Pick<Tickets, "inFlight" | "onLeave">,
  initial: Route = { to: "hold" },
): Admission {
  let route = initial;
  let isFreeing = false;
  const turns = new Set<() => void>();

  const isBusy = (): boolean =>
    route.to === "generation" && tickets.inFlight(route.destination.generation) >= limits.maxInFlight;

  function send(guest: Guest, destination: Destination): void {
    guest.ticket.board(destination.generation);
    guest.proceed(destination);
  }

  const hold = createHold(limits, {
    isOpen: () => route.to !== "hold" && !isBusy(),
    lateCode: () => (route.to === "hold" ? "HOLD_TIMEOUT" : "SLOT_BUSY"),
    admit(guest) {
      if (route.to === "generation") send(guest, route.destination);
      else if (route.to === "refuse") guest.refuse(route.code);
    },
  });

  // Later, though before anything else happens: whoever leaves is still busy with its own end.
  function free(): void {
    if (isFreeing || hold.size === 0) return;
    isFreeing = true;
    queueMicrotask(() => {
      isFreeing = false;
      if (route.to === "generation" && hold.size > 0) hold.release("paced");
    });
  }
  if (Number.isFinite(limits.maxInFlight)) tickets.onLeave(free);

  return {
    get route() {
      return route;
    },
    setRoute(next) {
      const leadsElsewhere = !isSameGeneration(route, next);
      route = next;
      if (leadsElsewhere) hold.pause();
      if (next.to === "generation") hold.release("paced");
      else if (next.to === "refuse") hold.release("at-once");
      if (leadsElsewhere) for (const turn of [...turns]) turn();
    },
    admit(guest, again = false) {
      // Its own earlier place must not stand in its way.
      if (again) guest.ticket.alight();
      if (route.to === "refuse") guest.refuse(route.code);
      // Those who were held go first, so the newcomer joins the line; where the line is full it goes ahead rather than away.
      else if (route.to === "generation" && (again || hold.size === 0 || hold.isFull) && !isBusy())
        send(guest, route.destination);
      else hold.add(guest, again);
    },
    whenElsewhere(generation, patienceMs, then) {
      if (route.to !== "generation" || route.destination.generation !== generation) {
        setImmediate(then, true);
        return;
      }
      const end = (isElsewhere: boolean) => {
        turns.delete(turn);
        clearTimeout(timer);
        setImmediate(then, isElsewhere);
      };
      const turn = () => end(true);
      const timer = setTimeout(end, patienceMs, false);
      turns.add(turn);
    },
    withdraw: (guest) => hold.remove(guest),
    counts: () => hold.counts(),
  };
}

function isSameGeneration(one: Route, other: Route): boolean {
  return (
    one.to === "generation" &&
    other.to === "generation" &&
    one.destination.generation === other.destination.generation
  );
}
