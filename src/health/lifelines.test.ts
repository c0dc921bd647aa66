import { expect, test } from "vitest";
import type { LifelineLine } from "./facts.ts";
import { createLifelines } from "./lifelines.ts";

/** The other side of the contract: what the server hands in. The real one is tested in api/lifeline.test.ts. */
function createStream({ reads = true } = {}) {
  const lines: LifelineLine[] = [];
  let ended = 0;
  return {
    lines,
    get ended() {
      return ended;
    },
    send(line: LifelineLine) {
      if (reads) lines.push(line);
      return reads;
    },
    end() {
      ended++;
    },
  };
}

function setUp(pingEveryMs?: number) {
  const lost: number[] = [];
  const onLost = (generation: number) => lost.push(generation);
  return { lost, lifelines: createLifelines(pingEveryMs ? { onLost, pingEveryMs } : { onLost }) };
}

test("a line reaches the stream of its generation and no other", () => {
  const { lifelines } = setUp();
  const [one, two] = [createStream(), createStream()];
  lifelines.attach(1, one);
  lifelines.attach(2, two);
  expect(lifelines.tell(2, { type: "active" })).toBe(true);
  expect(lifelines.tell(3, { type: "active" })).toBe(false);
  expect(one.lines).toEqual([]);
  expect(two.lines).toEqual([{ type: "active" }]);
});

test("a lost lifeline is reported once", () => {
  const { lifelines, lost } = setUp();
  const lifeline = lifelines.attach(1, createStream());
  lifeline.lost();
  lifeline.lost();
  expect(lost).toEqual([1]);
  expect(lifelines.size).toBe(0);
});

test("a lifeline that sluice ended is no loss", () => {
  const { lifelines, lost } = setUp();
  const stream = createStream();
  const lifeline = lifelines.attach(1, stream);
  expect(lifelines.end(1)).toBe(true);
  expect(lifelines.end(1)).toBe(false);
  lifeline.lost();
  expect(stream.ended).toBe(1);
  expect(lost).toEqual([]);
});

test("an instance that came back: the connection it left behind is ended, and its loss is no loss", () => {
  const { lifelines, lost } = setUp();
  const [earlier, later] = [createStream(), createStream()];
  const left = lifelines.attach(1, earlier);
  const resumed = lifelines.attach(1, later);
  expect(earlier.ended).toBe(1);
  left.lost();
  expect(lost).toEqual([]);
  expect(lifelines.tell(1, { type: "active" })).toBe(true);
  resumed.lost();
  expect(lost).toEqual([1]);
});

test("a peer that does not read is ended, and lost when its connection has ended", () => {
  const { lifelines, lost } = setUp();
  const stream = createStream({ reads: false });
  const lifeline = lifelines.attach(1, stream);
  expect(lifelines.tell(1, { type: "active" })).toBe(false);
  expect(stream.ended).toBe(1);
  expect(lost).toEqual([]);
  lifeline.lost();
  expect(lost).toEqual([1]);
});

test("closeAll ends every lifeline and reports none", () => {
  const { lifelines, lost } = setUp();
  const streams = [createStream(), createStream()];
  const opened = streams.map((stream, index) => lifelines.attach(index + 1, stream));
  lifelines.closeAll();
  for (const lifeline of opened) lifeline.lost();
  expect(streams.map((stream) => stream.ended)).toEqual([1, 1]);
  expect(lost).toEqual([]);
});

test("every open lifeline is pinged by the one timer", async () => {
  const { lifelines } = setUp(5);
  await new Promise<void>((resolve) => {
    const pinged = new Set<number>();
    for (const generation of [1, 2, 3]) {
      lifelines.attach(generation, {
        send(line) {
          expect(line).toEqual({ type: "ping" });
          if (pinged.add(generation).size === 3) resolve();
          return true;
        },
        end() {},
      });
    }
  });
  lifelines.closeAll();
});
