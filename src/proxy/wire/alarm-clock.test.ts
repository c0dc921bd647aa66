import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Alarm, AlarmClock } from "./alarm-clock.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const defects: unknown[] = [];
  const rung: string[] = [];
  const clock = new AlarmClock(10, (error) => defects.push(error));
  return { clock, rung, defects, alarm: (name: string) => new Alarm(() => rung.push(name)) };
}

it("rings each alarm once, after its wait and not before, in the order in which they are due", () => {
  const { clock, rung, alarm } = setUp();
  const long = clock.waits(100);
  const short = clock.waits(30);
  long.start(alarm("long"));
  short.start(alarm("short"));
  vi.advanceTimersByTime(29);
  short.start(alarm("late"));
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(21);
  expect(rung).toEqual(["short"]);
  vi.advanceTimersByTime(30);
  expect(rung).toEqual(["short", "late"]);
  vi.advanceTimersByTime(1000);
  expect(rung).toEqual(["short", "late", "long"]);
});

it("does not ring what was stopped, and begins anew what was started again, in whatever list", () => {
  const { clock, rung, alarm } = setUp();
  const [one, two, three] = [alarm("one"), alarm("two"), alarm("three")];
  for (const each of [one, two, three]) clock.waits(50).start(each);
  two.stop();
  two.stop();
  expect(two.isSet).toBe(false);
  vi.advanceTimersByTime(40);
  clock.waits(50).start(one);
  clock.waits(200).start(three);
  vi.advanceTimersByTime(40);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(30);
  expect(rung).toEqual(["one"]);
  vi.advanceTimersByTime(200);
  expect(rung).toEqual(["one", "three"]);
});

it("ticks only while somebody waits", () => {
  const { clock, alarm } = setUp();
  const one = alarm("one");
  expect(vi.getTimerCount()).toBe(0);
  clock.waits(50).start(one);
  expect(vi.getTimerCount()).toBe(1);
  one.stop();
  vi.advanceTimersByTime(20);
  expect(vi.getTimerCount()).toBe(0);
});

it("an alarm may start itself and others while it rings; one that throws takes no other along", () => {
  const { clock, rung, defects, alarm } = setUp();
  const list = clock.waits(10);
  let times = 0;
  const again = new Alarm(() => {
    if (++times < 3) list.start(again);
    else throw new Error("thrown");
  });
  list.start(again);
  clock.waits(90).start(alarm("other"));
  vi.advanceTimersByTime(200);
  expect(times).toBe(3);
  expect(defects).toHaveLength(1);
  expect(rung).toEqual(["other"]);
});
