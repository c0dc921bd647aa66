// A process in the part of a container: it is started, killed and stopped as the kubelet would.

import { type ChildProcess, spawn } from "node:child_process";

export interface Container {
  readonly pid: number;
  /** Resolves once the process has ended: its exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts node on `file`. `onTrouble` hears what it says on standard error. */
export function startContainer(
  file: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onTrouble: (text: string) => void,
): Container {
  const child: ChildProcess = spawn(process.execPath, [file.pathname, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr?.setEncoding("utf8").on("data", onTrouble);
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 0));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}
