// `sluice timeline`: an upgrade, another switch or a stop, drawn in phases, with what it did to requests.

import { whyUnreadable } from "../config/unreadable.ts";
import { SluiceError } from "../errors.ts";
import { isSettled, storiesOf } from "../story/stories.ts";
import type { OutsideMark, Story } from "../story/story.ts";
import type { Told } from "../story/timeline-report.ts";
import { parseArguments } from "./arguments.ts";
import { findInCluster } from "./cluster-access.ts";
import { CLUSTER_FLAGS, CLUSTER_OPTIONS } from "./cluster-flags.ts";
import { createControlClient } from "./control-client.ts";
import { DONE, REFUSED } from "./exit-code.ts";
import { createPaint } from "./paint.ts";
import type { Terminal } from "./terminal.ts";
import { FILE, formatOf, hand, headOf, textOf, write } from "./timeline-output.ts";
import { followPast, type Past, readPast } from "./timeline-source.ts";
import { CONTROL_OPTION, type Verb } from "./verb.ts";

export const timeline: Verb = {
  name: "timeline",
  usage: "[WORKLOAD] [FILE] [--all | --follow] [--output text|json|html|svg]",
  about: [
    "Draws the last upgrade (or another switch, or the stop of the Pod) in phases: how long each took, who answered how many",
    "requests, who had to wait and for how long, what was replayed or cut, and p50 and p99 before, during and after.",
    "With WORKLOAD (deployment/web, sts/db, pod/web-0, or a bare name): all its Pods under one another, asked through the cluster.",
    "With FILE (its name ends in .html, .svg, .json or .txt) it is written there: one file without anything to fetch.",
  ].join("\n"),
  options: [
    [
      "--all, -a",
      "Everything that is kept, oldest first; default: the last upgrade, switch or stop of each Pod.",
    ],
    [
      "--follow, -f",
      "Waits for what comes, and shows each story when it is over; ends with the sidecar (so that it sees a stop to its end), or by Ctrl-C.",
    ],
    [
      "--log FILE",
      "Reads the events from a log of sluice (- is stdin) instead of asking it: for a Pod that is gone. Phases only, no table.",
    ],
    ["--output, -o FORMAT", "text (default), json, html or svg; a FILE's name tells it as well."],
    CONTROL_OPTION,
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    ["timeline", "The last upgrade in this Pod."],
    ["timeline deployment/web -n shop", "That of each Pod of a workload."],
    ["timeline deployment/web -n shop --output html upgrade.html", "A report to attach to a change ticket."],
    ["timeline --log sluice.log", "What became of a Pod that is gone, from `kubectl logs POD -c sluice`."],
    ["timeline pod/web-0 --follow", "While it is upgraded or deleted."],
  ],
  async run(argv, terminal) {
    const { values, positionals } = parseArguments(
      argv,
      {
        all: { type: "boolean", short: "a" },
        follow: { type: "boolean", short: "f" },
        output: { type: "string", short: "o" },
        log: { type: "string" },
        control: { type: "string" },
        ...CLUSTER_FLAGS,
      },
      ["[WORKLOAD]", "[FILE]"],
    );
    const { workload, file } = understand(positionals);
    const format = formatOf(values.output, file);
    if (workload === undefined && (values.namespace !== undefined || values.context !== undefined))
      throw new SluiceError("USAGE", "--namespace and --context are about a WORKLOAD, which is not given");
    if (values.log !== undefined && (workload !== undefined || values.follow))
      throw new SluiceError(
        "USAGE",
        "--log is instead of asking a sidecar: no WORKLOAD and no --follow go with it",
      );
    if (values.all && values.follow)
      throw new SluiceError("USAGE", "--all is about the past, --follow about what comes: one of the two");
    const sources = await sourcesOf(workload, values, terminal);
    const isShownAtOnce = values.follow === true && format === "text" && file === undefined;
    const told = values.follow
      ? await follow(sources, isShownAtOnce, terminal)
      : await Promise.all(
          sources.map(async ({ name, read }) => tell(name, await read(), values.all ?? false)),
        );
    // A file is no terminal: no colours, and a width of its own.
    const sheet = file === undefined ? terminal : { ...terminal, paint: createPaint(false), columns: 120 };
    if (!isShownAtOnce) await hand(write(told, workload, format, sheet), file, terminal);
    return told.length > 0 && told.every(({ problem }) => problem === undefined) ? DONE : REFUSED;
  },
};

interface Source {
  readonly name: string | undefined;
  readonly read: () => Promise<Read>;
  readonly follow: (stopped: Promise<void>, onChange: (past: Past) => void) => Promise<Past>;
}

interface Read {
  readonly past: Past | undefined;
  readonly outside: readonly OutsideMark[];
  readonly problem: string | undefined;
}

interface Values {
  readonly log?: string | undefined;
  readonly all?: boolean | undefined;
  readonly control?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

async function sourcesOf(
  workload: string | undefined,
  values: Values,
  terminal: Terminal,
): Promise<readonly Source[]> {
  if (workload !== undefined) {
    const { podSources } = await import("./timeline-workload.ts");
    return podSources(await findInCluster(workload, values, terminal));
  }
  if (values.log !== undefined) {
    const { livesOf } = await import("./timeline-log.ts");
    const lives = livesOf(await readLog(values.log, terminal));
    if (lives.length === 0) throw new SluiceError("USAGE", `${values.log} has no event of sluice in it`);
    // The last life that has something to tell.
    const read = (past: Past) => async () => ({ past, outside: [], problem: undefined });
    const sources = lives.map((past) => ({ name: undefined, read: read(past), follow: async () => past }));
    return values.all ? sources : [sources[lives.findLastIndex(hasStory)] ?? sources.at(-1)!];
  }
  const client = createControlClient(values.control ?? terminal.env.SLUICE_CONTROL);
  return [
    {
      name: undefined,
      read: async () => ({ past: await readPast(client), outside: [], problem: undefined }),
      follow: (stopped, onChange) => followPast(client, stopped, onChange),
    },
  ];
}

function hasStory(past: Past): boolean {
  return storiesOf({ ...past, outside: [] }).length > 0;
}

async function readLog(file: string, terminal: Terminal): Promise<string> {
  if (file === "-") return terminal.input();
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new SluiceError("USAGE", `--log: ${file} cannot be read: ${whyUnreadable(cause)}`, { cause });
  }
}

function understand(positionals: readonly string[]): {
  workload: string | undefined;
  file: string | undefined;
} {
  const files = positionals.filter((text) => FILE.test(text));
  const workloads = positionals.filter((text) => !FILE.test(text));
  if (files.length > 1 || workloads.length > 1)
    throw new SluiceError("USAGE", `one WORKLOAD and one FILE at the most, not ${positionals.join(" and ")}`);
  return { workload: workloads[0], file: files[0] };
}

function tell(name: string | undefined, { past, outside, problem }: Read, all: boolean): Told {
  if (!past) return { name, stories: [], samples: [], now: 0, problem: problem ?? "it cannot be asked" };
  const stories = storiesOf({ ...past, outside });
  const last = stories.findLast(({ kind }) => kind !== "start") ?? stories.at(-1);
  const shown = all ? stories : last ? [last] : [];
  return { name, stories: shown, samples: past.samples, now: past.now, problem: undefined };
}

async function follow(
  sources: readonly Source[],
  isShownAtOnce: boolean,
  terminal: Terminal,
): Promise<readonly Told[]> {
  const stopped = Promise.withResolvers<void>();
  const restore = terminal.onInterrupt?.(() => stopped.resolve());
  try {
    return await Promise.all(
      sources.map(async ({ name, read, follow }) => {
        const first = await read();
        if (!first.past) return tell(name, first, false);
        const shown = new Set<number>();
        // By number, since the clocks of two machines may differ.
        const known = first.past.events.at(-1)?.id ?? 0;
        const isNew = ({ id, events }: Story) => (events.at(-1)?.id ?? id) > known;
        const show = (past: Past, isOver: boolean) => {
          if (!isShownAtOnce) return;
          for (const story of storiesOf({ ...past, outside: [] })) {
            if (shown.has(story.id) || !isNew(story) || !(isOver || isSettled(story, past.now))) continue;
            shown.add(story.id);
            terminal.out(`${headOf(name, terminal)}${textOf(story, past.now, terminal)}\n`);
          }
        };
        let isHeard = false;
        const past = await follow(stopped.promise, (now) => {
          // Whoever waits for something to happen has to know from when on it is seen.
          if (!isHeard) terminal.err(`following ${name ?? "the sidecar"}; Ctrl-C ends it\n`);
          isHeard = true;
          show(now, false);
        });
        show(past, true);
        const told = tell(name, { past, outside: [], problem: undefined }, true);
        return { ...told, stories: told.stories.filter(isNew) };
      }),
    );
  } finally {
    restore?.();
  }
}
