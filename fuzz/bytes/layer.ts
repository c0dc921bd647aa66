// The layer without sockets: the bytes of one case to both readers, in this process.

import { METHODS } from "node:http";
import { createChance } from "../../src/proxy/engine-suite/chance.ts";
import type { Finding, Layer, Tally } from "../layer.ts";
import { seedOf } from "../layer.ts";
import { type ByteCase, byteCase } from "./case.ts";
import { BYTE_DIFFERENCES } from "./differences.ts";
import { differenceOf } from "./judge.ts";
import { NodeReader } from "./node-reader.ts";
import type { Reader } from "./reading.ts";

/** What node's parser may say besides METHODS: it knows those of RTSP, too. */
const MORE_METHODS = ["DESCRIBE", "ANNOUNCE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "RECORD", "FLUSH", "PRI"];

/** The most attempts at making a finding smaller. */
const MOST_SHRINKS = 2_000;

/** Compares `wire` with the standard engine's reading. */
export function createByteLayer(wire: Reader): Layer {
  const standard = new NodeReader([...METHODS, ...MORE_METHODS]).read;

  function look({ bytes, cuts, answerTo }: ByteCase, tally: Tally | undefined) {
    const readings = [standard(bytes, cuts, answerTo), wire(bytes, cuts, answerTo)] as const;
    if (tally) {
      tally.messages += readings[1].messages.length;
      if (readings[1].end === "refused") tally.refused++;
    }
    const difference = differenceOf(...readings);
    if (!difference) return undefined;
    const text = bytes.toString("latin1");
    const intended = BYTE_DIFFERENCES.find(({ isIt }) => isIt(difference, text));
    return { difference, intended };
  }

  /** Leaves out what the difference does not need. */
  function shrink(found: ByteCase, sign: string): ByteCase {
    let smallest = found;
    let attempts = 0;
    const isStill = (one: ByteCase): boolean => {
      const seen = look(one, undefined);
      return seen !== undefined && !seen.intended && seen.difference.sign === sign;
    };
    const whole = { ...found, cuts: [found.bytes.length] };
    if (isStill(whole)) smallest = whole;
    for (let size = Math.ceil(smallest.bytes.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < smallest.bytes.length && attempts < MOST_SHRINKS; attempts++) {
        const { bytes, cuts } = smallest;
        const less = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
        const cutsLess = [...new Set(cuts.map((cut) => (cut <= at ? cut : Math.max(at, cut - size))))];
        const smaller = { ...smallest, bytes: less, cuts: cuts.length === 1 ? [less.length] : cutsLess };
        if (less.length > 0 && isStill(smaller)) smallest = smaller;
        else at += size;
      }
    }
    return smallest;
  }

  return {
    name: "bytes",
    async run(seed, from, count, tally) {
      const findings: Finding[] = [];
      const signs = new Set<string>();
      for (let index = from; index < from + count; index++) {
        const one = byteCase(createChance(seedOf(seed, index)));
        const seen = look(one, tally);
        tally.cases++;
        if (!seen) continue;
        if (seen.intended) {
          tally.intended.set(seen.intended.name, (tally.intended.get(seen.intended.name) ?? 0) + 1);
          continue;
        }
        const { sign } = seen.difference;
        // One of a kind is enough to be looked at.
        const small = signs.has(sign) ? one : shrink(one, sign);
        signs.add(sign);
        findings.push({
          seed,
          index,
          sign,
          detail: look(small, undefined)?.difference.detail ?? seen.difference.detail,
          sent: `${small.answerTo === undefined ? "" : `(answer to ${small.answerTo}) `}${JSON.stringify(small.bytes.toString("latin1"))} cut at ${small.cuts}`,
        });
      }
      return findings;
    },
    async close() {},
  };
}
