// From a command line to its verb. Verbs are imported when they are called, so that `status` does not load a proxy.

import { nearest } from "../config/nearest.ts";
import { SluiceError } from "../errors.ts";
import { DONE } from "./exit-code.ts";
import { reportFailure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";
import { columns, helpOf, type Verb } from "./verb.ts";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Verb>;
  /** Has a --help of its own. */
  readonly ownHelp?: true;
}

const VERBS: Readonly<Record<string, Entry>> = {
  run: { summary: "Run the sidecar.", load: async () => (await import("./run.ts")).run },
  config: {
    summary: "Check the configuration; show each value and its origin.",
    load: async () => (await import("./config.ts")).config,
  },
  status: {
    summary: "Show readiness, slots and the account of requests.",
    load: async () => (await import("./status.ts")).status,
  },
  upgrade: {
    summary: "Upgrade the app inside its running Pods.",
    load: async () => (await import("./upgrade.ts")).upgrade,
  },
  events: {
    summary: "Show and follow what happens.",
    load: async () => (await import("./events.ts")).events,
  },
  timeline: {
    summary: "Draw the last upgrade or stop, and what it did to requests.",
    load: async () => (await import("./timeline.ts")).timeline,
  },
  dashboard: {
    summary: "Open the status page of a Pod in the browser.",
    load: async () => (await import("./dashboard.ts")).dashboard,
  },
  promote: { summary: "Make a slot active.", load: async () => (await import("./promote.ts")).promote },
  drain: { summary: "Empty a slot.", load: async () => (await import("./drain.ts")).drain },
  reload: {
    summary: "Ask the app in a slot to reload.",
    load: async () => (await import("./reload.ts")).reload,
  },
  gate: { summary: "Open or close a gate.", load: async () => (await import("./gate.ts")).gate },
  "log-level": {
    summary: "Show or change how much the sidecar logs.",
    load: async () => (await import("./log-level.ts")).logLevel,
  },
  profile: {
    summary: "Take a profile of the sidecar itself.",
    load: async () => (await import("./profile.ts")).profile,
  },
  loadtest: {
    summary: "Make load, and prove that no request was lost.",
    load: async () => (await import("./loadtest.ts")).loadtest,
    ownHelp: true,
  },
  inject: { summary: "Put sluice into manifests.", load: async () => (await import("./inject.ts")).inject },
  uninject: {
    summary: "Take sluice out of manifests again.",
    load: async () => (await import("./uninject.ts")).uninject,
  },
  check: {
    summary: "Find what drops requests, in manifests or a live workload.",
    load: async () => (await import("./check.ts")).check,
  },
  version: { summary: "Print the version.", load: async () => (await import("./version.ts")).version },
};

export const VERB_NAMES: readonly string[] = Object.keys(VERBS);

/** Runs the command line; resolves with the exit code. Rejects on a defect only. */
export async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = argv;
  const asksHelp = (words: readonly string[]) => words.includes("--help") || words.includes("-h");
  if (first === undefined || first === "help" || first === "--help" || first === "-h") {
    const about = rest[0];
    if (about !== undefined && !about.startsWith("-")) return dispatch([about, "--help"], terminal);
    terminal.out(overview(terminal));
    return DONE;
  }
  const name = first === "--version" || first === "-v" ? "version" : first;
  const entry = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  try {
    if (!entry) throw new SluiceError("USAGE", `there is no verb ${name}${didYouMean(name)}`);
    const verb = await entry.load();
    if (asksHelp(rest) && !entry.ownHelp) {
      terminal.out(helpOf(verb, terminal));
      return DONE;
    }
    return await verb.run(rest, terminal);
  } catch (error) {
    return reportFailure(error, entry ? name : "", terminal);
  }
}

function didYouMean(name: string): string {
  const guess = nearest(name, VERB_NAMES);
  return guess === undefined ? "" : `; did you mean ${guess}?`;
}

function overview(terminal: Terminal): string {
  const verbs = Object.entries(VERBS).map(([name, { summary }]) => [name, summary] as const);
  return [
    `Usage: ${terminal.name} VERB [options]\n\n`,
    "The sidecar that owns a Pod's port and routes every request to the version of the app that is ready.\n\n",
    `Verbs:\n${columns(verbs)}\n`,
    `Examples:\n${columns([
      [`${terminal.name} run --help`, "Every option of the sidecar."],
      [`${terminal.name} status --watch`, "What it is doing now."],
      [`${terminal.name} promote b`, "Switch to slot b."],
    ])}\n`,
    `\`${terminal.name} VERB --help\` says more. Exit codes: 0 done, 1 refused or failed, 64 bad command line or\n`,
    "configuration, 69 no sidecar or no cluster answers, 77 not allowed by the cluster.\n",
  ].join("");
}
