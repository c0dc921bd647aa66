import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTickets, ENDINGS, type Ticket } from "./tickets.ts";

/** Lets every promise that has been resolved run its reactions. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A flag that turns true when the promise resolves. */
function watch(promise: Promise<void>): { done: boolean } {
  const seen = { done: false };
  void promise.then(() => {
    seen.done = true;
  });
  return seen;
}

describe("a ticket", () => {
  it("counts a request as accepted and in flight until it leaves, in exactly one way", () => {
    const tickets = createTickets(() => performance.now());
    const ticket = tickets.enter();
    expect(tickets.account()).toMatchObject({ accepted: 1, inFlight: 1 });
    expect(ticket.leave("answered")).toBe(true);
    expect(ticket.leave("failed")).toBe(false);
    expect(tickets.account()).toEqual({
      accepted: 1,
      inFlight: 0,
      ended: { answered: 1, client_aborted: 0, refused: 0, failed: 0, deadline: 0 },
    });
  });

  it("is on one generation at a time", () => {
    const tickets = createTickets(() => performance.now());
    const ticket = tickets.enter();
    ticket.board(1);
    ticket.board(1);
    ticket.board(2);
    expect([tickets.inFlight(1), tickets.inFlight(2)]).toEqual([0, 1]);
    ticket.alight();
    ticket.alight();
    expect(tickets.inFlight(2)).toBe(0);
    expect(tickets.account().inFlight).toBe(1);
  });

  it("cannot board after it has left", () => {
    const tickets = createTickets(() => performance.now());
    const ticket = tickets.enter();
    ticket.leave("client_aborted");
    ticket.board(1);
    expect([ticket.generation, tickets.inFlight(1)]).toEqual([0, 0]);
  });

  it("moving to another generation makes the first idle although the request is still in flight", async () => {
    const tickets = createTickets(() => performance.now());
    const ticket = tickets.enter();
    ticket.board(1);
    const idle = watch(tickets.whenIdle(1));
    const quiet = watch(tickets.whenQuiet());
    ticket.board(2);
    await settled();
    expect([idle.done, quiet.done]).toEqual([true, false]);
  });

  it("hands out accounts that later requests do not change", () => {
    const tickets = createTickets(() => performance.now());
    const before = tickets.account();
    tickets.enter().leave("answered");
    expect(before).toMatchObject({ accepted: 0, ended: { answered: 0 } });
  });
});

describe("the account", () => {
  type Step =
    | { readonly do: "enter" }
    | { readonly do: "board"; readonly who: number; readonly generation: number }
    | { readonly do: "alight"; readonly who: number }
    | { readonly do: "leave"; readonly who: number; readonly ending: (typeof ENDINGS)[number] }
    | { readonly do: "await"; readonly generation: number };

  const who = fc.nat({ max: 7 });
  const generation = fc.integer({ min: 1, max: 3 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 2, arbitrary: fc.constant<Step>({ do: "enter" }) },
    fc.record({ do: fc.constant("board" as const), who, generation }),
    fc.record({ do: fc.constant("alight" as const), who }),
    fc.record({ do: fc.constant("leave" as const), who, ending: fc.constantFrom(...ENDINGS) }),
    fc.record({ do: fc.constant("await" as const), generation: fc.integer({ min: 0, max: 3 }) }),
  );

  it("adds up after every step, and the waiters resolve exactly when they should", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const tickets = createTickets(() => performance.now());
        const all: Ticket[] = [];
        // The model: what each ticket is on (0: none), undefined once it has left; what each waiter waits for (0: quiet).
        const on: (number | undefined)[] = [];
        const ended = { answered: 0, client_aborted: 0, refused: 0, failed: 0, deadline: 0 };
        let waiters: { readonly generation: number; readonly seen: { done: boolean } }[] = [];
        const isFree = (wanted: number) =>
          !on.some((place) => place !== undefined && (wanted === 0 || place === wanted));

        for (const one of steps) {
          const at = "who" in one && all.length > 0 ? one.who % all.length : -1;
          const out = at >= 0 && on[at] !== undefined;
          if (one.do === "enter") {
            all.push(tickets.enter());
            on.push(0);
          } else if (one.do === "board" && at >= 0) {
            all[at]!.board(one.generation);
            if (out) on[at] = one.generation;
          } else if (one.do === "alight" && at >= 0) {
            all[at]!.alight();
            if (out) on[at] = 0;
          } else if (one.do === "leave" && at >= 0) {
            expect(all[at]!.leave(one.ending)).toBe(out);
            if (out) ended[one.ending]++;
            on[at] = undefined;
          } else if (one.do === "await") {
            const promise = one.generation === 0 ? tickets.whenQuiet() : tickets.whenIdle(one.generation);
            waiters.push({ generation: one.generation, seen: watch(promise) });
          }
          await settled();

          const account = tickets.account();
          expect(account.ended).toEqual(ended);
          expect(account.accepted).toBe(all.length);
          expect(account.inFlight).toBe(on.filter((place) => place !== undefined).length);
          const sum = Object.values(account.ended).reduce((a, b) => a + b, 0);
          expect(account.accepted).toBe(sum + account.inFlight);
          for (const g of [1, 2, 3]) {
            expect(tickets.inFlight(g)).toBe(on.filter((place) => place === g).length);
          }
          for (const waiter of waiters) expect(waiter.seen.done).toBe(isFree(waiter.generation));
          waiters = waiters.filter((waiter) => !waiter.seen.done);
        }
      }),
    );
  });

  it("joins any number of waiters, and waits anew for a later request", async () => {
    const tickets = createTickets(() => performance.now());
    const first = tickets.enter();
    first.board(1);
    const joined = [watch(tickets.whenIdle(1)), watch(tickets.whenIdle(1)), watch(tickets.whenQuiet())];
    first.leave("answered");
    const second = tickets.enter();
    second.board(1);
    const later = watch(tickets.whenIdle(1));
    await settled();
    expect(joined.map((one) => one.done)).toEqual([true, true, true]);
    expect(later.done).toBe(false);
    second.leave("failed");
    await settled();
    expect(later.done).toBe(true);
  });
});
