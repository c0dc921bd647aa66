// `sluice status`: what the sidecar knows and what it is waiting for.

import { setTimeout as after } from "node:timers/promises";
import type { Status } from "../api/backend.ts";
import { SluiceError } from "../errors.ts";
import { choose, parseArguments } from "./arguments.ts";
import { CLUSTER_FLAGS, CLUSTER_OPTIONS } from "./cluster-flags.ts";
import { createControlClient, Refused, Unreachable } from "./control-client.ts";
import { DONE } from "./exit-code.ts";
import { reportFailure } from "./failure.ts";
import { formatStatus } from "./status-table.ts";
import type { Terminal } from "./terminal.ts";
import { CONTROL_OPTION, type Verb } from "./verb.ts";

const WATCH_EVERY_MS = 1_000;
const CLEAR_SCREEN = "\u001b[H\u001b[2J\u001b[3J";

export const status: Verb = {
  name: "status",
  usage: "[WORKLOAD] [--watch] [--output table|json]",
  about: [
    "Shows whether the Pod is ready and why, each slot, and the account of the requests.",
    "With WORKLOAD (deployment/web, sts/db, pod/web-0, or a bare name): the slots of all its Pods, asked through the cluster.",
  ].join("\n"),
  options: [
    ["--watch, -w", "Shows it again every second, until interrupted; waits for a sidecar that is away."],
    ["--output, -o FORMAT", "table (default), or json: one line each time."],
    CONTROL_OPTION,
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    ["status", "Once."],
    ["status --watch", "While an upgrade goes on."],
    ["status --output json | jq -r .active", "For a script."],
    ["status deployment/web -n shop", "All Pods of a workload."],
  ],
  async run(argv, terminal) {
    const { values, positionals } = parseArguments(
      argv,
      {
        watch: { type: "boolean", short: "w" },
        output: { type: "string", short: "o" },
        control: { type: "string" },
        ...CLUSTER_FLAGS,
      },
      ["[WORKLOAD]"],
    );
    const output = choose("--output", values.output, ["table", "json"]);
    const [workload] = positionals;
    if (workload !== undefined) {
      const { statusOfWorkload } = await import("./status-workload.ts");
      const { watch = false, context, namespace } = values;
      return statusOfWorkload({ workload, watch, output, context, namespace }, terminal);
    }
    if (values.namespace !== undefined || values.context !== undefined)
      throw new SluiceError("USAGE", "--namespace and --context are about a WORKLOAD, which is not given");
    const client = createControlClient(values.control ?? terminal.env.SLUICE_CONTROL);
    const read = async () => {
      const answer = (await client.call("/v1/status")) as Partial<Status>;
      if (!answer.slots || !answer.account)
        throw new Refused("BAD_ANSWER", "whoever answers there is not sluice");
      return answer as Status;
    };
    const format = (now: Status) =>
      output === "json" ? `${JSON.stringify(now)}\n` : formatStatus(now, terminal.paint);

    if (!values.watch) {
      terminal.out(format(await read()));
      return DONE;
    }
    for (;;) {
      await show(read, format, output === "table", terminal);
      await after(WATCH_EVERY_MS);
    }
  },
};

async function show(
  read: () => Promise<Status>,
  format: (status: Status) => string,
  clear: boolean,
  terminal: Terminal,
): Promise<void> {
  try {
    const text = format(await read());
    terminal.out(clear && terminal.isTerminal ? CLEAR_SCREEN + text : text);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    reportFailure(error, "status", terminal);
  }
}
