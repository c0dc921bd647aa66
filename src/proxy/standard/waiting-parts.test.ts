import { once } from "node:events";
import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { joinWaitingParts } from "./waiting-parts.ts";

function collect(source: Readable): Buffer[] {
  const parts: Buffer[] = [];
  source.on("data", (part: Buffer) => parts.push(part));
  return parts;
}

it("a body that had come byte by byte waited in as many parts, at a hundred times its size", async () => {
  const source = new Readable({ read() {} });
  const sent = Buffer.from(Array.from({ length: 20_000 }, (_, i) => i % 251));
  joinWaitingParts(source);
  for (const byte of sent) source.push(Buffer.from([byte]));
  source.push(null);
  const parts = collect(source);
  await once(source, "end");
  expect(parts.length).toBeLessThan(10);
  expect(Buffer.concat(parts)).toEqual(sent);
});

it("what came is handed over whole and in order, whoever pauses when", async () => {
  const step = fc.oneof(
    fc.integer({ min: 1, max: 9000 }),
    fc.constantFrom("pause" as const, "resume" as const, "turn" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const source = new Readable({ read() {} });
      const sent: Buffer[] = [];
      joinWaitingParts(source);
      let parts: Buffer[] | undefined;
      for (const what of steps) {
        if (typeof what === "number") {
          const part = Buffer.alloc(what, sent.length);
          sent.push(part);
          source.push(part);
        } else if (what === "pause") source.pause();
        else if (what === "turn") await new Promise((resolve) => setImmediate(resolve));
        else if (parts) source.resume();
        else parts = collect(source);
      }
      source.push(null);
      parts ??= collect(source);
      source.resume();
      await once(source, "end");
      expect(Buffer.concat(parts).equals(Buffer.concat(sent))).toBe(true);
    }),
  );
});
