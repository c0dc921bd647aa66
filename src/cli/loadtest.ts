// `sluice loadtest`: makes load, and proves that no request was lost. Its own help and options are in loadtest/.

import { SluiceError } from "../errors.ts";
import type { Verb } from "./verb.ts";

export const loadtest: Verb = {
  name: "loadtest",
  usage: "[options]",
  about: "Makes load on a sluice and compares three accounts: the client's, sluice's and the app's.",
  options: [],
  examples: [["loadtest", "Starts sluice and apps on this machine and goes through every scenario."]],
  async run(argv) {
    const { runLoadtest } = await importLoadtest();
    return runLoadtest(argv);
  },
};

async function importLoadtest(): Promise<{ runLoadtest(argv: readonly string[]): Promise<number> }> {
  try {
    return await import("../../loadtest/main.ts");
  } catch (cause) {
    // Only this one file may be missing: what is missing behind it is a defect.
    if (!(cause as { url?: string }).url?.endsWith("/loadtest/main.ts")) throw cause;
    throw new SluiceError(
      "USAGE",
      "loadtest is part of a checkout, not of this bundle: call `npm run loadtest` there",
      { cause },
    );
  }
}
