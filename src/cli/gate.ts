// `sluice gate`: opens or closes a gate by hand.

import { parseDuration } from "../config/duration.ts";
import { SluiceError } from "../errors.ts";
import { parseArguments } from "./arguments.ts";
import { createControlClient } from "./control-client.ts";
import { DONE } from "./exit-code.ts";
import { CONTROL_OPTION, type Verb } from "./verb.ts";

export const gate: Verb = {
  name: "gate",
  usage: "SLOT GATE open|close [--reason TEXT] [--ttl DURATION]",
  about:
    "Opens or closes a gate of the generation that lives in the slot. A new generation starts with all gates closed.",
  options: [
    ["--reason TEXT", "Why; shown by status and /readyz."],
    ["--ttl DURATION", "The gate closes by itself after so long, e.g. 30s."],
    CONTROL_OPTION,
  ],
  examples: [
    ["gate b consul open", "The last condition of slot b is met."],
    ['gate a kafka close --reason "rebalancing"', "Takes slot a's readiness away."],
  ],
  async run(argv, terminal) {
    const { values, positionals } = parseArguments(
      argv,
      { reason: { type: "string" }, ttl: { type: "string" }, control: { type: "string" } },
      ["SLOT", "GATE", "open|close"],
    );
    const [slot = "", name = "", word = ""] = positionals;
    if (word !== "open" && word !== "close")
      throw new SluiceError("USAGE", `a gate can open or close, not ${word}`);
    const { reason, ttl } = values;
    if (ttl !== undefined && parseDuration(ttl) === undefined) {
      throw new SluiceError("USAGE", `--ttl takes a duration with a unit such as 30s, not ${ttl}`);
    }
    const client = createControlClient(values.control ?? terminal.env.SLUICE_CONTROL);
    await client.call(`/v1/slots/${encodeURIComponent(slot)}/gates/${encodeURIComponent(name)}`, {
      method: "PUT",
      body: {
        open: word === "open",
        ...(reason === undefined ? {} : { reason }),
        ...(ttl === undefined ? {} : { ttl }),
      },
    });
    terminal.out(
      `slot ${slot}: gate ${name} is ${word === "open" ? "open" : "closed"}${ttl ? ` for ${ttl}` : ""}\n`,
    );
    return DONE;
  },
};
