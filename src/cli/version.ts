// `sluice version`: this command's version, and that of the node that runs it.

import { VERSION } from "../version.ts";
import { parseArguments } from "./arguments.ts";
import { DONE } from "./exit-code.ts";
import type { Verb } from "./verb.ts";

export const version: Verb = {
  name: "version",
  usage: "",
  about: "Prints the version of this command. A sidecar's own version stands in `status`.",
  options: [],
  examples: [["version", "Which sluice this is, and which Node runs it."]],
  run(argv, terminal) {
    parseArguments(argv, {});
    terminal.out(`sluice ${VERSION} (${terminal.runtime})\n`);
    return Promise.resolve(DONE);
  },
};
