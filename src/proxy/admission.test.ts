import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTickets } from "../drain/tickets.ts";
import {
  type Admission,
  type AdmissionLimits,
  createAdmission,
  type Destination,
  type Guest,
  type Route,
} from "./admission.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const TIMEOUT_MS = 1000;

function destination(generation: number): Destination {
  return { generation, slot: "a", version: "v1", host: "127.0.0.1", port: 8081 };
}
const to = (generation: number): Route => ({ to: "generation", destination: destination(generation) });
const HOLD: Route = { to: "hold" };
const REFUSE: Route = { to: "refuse", code: "POD_STOPPING" };

function limitsOf(max: number, maxInFlight = Number.POSITIVE_INFINITY): AdmissionLimits {
  return { max, timeoutMs: TIMEOUT_MS, maxInFlight, now: () => performance.now() };
}

function setUp(initial: Route, max = 100, maxInFlight = Number.POSITIVE_INFINITY) {
  const tickets = createTickets(() => performance.now());
  const admission = createAdmission(limitsOf(max, maxInFlight), tickets, initial);
  const outcomes: string[] = [];
  const guest = (name: string, onProceed?: () => void): Guest => {
    const ticket = tickets.enter();
    return {
      ticket,
      proceed(where) {
        outcomes.push(`${name} -> ${where.generation}`);
        expect(ticket.generation).toBe(where.generation);
        onProceed?.();
      },
      refuse: (code) => void outcomes.push(`${name} ${code}`),
    };
  };
  return { tickets, admission, outcomes, guest };
}

describe("admission", () => {
  it("sends, refuses or holds by the present route", () => {
    const { admission, outcomes, guest } = setUp(HOLD);
    admission.admit(guest("held"));
    expect(admission.counts().held).toBe(1);
    admission.setRoute(to(1));
    admission.admit(guest("sent"));
    admission.setRoute(REFUSE);
    admission.admit(guest("refused"));
    expect(outcomes).toEqual(["held -> 1", "sent -> 1", "refused POD_STOPPING"]);
  });

  it("no request reaches a generation that has been switched away, not even in the middle of a batch", () => {
    const { admission, outcomes, guest, tickets } = setUp(HOLD);
    admission.admit(guest("a", () => admission.setRoute(to(2))));
    admission.admit(guest("b"));
    admission.setRoute(to(1));
    expect(outcomes).toEqual(["a -> 1", "b -> 2"]);
    expect([tickets.inFlight(1), tickets.inFlight(2)]).toEqual([1, 1]);
  });

  it("refuses everyone at once when the Pod goes, also in the middle of a release, and leaves no timer", () => {
    const { admission, outcomes, guest } = setUp(HOLD);
    for (let i = 0; i < 50; i++) {
      admission.admit(guest(`${i}`, () => outcomes.length === 3 && admission.setRoute(REFUSE)));
    }
    admission.setRoute(to(1));
    expect(outcomes.slice(0, 4)).toEqual(["0 -> 1", "1 -> 1", "2 -> 1", "3 POD_STOPPING"]);
    expect(outcomes.length).toBe(50);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a newcomer waits behind those who are held, unless the hold is full", () => {
    const { admission, outcomes, guest } = setUp(HOLD, 20);
    for (let i = 0; i < 20; i++) admission.admit(guest("held"));
    admission.admit(guest("too many"));
    admission.setRoute(to(1));
    admission.admit(guest("newcomer"));
    for (let i = 0; i < 15; i++) admission.admit(guest("filling"));
    expect(admission.counts().held).toBe(20);
    admission.admit(guest("ahead"));
    expect(outcomes.at(0)).toBe("too many HOLD_FULL");
    expect(outcomes.at(-1)).toBe("ahead -> 1");
    vi.advanceTimersByTime(5);
    expect(outcomes.indexOf("newcomer -> 1")).toBe(1 + 16 + 1 + 4);
  });

  it("a generation that has just started is met by a small batch, although another was being filled", () => {
    const { admission, outcomes, guest } = setUp(HOLD, 1000);
    for (let i = 0; i < 500; i++) admission.admit(guest(`${i}`));
    admission.setRoute(to(1));
    vi.advanceTimersByTime(10);
    expect(outcomes.length).toBe(16 + 32 + 64);
    admission.setRoute(to(2));
    expect(outcomes.filter((outcome) => outcome.endsWith("-> 2")).length).toBe(16);
    admission.setRoute(to(2));
    expect(outcomes.filter((outcome) => outcome.endsWith("-> 2")).length).toBe(16);
    vi.advanceTimersByTime(5);
    expect(outcomes.filter((outcome) => outcome.endsWith("-> 2")).length).toBe(48);
  });

  it("a guest admitted again from within proceed goes where the route then leads", () => {
    const { admission, outcomes, guest } = setUp(to(1));
    let attempts = 0;
    const replayed: Guest = guest("a", () => {
      if (++attempts > 1) return;
      admission.setRoute(HOLD);
      admission.admit(replayed, true);
    });
    admission.admit(replayed);
    expect(outcomes).toEqual(["a -> 1"]);
    expect(replayed.ticket.generation).toBe(0);
    admission.setRoute(to(2));
    expect(outcomes).toEqual(["a -> 1", "a -> 2"]);
  });

  it("a client that left a held request frees its place, and neither method is called", () => {
    const { admission, outcomes, guest } = setUp(HOLD, 1);
    const leaver = guest("leaver");
    admission.admit(leaver);
    expect(admission.withdraw(leaver)).toBe(true);
    expect(admission.withdraw(leaver)).toBe(false);
    admission.admit(guest("next"));
    admission.setRoute(to(1));
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(outcomes).toEqual(["next -> 1"]);
  });
});

describe("a limit on the requests in flight", () => {
  it("holds the next one, and the first in line takes the place of whoever leaves", async () => {
    const { admission, outcomes, guest, tickets } = setUp(to(1), 100, 2);
    const first = guest("first");
    for (const one of [first, guest("second"), guest("third"), guest("fourth")]) admission.admit(one);
    expect(outcomes).toEqual(["first -> 1", "second -> 1"]);
    expect(admission.counts().held).toBe(2);
    first.ticket.leave("answered");
    await Promise.resolve();
    expect(outcomes).toEqual(["first -> 1", "second -> 1", "third -> 1"]);
    expect(tickets.inFlight(1)).toBe(2);
  });

  it("refuses who waited too long as SLOT_BUSY, and who finds the line full as HOLD_FULL", () => {
    const { admission, outcomes, guest } = setUp(to(1), 1, 1);
    for (const name of ["served", "waits", "too many"]) admission.admit(guest(name));
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(outcomes).toEqual(["served -> 1", "too many HOLD_FULL", "waits SLOT_BUSY"]);
  });

  it("belongs to a generation: after a switch the old one's requests take no place of the new one", () => {
    const { admission, outcomes, guest } = setUp(to(1), 100, 1);
    for (const name of ["old", "waits"]) admission.admit(guest(name));
    admission.setRoute(to(2));
    expect(outcomes).toEqual(["old -> 1", "waits -> 2"]);
  });

  it("a request that comes again does not wait for its own place", () => {
    const { admission, outcomes, guest } = setUp(to(1), 100, 1);
    const one = guest("one");
    admission.admit(one);
    admission.admit(one, true);
    expect(outcomes).toEqual(["one -> 1", "one -> 1"]);
  });
});

describe("whatever happens, in whatever order", () => {
  type Step =
    | { readonly do: "admit"; readonly onProceed: "nothing" | "withdraw" | "again" | Route }
    | { readonly do: "withdraw"; readonly who: number }
    | { readonly do: "leave"; readonly who: number }
    | { readonly do: "route"; readonly route: Route }
    | { readonly do: "wait"; readonly ms: number };

  const route = fc.oneof(
    fc.constant(HOLD),
    fc.constant(REFUSE),
    fc.integer({ min: 1, max: 3 }).map((generation) => to(generation)),
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("admit" as const),
        onProceed: fc.oneof(
          fc.constantFrom("nothing" as const, "withdraw" as const, "again" as const),
          route,
        ),
      }),
    },
    fc.record({ do: fc.constant("withdraw" as const), who: fc.nat({ max: 200 }) }),
    fc.record({ do: fc.constant("leave" as const), who: fc.nat({ max: 200 }) }),
    fc.record({ do: fc.constant("route" as const), route }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: TIMEOUT_MS }) }),
  );

  it("each request gets exactly one outcome for each admission, by the route of that moment, within its time", async () => {
    await fc.assert(
      fc.asyncProperty(
        route,
        fc.integer({ min: 0, max: 30 }),
        fc.constantFrom(1, 2, 5, Number.POSITIVE_INFINITY),
        fc.array(step, { maxLength: 80, size: "max" }),
        async (first, max, maxInFlight, steps) => {
          const tickets = createTickets(() => performance.now());
          const admission: Admission = createAdmission(limitsOf(max, maxInFlight), tickets, first);
          // Open admissions: how many outcomes each guest is still owed, and since when.
          const owed = new Map<Guest, number>();
          const all: Guest[] = [];

          function settle(guest: Guest): void {
            expect(owed.has(guest)).toBe(true);
            expect(performance.now() - owed.get(guest)!).toBeLessThanOrEqual(TIMEOUT_MS);
            owed.delete(guest);
          }

          function newGuest(onProceed: (Step & { do: "admit" })["onProceed"]): Guest {
            let attempts = 0;
            const guest: Guest = {
              ticket: tickets.enter(),
              proceed(where) {
                settle(guest);
                expect(tickets.inFlight(where.generation)).toBeLessThanOrEqual(maxInFlight);
                expect(admission.route).toEqual(to(where.generation));
                expect(guest.ticket.generation).toBe(where.generation);
                if (++attempts > 1 || onProceed === "nothing") return;
                if (onProceed === "withdraw") admission.withdraw(all[0]!) && settle(all[0]!);
                else if (onProceed === "again") {
                  owed.set(guest, performance.now());
                  admission.admit(guest, true);
                } else admission.setRoute(onProceed);
              },
              refuse(code) {
                settle(guest);
                const expected = admission.route.to === "refuse" ? "POD_STOPPING" : /^HOLD_|^SLOT_BUSY$/;
                expect(code).toMatch(expected);
                guest.ticket.leave("refused");
              },
            };
            return guest;
          }

          for (const one of steps) {
            if (one.do === "admit") {
              const guest = newGuest(one.onProceed);
              all.push(guest);
              owed.set(guest, performance.now());
              admission.admit(guest);
            } else if (one.do === "withdraw" && all.length > 0) {
              const guest = all[one.who % all.length]!;
              expect(admission.withdraw(guest)).toBe(owed.has(guest));
              owed.delete(guest);
            } else if (one.do === "leave" && all.length > 0) {
              const guest = all[one.who % all.length]!;
              if (!owed.has(guest)) guest.ticket.leave("answered");
              // Whoever takes its place does so before anything else happens.
              await Promise.resolve();
            } else if (one.do === "route") admission.setRoute(one.route);
            else if (one.do === "wait") vi.advanceTimersByTime(one.ms);

            expect(admission.counts().held).toBe(owed.size);
            if (admission.route.to === "refuse") expect(owed.size).toBe(0);
            for (const guest of owed.keys()) expect(guest.ticket.generation).toBe(0);
            if (owed.size === 0) expect(vi.getTimerCount()).toBe(0);
            // Nobody waits for a place that is free, but for the pace of a release.
            const { route: now } = admission;
            if (now.to === "generation" && tickets.inFlight(now.destination.generation) < maxInFlight) {
              if (owed.size > 0) expect(vi.getTimerCount()).toBe(2);
            }
          }
          vi.advanceTimersByTime(TIMEOUT_MS);
          expect(owed.size).toBe(0);
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

it("who waits for a generation's end is called as soon as the route leaves it, or after its patience", async () => {
  const admission = createAdmission(
    limitsOf(10),
    createTickets(() => performance.now()),
  );
  const destination = { generation: 1, slot: "a", version: "v1", host: "127.0.0.1", port: 1 };
  const wait = () => new Promise<boolean>((resolve) => admission.whenElsewhere(1, 20, resolve));
  expect(await wait()).toBe(true);
  admission.setRoute({ to: "generation", destination });
  const impatient = wait();
  vi.advanceTimersByTime(20);
  expect(await impatient).toBe(false);
  const told = wait();
  admission.setRoute({ to: "hold" });
  expect(await told).toBe(true);
});
