// An npm script of the checkout that takes a command line: what is wrong with it is told as the verbs of sluice tell it.

import { reportFailure } from "../src/cli/failure.ts";
import { createPaint } from "../src/cli/paint.ts";

/** Runs `npm run NAME`; resolves with its exit code, 64 where `run` throws USAGE. */
export async function runScript(name: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    const err = (text: string): void => void process.stderr.write(text);
    return reportFailure(error, "", { name: `npm run ${name} --`, paint: createPaint(false), err });
  }
}
