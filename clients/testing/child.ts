// A child process whose lines can be waited for.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child {
  /** Standard output and error, in the order of arrival. */
  readonly lines: string[] = [];
  readonly pid: number;
  readonly exited: Promise<Exit>;
  #waiters: { readonly wanted: RegExp; readonly resolve: (line: string) => void }[] = [];
  #seen = 0;
  readonly #kill: (signal: NodeJS.Signals) => void;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [file = "", ...args] = command;
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.pid = child.pid ?? 0;
    this.exited = once(child, "exit").then(([code, signal]) => ({ code, signal }));
    this.#kill = (signal) => void child.kill(signal);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#hear(line));
    }
  }

  /** The next line that matches, after those that earlier calls have returned. Rejects if the process ends before. */
  next(wanted: RegExp): Promise<string> {
    const index = this.lines.findIndex((line, at) => at >= this.#seen && wanted.test(line));
    const found = this.lines[index];
    if (found !== undefined) {
      this.#seen = index + 1;
      return Promise.resolve(found);
    }
    const heard = new Promise<string>((resolve) => this.#waiters.push({ wanted, resolve }));
    const ended = this.exited.then(() => {
      throw new Error(`ended before ${wanted}:\n${this.lines.join("\n")}`);
    });
    return Promise.race([heard, ended]);
  }

  /** Sends a signal; SIGKILL by default. Does nothing if the process has ended. */
  signal(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#kill(signal);
  }

  #hear(line: string): void {
    this.lines.push(line);
    const waiter = this.#waiters.find((each) => each.wanted.test(line));
    if (waiter === undefined) return;
    this.#waiters = this.#waiters.filter((each) => each !== waiter);
    this.#seen = this.lines.length;
    waiter.resolve(line);
  }
}
