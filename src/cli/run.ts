// `sluice run`: the sidecar, with a log for people when a person is looking.

import { optionsHelp } from "../config/options-help.ts";
import type { Verb } from "./verb.ts";

export const run: Verb = {
  name: "run",
  usage: "[options]",
  about: [
    "Runs the sidecar: listens, waits for an app to shake hands, and routes requests to the version that is ready.",
    "Each option has a variable (--drain-delay is SLUICE_DRAIN_DELAY) and a key of the YAML file (drain-delay).",
    "A flag goes before a variable, a variable before the file. `config` shows what results.",
    "",
    "Exit codes: 0 drained, 1 failed start, 64 bad configuration, 70 something was cut at the deadline.",
  ].join("\n"),
  options: [],
  examples: [
    ["run --slots a=127.0.0.1:8081,b=127.0.0.1:8082", "Two slots: upgrades in the Pod."],
    ["run --handshake off --probe http:/healthz", "For an app that knows nothing of sluice."],
    ["run --control ./control.sock --listen 127.0.0.1:8080", "On a laptop."],
  ],
  more: ({ columns }) => optionsHelp(columns),
  async run(argv, terminal) {
    const { main } = await import("../main.ts");
    if (!terminal.isTerminal) return main(argv);
    const { createPretty } = await import("../telemetry/pretty.ts");
    return main(argv, createPretty(terminal.colour));
  },
};
