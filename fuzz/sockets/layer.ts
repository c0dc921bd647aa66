// The layer over sockets: each conversation is held with both engines, each in front of an app of its own.

import fc from "fast-check";
import type { CreateEngine } from "../../src/proxy/engine-suite/stage.ts";
import { createStandardEngine } from "../../src/proxy/standard/engine.ts";
import { createWireEngine } from "../../src/proxy/wire/engine.ts";
import type { Difference } from "../difference.ts";
import { type Finding, type Layer, seedOf, type Tally } from "../layer.ts";
import { type Conversation, conversation } from "./conversation.ts";
import { SOCKET_DIFFERENCES } from "./differences.ts";
import { breachOf, differenceOf } from "./judge.ts";
import { Side } from "./side.ts";

/** Conversations under way at a time. */
const LANES = 24;
/** Conversations that fast-check makes of one seed. */
const BLOCK = 64;
/** How often a difference is looked at again, on engines that have seen nothing else. */
const LOOKS = 2;
const MOST_SHRINKS = 120;

interface Pair {
  readonly standard: Side;
  readonly wire: Side;
}

async function openPair(create: CreateEngine): Promise<Pair> {
  const pair = { standard: new Side(createStandardEngine), wire: new Side(create) };
  await Promise.all([pair.standard.open(), pair.wire.open()]);
  return pair;
}

function closePair(pair: Pair): void {
  pair.standard.close();
  pair.wire.close();
}

interface Look {
  readonly difference: Difference;
  readonly intended: string | undefined;
}

async function look(pair: Pair, one: Conversation, tally?: Tally): Promise<Look | undefined> {
  const [standard, wire] = await Promise.all([pair.standard.play(one), pair.wire.play(one)]);
  if (tally) {
    tally.messages += wire.requests.length;
    if (wire.received.includes("Sluice-Error: MALFORMED")) tally.refused++;
  }
  const own = breachOf(standard, one);
  if (own) return { difference: { ...own, sign: `standard: ${own.sign}` }, intended: undefined };
  const breach = breachOf(wire, one);
  if (breach) return { difference: { ...breach, sign: `wire: ${breach.sign}` }, intended: undefined };
  const difference = differenceOf(one, standard, wire);
  if (!difference) return undefined;
  const intended = SOCKET_DIFFERENCES.find(({ isIt }) => isIt(difference, one));
  return { difference, intended: intended?.name };
}

/** `create` makes the engine that is compared with the standard one. */
export async function createSocketLayer(create: CreateEngine = createWireEngine): Promise<Layer> {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => openPair(create)));
  let blockAt = -1;
  let blockSeed = Number.NaN;
  let block: readonly Conversation[] = [];

  function conversationOf(seed: number, index: number): Conversation {
    const at = Math.floor(index / BLOCK);
    if (at !== blockAt || seed !== blockSeed) {
      blockAt = at;
      blockSeed = seed;
      block = fc.sample(conversation, { seed: seedOf(seed, at) | 0, numRuns: BLOCK });
    }
    return block[index % BLOCK]!;
  }

  /** What is seen by engines that have seen nothing else; undefined if they agree. */
  async function lookAnew(one: Conversation): Promise<Look | undefined> {
    const pair = await openPair(create);
    try {
      return await look(pair, one);
    } finally {
      closePair(pair);
    }
  }

  async function shrink(one: Conversation, sign: string): Promise<Conversation> {
    let smallest = one;
    let attempts = 0;
    const isStill = async (smaller: Conversation): Promise<boolean> => {
      attempts++;
      const seen = await lookAnew(smaller);
      return seen !== undefined && seen.intended === undefined && seen.difference.sign === sign;
    };
    const whole = { ...one, cuts: [] };
    if (await isStill(whole)) smallest = whole;
    for (let size = Math.ceil(smallest.sent.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < smallest.sent.length && attempts < MOST_SHRINKS; ) {
        const smaller = { ...smallest, sent: smallest.sent.slice(0, at) + smallest.sent.slice(at + size) };
        if (await isStill(smaller)) smallest = smaller;
        else at += size;
      }
    }
    return smallest;
  }

  /** Undefined for what engines that have seen nothing else do not show: it hung on the moment. */
  async function findingOf(seed: number, index: number, one: Conversation, first: Look): Promise<Finding> {
    const { sign, detail } = first.difference;
    for (let again = 0; again < LOOKS; again++) {
      const seen = await lookAnew(one);
      if (!seen || seen.intended !== undefined) continue;
      const small = await shrink(one, seen.difference.sign);
      const last = (await lookAnew(small)) ?? seen;
      return {
        seed,
        index,
        sign: seen.difference.sign,
        detail: last.difference.detail,
        sent: JSON.stringify(small),
      };
    }
    return { seed, index, sign: `once: ${sign}`, detail, sent: JSON.stringify(one) };
  }

  return {
    name: "sockets",
    async run(seed, from, count, tally) {
      const findings: Finding[] = [];
      const shown = new Set<string>();
      let next = from;
      await Promise.all(
        lanes.map(async (pair, lane) => {
          while (next < from + count) {
            const index = next++;
            const one = conversationOf(seed, index);
            const seen = await look(lanes[lane] ?? pair, one, tally);
            tally.cases++;
            if (!seen) continue;
            if (seen.intended !== undefined) {
              tally.intended.set(seen.intended, (tally.intended.get(seen.intended) ?? 0) + 1);
              continue;
            }
            const { sign, detail } = seen.difference;
            // A lane in which something has gone wrong may go on doing so.
            closePair(lanes[lane] ?? pair);
            lanes[lane] = await openPair(create);
            if (shown.has(sign)) findings.push({ seed, index, sign, detail, sent: JSON.stringify(one) });
            else {
              shown.add(sign);
              findings.push(await findingOf(seed, index, one, seen));
            }
          }
        }),
      );
      await quiet(lanes);
      for (const { standard, wire } of lanes) {
        for (const [name, { inFlight }] of Object.entries({ standard, wire })) {
          if (inFlight === 0) continue;
          findings.push({
            seed,
            index: from,
            sign: `${name}: requests never ended`,
            detail: `${inFlight}`,
            sent: `cases ${from} to ${from + count}`,
          });
        }
      }
      return findings;
    },
    async close() {
      for (const pair of lanes) closePair(pair);
    },
  };
}

/** Waits until no request is under way, within the longest wait of the engines. */
async function quiet(lanes: readonly Pair[]): Promise<void> {
  const endsAt = performance.now() + 5_000;
  const isBusy = () => lanes.some(({ standard, wire }) => standard.inFlight + wire.inFlight > 0);
  while (isBusy() && performance.now() < endsAt) await new Promise((resolve) => setTimeout(resolve, 5));
}
