// A program of a judge that runs beside the test and says things line by line.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Program {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};
  #isOver = false;
  stderr = "";

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#child.stderr!.on("data", (part: Buffer) => {
      this.stderr += part.toString();
    });
    this.#child.on("close", () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** The next line; throws if the program has ended without one. */
  async line(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#isOver) throw new Error(`the program has ended: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  end(): void {
    this.#child.kill();
  }
}
