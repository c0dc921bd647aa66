// The image's entry: runs the bundle beside it with the code that V8 compiled when the image was built, which saves half of
// the start. Where that code does not fit (another Node, other V8 flags, another bundle) the bundle is compiled as ever.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

const folder = dirname(process.argv[1]!);
const filename = "sluice.js";
// esbuild writes ASCII; read as latin1 it stays one byte a character.
const source = readFileSync(join(folder, filename), "latin1");
const cachedData = compiledFor(source.slice(0, source.indexOf("\n") + 1));
new Script(source, { filename, ...(cachedData && { cachedData }) }).runInThisContext();

/** V8 compares lengths only; so bundle and code carry the same first line. */
function compiledFor(firstLine: string): Buffer | undefined {
  try {
    const content = readFileSync(join(folder, "sluice.code"));
    return content.toString("latin1", 0, firstLine.length) === firstLine
      ? content.subarray(firstLine.length)
      : undefined;
  } catch {
    return undefined;
  }
}
