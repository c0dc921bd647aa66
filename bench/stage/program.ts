// The programs that are not ours, and where Debian has them.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface Program {
  readonly command: string;
  readonly debianPackage: string;
}

export const NGINX: Program = { command: "nginx", debianPackage: "nginx" };
export const HAPROXY: Program = { command: "haproxy", debianPackage: "haproxy" };
export const WRK: Program = { command: "wrk", debianPackage: "wrk" };
export const H2LOAD: Program = { command: "h2load", debianPackage: "nghttp2-client" };
export const TASKSET: Program = { command: "taskset", debianPackage: "util-linux" };
export const PRLIMIT: Program = { command: "prlimit", debianPackage: "util-linux" };

/** Servers are in sbin, which is not on everybody's path. */
const BESIDES = ["/usr/sbin", "/sbin"];

function isInstalled(program: Program, path: string): boolean {
  return [...path.split(delimiter), ...BESIDES].some((folder) => {
    try {
      accessSync(join(folder, program.command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What to do about programs that are not there; undefined if all are. */
export function missingPrograms(programs: readonly Program[], path: string): string | undefined {
  const missing = [...new Set(programs)].filter((program) => !isInstalled(program, path));
  if (missing.length === 0) return undefined;
  const commands = missing.map(({ command }) => command).join(", ");
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))].join(" ");
  return `not installed: ${commands}. On Debian: apt-get install ${packages}`;
}
