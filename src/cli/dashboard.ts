// `sluice dashboard`: the status page of a Pod, through a port-forward of its own.

import { SluiceError } from "../errors.ts";
import { parseArguments } from "./arguments.ts";
import { findInCluster } from "./cluster-access.ts";
import { CLUSTER_FLAGS, CLUSTER_OPTIONS } from "./cluster-flags.ts";
import { createControlClient } from "./control-client.ts";
import { DONE, REFUSED } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";

const DEFAULT_CONTROL = "127.0.0.1:9081";

export const dashboard: Verb = {
  name: "dashboard",
  usage: "[WORKLOAD] [--port N] [--no-open]",
  about: [
    "Opens the status page of sluice: slots, gates, the flow of requests, the last upgrade; promote, drain and reload.",
    "With WORKLOAD (deployment/web, pod/web-0, or a bare name): one address for each of its Pods, forwarded until Ctrl-C.",
    "Without: the sidecar of this machine.",
  ].join("\n"),
  options: [
    ["--port N", "The local port of the first Pod, the next ones follow; default: any free ones."],
    ["--open, --no-open", "Whether to open a browser (default on a terminal) or only to print the address."],
    ["--control HOST:PORT", `Without WORKLOAD: where the sidecar is; default ${DEFAULT_CONTROL}.`],
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    ["dashboard deployment/web -n shop", "The Pods of a workload; opens the first one's."],
    ["dashboard pod/web-0 --port 9081 --no-open", "One Pod, at a port of one's own."],
  ],
  async run(argv, terminal) {
    const { values, positionals } = parseArguments(
      argv,
      {
        port: { type: "string" },
        open: { type: "boolean" },
        control: { type: "string" },
        ...CLUSTER_FLAGS,
      },
      ["[WORKLOAD]"],
    );
    const [workload] = positionals;
    const opens = values.open ?? terminal.isTerminal;
    if (workload === undefined) {
      if (values.port !== undefined) throw new SluiceError("USAGE", "--port needs a WORKLOAD");
      return showLocal(values.control ?? DEFAULT_CONTROL, opens, terminal);
    }
    const { openDoors } = await import("./dashboard-doors.ts");
    const found = await findInCluster(workload, values, terminal);
    const doors = await openDoors(found, portOf(values.port), (words) =>
      terminal.err(`${terminal.paint.yellow(words)}\n`),
    );
    if (doors.open.length === 0) {
      terminal.err(`${found.workload.title} has no Pod with a sluice to look at.\n`);
      return REFUSED;
    }
    for (const { pod, url } of doors.open) terminal.out(`${pod}  ${url}\n`);
    if (opens) await openBrowser(doors.open[0]!.url);
    const interrupted = Promise.withResolvers<void>();
    const restore = terminal.onInterrupt?.(interrupted.resolve);
    await interrupted.promise;
    restore?.();
    doors.close();
    return DONE;
  },
};

async function showLocal(control: string, opens: boolean, terminal: Terminal): Promise<number> {
  const address = control.replace(/^http:\/\//, "").replace(/\/$/, "");
  if (!/^(\[[0-9a-f:]+\]|[\w.-]+):\d+$/i.test(address))
    throw new SluiceError(
      "USAGE",
      `a browser needs HOST:PORT, not ${control}: add 127.0.0.1:9081 to sluice's --control`,
    );
  // Whoever asks for the page should hear at once that nobody is there.
  await createControlClient(address).call("/v1/status");
  const url = `http://${address}/`;
  terminal.out(`${url}\n`);
  if (opens) await openBrowser(url);
  return DONE;
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new SluiceError("USAGE", `--port takes a number from 1 to 65535, not ${text}`);
}

/** Nothing happens where there is no browser: the address has been printed. */
async function openBrowser(url: string): Promise<void> {
  const { spawn } = await import("node:child_process");
  const { platform } = await import("node:os");
  const [command, ...before] =
    platform() === "darwin" ? ["open"] : platform() === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(command!, [...before, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
