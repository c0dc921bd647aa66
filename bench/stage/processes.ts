// The processes of a run, each pinned to a core, all ended with it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { processTree } from "./process-tree.ts";

export interface RunningProcess {
  readonly pid: number;
  /** Exit code (undefined: by signal) once it has ended. */
  readonly exited: Promise<number | undefined>;
  readonly isRunning: boolean;
  /** The end of what it said on standard error. */
  readonly trouble: string;
  /** Ends it and its descendants now; resolves when it is gone. Joinable. */
  kill(): Promise<void>;
}

export interface Processes {
  /** Starts a program on a core. One that cannot be started has exited. */
  start(core: number, command: readonly string[], onLine?: (line: string) => void): RunningProcess;
  /** Runs a program on a core to its end; resolves with what it wrote. Rejects for any exit code but 0. */
  run(core: number, command: readonly string[]): Promise<string>;
  /** Ends all that is left; nothing starts after it (`start` throws). */
  close(): Promise<void>;
}

/** `openFiles`: the limit of descriptors that each process gets. */
export function createProcesses(openFiles: number): Processes {
  const running = new Set<RunningProcess>();
  let isClosed = false;

  function launch(core: number, command: readonly string[]): ChildProcess {
    // Each of these replaces itself by the next one: the id is that of the command.
    const argv = [`--nofile=${openFiles}:${openFiles}`, "taskset", "-c", `${core}`, ...command];
    return spawn("prlimit", argv, {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  function start(core: number, command: readonly string[], onLine?: (line: string) => void): RunningProcess {
    // Whoever waits for a process that `close` has ended goes on, and would leave the next one behind.
    if (isClosed) throw new Error("the run is over");
    const child = launch(core, command);
    let trouble = "";
    let rest = "";
    let isRunning = true;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      trouble = (trouble + text).slice(-2_000);
    });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (!onLine) return;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    child.once("error", (error) => {
      trouble += error.message;
    });
    const exited = once(child, "close").then(
      ([code]) => code ?? undefined,
      () => 127,
    );
    const one: RunningProcess = {
      pid: child.pid ?? 0,
      exited,
      get isRunning() {
        return isRunning;
      },
      get trouble() {
        return trouble;
      },
      async kill() {
        if (isRunning && child.pid !== undefined)
          for (const member of processTree(child.pid)) send(member, "SIGKILL");
        await exited;
      },
    };
    running.add(one);
    void exited.then(() => {
      isRunning = false;
      running.delete(one);
    });
    return one;
  }

  return {
    start,
    async run(core, command) {
      let output = "";
      const child = start(core, command, (line) => {
        output += `${line}\n`;
      });
      const code = await child.exited;
      if (code !== 0)
        throw new Error(`${command[0]} ended with ${code ?? "a signal"}: ${child.trouble || output}`);
      return output;
    },
    async close() {
      isClosed = true;
      await Promise.all([...running].map((one) => one.kill()));
    },
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
