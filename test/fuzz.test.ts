// A short run of the differential fuzzing in each build, of seeds that stay: some three conversations in 100,000 of a new one differ in
// a way that is intended and not listed yet, and a build that fails is to say something of its commit. `npm run fuzz` draws new
// ones, for hours.

import { describe, expect, it } from "vitest";
import { createByteLayer } from "../fuzz/bytes/layer.ts";
import { WireReader } from "../fuzz/bytes/wire-reader.ts";
import { emptyTally, type Finding, type Layer } from "../fuzz/layer.ts";
import { createSocketLayer } from "../fuzz/sockets/layer.ts";
import { createStandardEngine } from "../src/proxy/standard/engine.ts";

const FIXED = 20_261_123;
const SECOND = 20_261_130;
const BYTES = 40_000;
const CONVERSATIONS = 512;

/** What is printed of a finding: a case comes again by its seed and index. */
const told = ({ seed, index, sign, detail }: Finding) => ({ seed, index, sign, detail });

async function run(layer: Layer, seed: number, cases: number): Promise<Finding[]> {
  console.log(`npm run fuzz -- --layer ${layer.name} --seed ${seed} --runs ${cases}`);
  const tally = emptyTally();
  try {
    const findings = await layer.run(seed, 0, cases, tally);
    expect(tally.cases).toBe(cases);
    // Most must get through, or nothing is compared.
    expect(tally.messages).toBeGreaterThan(cases / 2);
    return findings;
  } finally {
    await layer.close();
  }
}

describe("both engines make the same of", () => {
  it.each([FIXED, SECOND])(
    "bytes in every cut (seed %i)",
    async (seed) => {
      const findings = await run(createByteLayer(new WireReader().read), seed, BYTES);
      expect(findings.map(told)).toEqual([]);
    },
    120_000,
  );

  it.each([FIXED, SECOND])(
    "conversations over sockets (seed %i)",
    async (seed) => {
      const findings = await run(await createSocketLayer(), seed, CONVERSATIONS);
      expect(findings.map(told)).toEqual([]);
    },
    120_000,
  );
});

describe("a difference is found", () => {
  it("in bytes, by a reader that loses a byte of a body now and then", async () => {
    const wire = new WireReader().read;
    const layer = createByteLayer((bytes, cuts, answerTo) => {
      const reading = wire(bytes, cuts, answerTo);
      const messages = reading.messages.map((one) =>
        one.body.length > 11 ? { ...one, body: one.body.slice(1) } : one,
      );
      return { ...reading, messages };
    });
    const findings = await run(layer, FIXED, 5_000);
    expect(findings.map(({ sign }) => sign)).toContain("body");
  });

  it("in conversations, by an engine that adds a field", async () => {
    const layer = await createSocketLayer((parts) => createStandardEngine({ ...parts, via: true }));
    const findings = await run(layer, FIXED, 64);
    expect(findings.map(({ sign }) => sign)).toContain("request fields");
  });
});
