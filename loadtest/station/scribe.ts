// The scribe of the apps in other Pods: what they execute comes in over TCP, a connection per life of an app, and is kept
// by run.

import { createServer, type Server } from "node:net";
import type { Execution } from "../record-file.ts";

export interface Scribe {
  /** Everything that was executed of this run so far. */
  executionsOf(run: string): readonly Execution[];
  /** Lives of apps that have reported, as HOST/SLOT/STARTED. */
  readonly lives: readonly string[];
  /** Lines that were not understood: a torn write, or a stranger. */
  readonly problems: readonly string[];
  readonly server: Server;
}

const REQUEST_ID = /^lt-([^-]+)-\d+$/;

/** Listens at `port` on every address. */
export function openScribe(port: number): Scribe {
  const runs = new Map<string, Execution[]>();
  const lives: string[] = [];
  const problems: string[] = [];

  function take(line: string, life: { file: string; version: string } | undefined): void {
    const [number, method, requestId = ""] = line.split(" ");
    const run = REQUEST_ID.exec(requestId)?.[1];
    if (life === undefined || run === undefined || method === undefined) {
      problems.push(`not understood: ${JSON.stringify(line.slice(0, 80))}`);
      return;
    }
    const executions = runs.get(run) ?? [];
    if (executions.length === 0) runs.set(run, executions);
    executions.push({ number: Number(number), method, requestId, ...life });
  }

  const server = createServer((socket) => {
    let rest = "";
    let life: { file: string; version: string } | undefined;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, file, version] = /^life (\S+) (\S+)$/.exec(line) ?? [];
        if (file === undefined || version === undefined) take(line, life);
        else {
          life = { file, version };
          lives.push(file);
        }
      }
    });
    // A killed app resets its connection; what it had written has come.
    socket.on("error", () => {});
    socket.once("close", () => {
      if (rest !== "") problems.push(`${life?.file}: the last line is torn: ${JSON.stringify(rest)}`);
    });
  }).listen(port);

  return { executionsOf: (run) => runs.get(run) ?? [], lives, problems, server };
}
