// What a run was made with.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** To be asked before a run: the load average says how much else was going on. */
export function describeMachine(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  return `${cpus().length} cores of ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, load average ${loadavg()[1]?.toFixed(1)} before the run`;
}

/** The version in what a program says of itself; undefined if it does not run. */
function versionOf(command: string, flag: string): string | undefined {
  try {
    // nginx says it on standard error.
    const text = execFileSync("sh", ["-c", `PATH=$PATH:/usr/sbin:/sbin ${command} ${flag} 2>&1 || true`], {
      encoding: "utf8",
    });
    return /\d+\.\d+(\.\d+)?\S*/.exec(text)?.[0];
  } catch {
    return undefined;
  }
}

function packageVersion(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function commit(): string {
  try {
    const cwd = new URL("../..", import.meta.url);
    const head = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd, encoding: "utf8" }).trim();
    const changed = execFileSync("git", ["status", "--porcelain", "src"], { cwd, encoding: "utf8" }) !== "";
    return changed ? `${head} with changes` : head;
  } catch {
    return "unknown commit";
  }
}

/** Programs and packages that took part, with their versions. */
export function describeVersions(): string[] {
  const programs = [
    ["nginx", "-v"],
    ["haproxy", "-v"],
    ["wrk", "-v"],
    ["h2load", "--version"],
  ] as const;
  return [
    `sluice at ${commit()}`,
    `Node ${process.version}`,
    ...programs.flatMap(([command, flag]) => {
      const version = versionOf(command, flag);
      return version === undefined ? [] : [`${command} ${version}`];
    }),
    ...["http-proxy-3", "@fastify/http-proxy", "undici"].map((name) => `${name} ${packageVersion(name)}`),
  ];
}
