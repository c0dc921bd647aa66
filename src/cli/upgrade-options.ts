// The command line of `sluice upgrade`: every option checked before anything is asked of a cluster.

import { parseDuration } from "../config/duration.ts";
import { SluiceError } from "../errors.ts";
import { imageProblem, isMoving } from "../upgrade/image-name.ts";
import { parseShare } from "../upgrade/share.ts";
import { parseArguments } from "./arguments.ts";
import { CLUSTER_FLAGS } from "./cluster-flags.ts";

export interface UpgradeOptions {
  readonly workload: string;
  /** "pause": asks an upgrade that runs elsewhere. */
  readonly order: "upgrade" | "undo" | "status" | "pause";
  readonly image: string | undefined;
  readonly placeholder: string | undefined;
  readonly share: (pods: number) => number;
  readonly timeoutMs: number;
  readonly windowMs: number;
  readonly dryRun: boolean;
  readonly pause: boolean;
  readonly preflight: boolean;
  readonly pull: boolean;
  readonly updateTemplate: boolean;
  readonly retryNow: boolean;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
  /** The image's name can mean another one tomorrow. */
  readonly isMoving: boolean;
}

/** Throws USAGE. */
export function parseUpgrade(argv: readonly string[]): UpgradeOptions {
  const isStatus = argv[0] === "status";
  const { values, positionals } = parseArguments(
    isStatus ? argv.slice(1) : argv,
    {
      image: { type: "string" },
      placeholder: { type: "string" },
      parallel: { type: "string" },
      timeout: { type: "string" },
      "commit-window": { type: "string" },
      "dry-run": { type: "boolean" },
      pause: { type: "boolean" },
      undo: { type: "boolean" },
      preflight: { type: "boolean" },
      pull: { type: "boolean" },
      "update-template": { type: "boolean" },
      "retry-now": { type: "boolean" },
      ...CLUSTER_FLAGS,
    },
    ["WORKLOAD"],
  );
  const { image, placeholder, undo = false, pause = false } = values;
  const given = [image !== undefined && "--image", undo && "--undo"].filter(Boolean);
  if (isStatus && (given.length > 0 || pause))
    throw usage(`upgrade status only looks: it takes no ${given[0] ?? "--pause"}`);
  if (given.length > 1) throw usage("--undo goes back to what ran before: it takes no --image");
  if (!isStatus && given.length === 0 && !pause) throw usage("--image must be given, or --undo, or --pause");
  for (const name of [image, placeholder]) {
    const problem = name === undefined ? undefined : imageProblem(name);
    if (problem !== undefined) throw usage(problem);
  }
  const share = parseShare(values.parallel ?? "1");
  if (!share)
    throw usage(`--parallel takes a number of Pods or a share of them such as 25%, not ${values.parallel}`);
  return {
    workload: positionals[0] ?? "",
    order: isStatus ? "status" : undo ? "undo" : image === undefined ? "pause" : "upgrade",
    image,
    placeholder,
    share,
    timeoutMs: durationOf("--timeout", values.timeout ?? "2m", 1_000),
    windowMs: durationOf("--commit-window", values["commit-window"] ?? "30s", 0),
    dryRun: values["dry-run"] ?? false,
    pause,
    preflight: values.preflight ?? false,
    pull: values.pull ?? true,
    updateTemplate: values["update-template"] ?? false,
    retryNow: values["retry-now"] ?? false,
    context: values.context,
    namespace: values.namespace,
    isMoving: image !== undefined && isMoving(image),
  };
}

function durationOf(option: string, text: string, least: number): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < least || ms > 86_400_000)
    throw usage(`${option} takes a duration with a unit such as 30s, up to 24h, not ${text}`);
  return ms;
}

function usage(message: string): SluiceError {
  return new SluiceError("USAGE", message);
}
