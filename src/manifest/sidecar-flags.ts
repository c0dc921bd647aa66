// The options with which sluice runs in the Pod: what the manifest says, and what whoever injects says on top of that.

import type { Config } from "../config/config.ts";
import { formatDuration } from "../config/duration.ts";
import { readFlags } from "../config/flags.ts";
import { loadConfig } from "../config/load.ts";
import { type OptionKey, optionOf } from "../config/options.ts";
import { formatProblems } from "../config/problem.ts";

export interface SidecarFlags {
  /** As they go into the manifest: `--grace=30s`. */
  readonly args: readonly string[];
  readonly config: Config;
}

/** What `flags` name, so that nothing is derived for it. */
export function givenKeys(flags: readonly string[]): ReadonlySet<OptionKey> {
  return new Set(readFlags(flags).given.map(({ key }) => key));
}

/** Checked as `sluice run` checks them, the sum of the phases included; or what is wrong, in one line each. */
export async function sidecarFlags(
  derived: ReadonlyMap<OptionKey, string>,
  flags: readonly string[],
): Promise<SidecarFlags | { readonly problems: readonly string[] }> {
  const given = givenKeys(flags);
  if (given.has("config"))
    return { problems: ["--config: sluice has no file of yours in its container: give flags"] };
  const kept = [...derived].filter(
    ([key, text]) => !given.has(key) && (key === "grace" || optionOf(key).default !== text),
  );
  const ours = kept.map(([key, text]) => `--${key}=${text}`);
  const theirs = readFlags(flags).given.map(({ key, text }) => `--${key}=${text}`);
  const loaded = await loadConfig({
    argv: [...ours, ...flags],
    env: {},
    readFile: () => Promise.reject(new Error("there is no file")),
  });
  if (!("problems" in loaded)) return { args: [...ours, ...theirs], config: loaded.config };
  const [, ...lines] = formatProblems(loaded.problems).trimEnd().split("\n");
  return { problems: lines.map((line) => line.trim()) };
}

/** The Pod's grace as an option. */
export function graceFlag(seconds: number): string {
  return formatDuration(seconds * 1_000);
}
