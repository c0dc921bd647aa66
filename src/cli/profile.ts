// `sluice profile`: where the sidecar's own time or memory goes, as a file for Chrome's DevTools.

import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { parseDuration } from "../config/duration.ts";
import { SluiceError } from "../errors.ts";
import { parseArguments } from "./arguments.ts";
import { type Call, createControlClient } from "./control-client.ts";
import { DONE } from "./exit-code.ts";
import { CONTROL_OPTION, type Verb } from "./verb.ts";

interface Wanted {
  readonly kind: "cpu" | "allocations" | "heap";
  readonly extension: string;
  readonly call: Call;
}

export const profile: Verb = {
  name: "profile",
  usage: "--cpu DURATION | --allocations DURATION | --heap [--out FILE]",
  about:
    "Takes a profile of the sidecar itself, one at a time, and writes it to a file that Chrome's DevTools, VS Code or speedscope open.",
  options: [
    ["--cpu DURATION", "Samples where time goes, at most 60s: a .cpuprofile."],
    ["--allocations DURATION", "Samples what is allocated and still there, at most 60s: a .heapprofile."],
    ["--heap", "Everything on the heap: a .heapsnapshot. The sidecar stands still while it is made."],
    ["--out FILE", "Where to; default: sluice-TIME with the extension of the format, in this folder."],
    CONTROL_OPTION,
  ],
  examples: [
    ["profile --cpu 10s", "Why it is busy."],
    ["profile --allocations 30s", "What makes it grow, without standing still."],
    ["profile --heap --out before.heapsnapshot", "One of two to compare."],
  ],
  async run(argv, terminal) {
    const { values } = parseArguments(argv, {
      cpu: { type: "string" },
      allocations: { type: "string" },
      heap: { type: "boolean" },
      out: { type: "string" },
      control: { type: "string" },
    });
    const { kind, extension, call } = wantedOf(values);
    const client = createControlClient(values.control ?? terminal.env.SLUICE_CONTROL);
    const file = values.out ?? `sluice-${new Date().toISOString().replaceAll(/[:.]/g, "-")}${extension}`;
    const body = client.body(`/v1/profiles/${kind}`, { ...call, method: "POST" });
    // A refusal comes before there is a file.
    const first = await body.next();
    let bytes = 0;
    try {
      await pipeline(
        async function* () {
          if (!first.done) yield first.value;
          bytes += first.done ? 0 : first.value.length;
          for await (const chunk of body) {
            bytes += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(file, { flags: "wx" }),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST")
        throw new SluiceError("USAGE", `${file} exists already`, { cause: error });
      // Half a profile is none.
      await rm(file, { force: true });
      throw error;
    }
    terminal.out(`${file}: ${bytes} bytes\n`);
    return DONE;
  },
};

function wantedOf(values: {
  readonly cpu?: string | undefined;
  readonly allocations?: string | undefined;
  readonly heap?: boolean | undefined;
}): Wanted {
  const { cpu, allocations, heap = false } = values;
  const given = [cpu !== undefined, allocations !== undefined, heap].filter(Boolean).length;
  if (given !== 1)
    throw new SluiceError("USAGE", "one of --cpu, --allocations and --heap must be given, and only one");
  if (heap) return { kind: "heap", extension: ".heapsnapshot", call: {} };
  const duration = cpu ?? allocations ?? "";
  if (parseDuration(duration) === undefined)
    throw new SluiceError("USAGE", `a profile takes a duration with a unit such as 10s, not ${duration}`);
  return cpu === undefined
    ? { kind: "allocations", extension: ".heapprofile", call: { body: { duration } } }
    : { kind: "cpu", extension: ".cpuprofile", call: { body: { duration } } };
}
