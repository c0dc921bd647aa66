// `sluice events`: the timeline, as it was and as it goes on.

import type { TimelineEvent } from "../api/backend.ts";
import { SluiceError } from "../errors.ts";
import { choose, parseArguments } from "./arguments.ts";
import { createControlClient } from "./control-client.ts";
import { DONE } from "./exit-code.ts";
import type { Paint } from "./paint.ts";
import { CONTROL_OPTION, type Verb } from "./verb.ts";

export const events: Verb = {
  name: "events",
  usage: "[--since ID] [--no-follow] [--output text|json]",
  about:
    "Shows what happened (handshakes, probes, switches, drains, hooks) and follows what happens, line by line.",
  options: [
    ["--since ID", "Only events after this one; 0 (default) is everything that is kept, the newest 1,000."],
    ["--follow, --no-follow", "Whether to go on with each new event (default) or to end with the newest."],
    ["--output, -o FORMAT", "text (default), or json: one object a line, as the API sends it."],
    CONTROL_OPTION,
  ],
  examples: [
    ["events", "Watches an upgrade."],
    ["events --since 120 --no-follow --output json", "What came after event 120."],
  ],
  async run(argv, terminal) {
    const { values } = parseArguments(argv, {
      since: { type: "string" },
      follow: { type: "boolean" },
      output: { type: "string", short: "o" },
      control: { type: "string" },
    });
    const output = choose("--output", values.output, ["text", "json"]);
    const since = values.since ?? "0";
    if (!/^\d{1,15}$/.test(since))
      throw new SluiceError("USAGE", `--since takes the id of an event, not ${since}`);
    const client = createControlClient(values.control ?? terminal.env.SLUICE_CONTROL);
    const path = `/v1/events?since=${since}${values.follow === false ? "&follow=false" : ""}`;
    for await (const line of client.lines(path)) {
      terminal.out(
        output === "json" ? `${JSON.stringify(line)}\n` : formatEvent(line as TimelineEvent, terminal.paint),
      );
    }
    return DONE;
  },
};

function formatEvent(event: TimelineEvent, paint: Paint): string {
  // A remark of the stream itself: this reader did not keep up.
  if (event.id === undefined) return `${paint.yellow(event.message)}\n`;
  const seconds = `${(event.monotonicMs / 1_000).toFixed(3)}s`;
  const where =
    event.slot === undefined ? "" : `${event.slot}${event.version === undefined ? "" : `/${event.version}`}`;
  const details = Object.entries(event.details ?? {}).map(([key, value]) => `${key}=${value}`);
  const head = `${String(event.id).padStart(5)} ${event.time} ${seconds.padStart(10)}`;
  return `${paint.dim(head)}  ${event.type.padEnd(20)} ${where.padEnd(8)} ${event.message}${
    details.length > 0 ? paint.dim(` (${details.join(", ")})`) : ""
  }\n`;
}
