// `sluice log-level`: how much the sidecar logs, while it runs.

import { LOG_LEVELS } from "../api/backend.ts";
import { choose, parseArguments } from "./arguments.ts";
import { createControlClient } from "./control-client.ts";
import { DONE } from "./exit-code.ts";
import { CONTROL_OPTION, type Verb } from "./verb.ts";

export const logLevel: Verb = {
  name: "log-level",
  usage: "[trace|debug|info|warn|error|silent]",
  about:
    "Shows the least level that the sidecar logs, or changes it until its end; --log-level is what it starts with.",
  options: [CONTROL_OPTION],
  examples: [
    ["log-level", "What it is."],
    ["log-level debug", "More, for as long as it takes."],
  ],
  async run(argv, terminal) {
    const { values, positionals } = parseArguments(argv, { control: { type: "string" } }, ["[LEVEL]"]);
    const [level] = positionals;
    if (level !== undefined) choose("LEVEL", level, LOG_LEVELS);
    const client = createControlClient(values.control ?? terminal.env.SLUICE_CONTROL);
    const answer = (await client.call(
      "/v1/log-level",
      level === undefined ? {} : { method: "PUT", body: { level } },
    )) as { readonly level: string; readonly was?: string };
    const was = answer.was === undefined ? "" : ` (it was ${answer.was})`;
    terminal.out(`log level: ${answer.level}${was}\n`);
    return DONE;
  },
};
