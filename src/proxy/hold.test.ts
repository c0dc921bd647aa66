import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTickets } from "../drain/tickets.ts";
import type { Guest } from "./admission.ts";
import { createHold } from "./hold.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(limits: { max?: number; timeoutMs?: number } = {}) {
  const tickets = createTickets(() => performance.now());
  const outcomes: string[] = [];
  const way = { open: false, admit: (guest: Guest) => void outcomes.push(`${nameOf(guest)} left`) };
  const hold = createHold(
    { max: limits.max ?? 100, timeoutMs: limits.timeoutMs ?? 1000, now: () => performance.now() },
    { isOpen: () => way.open, admit: (guest) => way.admit(guest), lateCode: () => "HOLD_TIMEOUT" },
  );
  const names = new Map<Guest, string>();
  const nameOf = (guest: Guest) => names.get(guest)!;
  function guest(name: string): Guest {
    const one: Guest = {
      ticket: tickets.enter(),
      proceed() {},
      refuse: (code) => void outcomes.push(`${name} ${code}`),
    };
    names.set(one, name);
    return one;
  }
  return { hold, way, outcomes, guest, nameOf, tickets };
}

describe("a held request", () => {
  it("is refused when its longest wait is over, not before", () => {
    const { hold, outcomes, guest } = setUp();
    hold.add(guest("a"), false);
    vi.advanceTimersByTime(400);
    hold.add(guest("b"), false);
    vi.advanceTimersByTime(599);
    expect(outcomes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(outcomes).toEqual(["a HOLD_TIMEOUT"]);
    vi.advanceTimersByTime(400);
    expect(outcomes).toEqual(["a HOLD_TIMEOUT", "b HOLD_TIMEOUT"]);
    expect(hold.counts()).toEqual({ held: 0, total: 2, longestMs: 1000 });
  });

  it("leaves no timer behind when the last one goes, by whichever way", () => {
    const { hold, way, guest } = setUp();
    const left = guest("left");
    hold.add(left, false);
    expect(vi.getTimerCount()).toBe(1);
    expect(hold.remove(left)).toBe(true);
    expect(hold.remove(left)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    hold.add(guest("released"), false);
    way.open = true;
    hold.release("paced");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("withdrawn while the batches go out: the rest still leaves, and the pace ends", () => {
    const { hold, way, outcomes, guest } = setUp();
    const guests = Array.from({ length: 20 }, (_, i) => guest(`${i}`));
    for (const one of guests) hold.add(one, false);
    way.open = true;
    hold.release("paced");
    expect(outcomes.length).toBe(16);
    for (const one of guests.slice(16)) expect(hold.remove(one)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not counted twice when it is added twice", () => {
    const { hold, outcomes, guest } = setUp();
    const one = guest("a");
    hold.add(one, false);
    hold.add(one, true);
    expect(hold.counts()).toMatchObject({ held: 1, total: 1 });
    vi.advanceTimersByTime(1000);
    expect(outcomes).toEqual(["a HOLD_TIMEOUT"]);
  });

  it("is on no generation", () => {
    const { hold, guest, tickets } = setUp();
    const one = guest("a");
    one.ticket.board(7);
    hold.add(one, true);
    expect(tickets.inFlight(7)).toBe(0);
  });
});

describe("a request that comes back", () => {
  it("regression: is refused when its rest of the wait is over, although others wait longer", () => {
    const { hold, way, outcomes, guest } = setUp();
    const flapping = guest("flapping");
    hold.add(flapping, false);
    vi.advanceTimersByTime(700);
    way.open = true;
    hold.release("paced");
    way.open = false;
    hold.add(guest("new"), false);
    hold.add(flapping, true);
    outcomes.length = 0;
    vi.advanceTimersByTime(300);
    expect(outcomes).toEqual(["flapping HOLD_TIMEOUT"]);
  });

  it("regression: is not charged for the time that its attempt took", () => {
    const { hold, way, outcomes, guest } = setUp();
    const long = guest("long");
    hold.add(long, false);
    vi.advanceTimersByTime(100);
    way.open = true;
    hold.release("paced");
    way.open = false;
    vi.advanceTimersByTime(60_000);
    hold.add(long, true);
    expect(outcomes).toEqual(["long left"]);
    vi.advanceTimersByTime(899);
    expect(outcomes).toEqual(["long left"]);
    vi.advanceTimersByTime(1);
    expect(outcomes).toEqual(["long left", "long HOLD_TIMEOUT"]);
    expect(hold.counts()).toEqual({ held: 0, total: 1, longestMs: 900 });
  });

  it("goes before those who have not been sent yet, in the order of coming back", () => {
    const { hold, way, outcomes, guest } = setUp();
    hold.add(guest("new"), false);
    hold.add(guest("back 1"), true);
    hold.add(guest("back 2"), true);
    way.open = true;
    hold.release("paced");
    expect(outcomes).toEqual(["back 1 left", "back 2 left", "new left"]);
  });

  it("is not turned away from a full hold, but is where holding is off", () => {
    const full = setUp({ max: 1 });
    full.hold.add(full.guest("a"), false);
    full.hold.add(full.guest("b"), false);
    full.hold.add(full.guest("back"), true);
    expect(full.outcomes).toEqual(["b HOLD_FULL"]);
    expect(full.hold.size).toBe(2);
    const off = setUp({ max: 0 });
    off.hold.add(off.guest("back"), true);
    expect(off.outcomes).toEqual(["back HOLD_FULL"]);
    const noTime = setUp({ timeoutMs: 0 });
    noTime.hold.add(noTime.guest("back"), true);
    expect(noTime.outcomes).toEqual(["back HOLD_TIMEOUT"]);
  });
});

describe("the release", () => {
  it("goes in growing batches, in the order of coming", () => {
    const { hold, way, outcomes, guest } = setUp({ max: 1024 });
    for (let i = 0; i < 1024; i++) hold.add(guest(`${i}`), false);
    way.open = true;
    hold.release("paced");
    const sizes = [outcomes.length];
    while (hold.size > 0) {
      vi.advanceTimersByTime(5);
      sizes.push(outcomes.length);
    }
    expect(sizes).toEqual([16, 48, 112, 240, 496, 1008, 1024]);
    expect(outcomes).toEqual(Array.from({ length: 1024 }, (_, i) => `${i} left`));
  });

  it("stops in the middle of a batch when the way closes, and nobody loses the place", () => {
    const { hold, way, outcomes, guest, nameOf } = setUp();
    for (const name of ["a", "b", "c"]) hold.add(guest(name), false);
    hold.add(guest("back 1"), true);
    hold.add(guest("back 2"), true);
    way.open = true;
    way.admit = (one) => {
      outcomes.push(nameOf(one));
      way.open = outcomes.length !== 1;
    };
    hold.release("paced");
    expect(outcomes).toEqual(["back 1"]);
    expect(hold.counts()).toMatchObject({ held: 4, total: 5 });
    way.open = true;
    hold.release("paced");
    expect(outcomes).toEqual(["back 1", "back 2", "a", "b", "c"]);
  });

  it("regression: a second release from within the first starts no second pace", () => {
    const { hold, way, outcomes, guest, nameOf } = setUp();
    for (let i = 0; i < 60; i++) hold.add(guest(`${i}`), false);
    way.open = true;
    way.admit = (one) => {
      outcomes.push(nameOf(one));
      hold.release("paced");
      if (outcomes.length === 16) way.open = false;
    };
    hold.release("paced");
    expect(outcomes.length).toBe(16);
    // One timer: the expiry's. The pace ended with the way.
    expect(vi.getTimerCount()).toBe(1);
  });

  it("all at once overtakes a release that is under way", () => {
    const { hold, way, outcomes, guest } = setUp();
    for (let i = 0; i < 100; i++) hold.add(guest(`${i}`), false);
    way.open = true;
    hold.release("paced");
    hold.release("at-once");
    expect(outcomes.length).toBe(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a guest that throws strands nobody", () => {
    const { hold, way, outcomes, guest, nameOf } = setUp();
    for (const name of ["a", "b"]) hold.add(guest(name), false);
    way.open = true;
    way.admit = (one) => {
      if (nameOf(one) === "a") throw new Error("a defect");
      outcomes.push(`${nameOf(one)} left`);
    };
    expect(() => hold.release("paced")).toThrow("a defect");
    vi.advanceTimersByTime(5);
    expect(outcomes).toEqual(["b left"]);
  });

  it("a wait that ends while only the pace keeps the request: it is sent, not refused", () => {
    const { hold, way, outcomes, guest } = setUp({ timeoutMs: 3 });
    for (let i = 0; i < 20; i++) hold.add(guest(`${i}`), false);
    way.open = true;
    hold.release("paced");
    vi.advanceTimersByTime(3);
    expect(outcomes.length).toBe(20);
    expect(outcomes.filter((outcome) => outcome.endsWith("HOLD_TIMEOUT"))).toEqual([]);
  });
});
