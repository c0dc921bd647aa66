// A child process whose standard output is JSON lines: sluice's log, or what the recording app says.

import { spawn } from "node:child_process";

export interface ChildLine {
  /** By performance.now() when it was read, ms. */
  readonly at: number;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly at: number;
}

export interface Child {
  readonly pid: number;
  readonly lines: readonly ChildLine[];
  readonly exited: Promise<ChildExit>;
  readonly isRunning: boolean;
  kill(signal: NodeJS.Signals): void;
  /** The first line, past or to come, that `matches`; rejects when the process ends or `timeoutMs` pass without it. */
  line(matches: (value: ChildLine["value"]) => boolean, timeoutMs: number): Promise<ChildLine>;
}

interface Waiter {
  readonly matches: (value: ChildLine["value"]) => boolean;
  readonly resolve: (line: ChildLine) => void;
  readonly reject: (error: Error) => void;
}

/** Starts node on `args`, `under` another program if given. What it says on standard error is kept for error messages. */
export function startChild(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  under: readonly string[] = [],
): Child {
  const [program = process.execPath, ...argv] = [...under, process.execPath, ...args];
  const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: ChildLine[] = [];
  const waiters = new Set<Waiter>();
  let rest = "";
  let trouble = "";
  let isRunning = true;

  function take(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      trouble += `${text}\n`;
      return;
    }
    const line: ChildLine = { at: performance.now(), value: value as ChildLine["value"] };
    lines.push(line);
    for (const waiter of [...waiters]) {
      if (!waiter.matches(line.value)) continue;
      waiters.delete(waiter);
      waiter.resolve(line);
    }
  }

  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part !== "") take(part);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    trouble = (trouble + text).slice(-4_000);
  });

  const exited = new Promise<ChildExit>((resolve) => {
    let at = 0;
    child.once("exit", () => {
      at = performance.now();
      isRunning = false;
    });
    child.once("close", (code, signal) => {
      for (const waiter of waiters)
        waiter.reject(new Error(`the process ended (${code ?? signal}) before it said so\n${trouble}`));
      waiters.clear();
      resolve({ code, signal, at });
    });
  });

  return {
    pid: child.pid ?? 0,
    lines,
    exited,
    get isRunning() {
      return isRunning;
    },
    kill(signal) {
      if (isRunning) child.kill(signal);
    },
    line(matches, timeoutMs) {
      const past = lines.find(({ value }) => matches(value));
      if (past) return Promise.resolve(past);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`not said within ${timeoutMs} ms: ${matches}\n${trouble}`));
        }, timeoutMs);
        const waiter: Waiter = {
          matches,
          resolve(line) {
            clearTimeout(timer);
            resolve(line);
          },
          reject(error) {
            clearTimeout(timer);
            reject(error);
          },
        };
        if (isRunning) waiters.add(waiter);
        else waiter.reject(new Error(`the process has ended\n${trouble}`));
      });
    },
  };
}
