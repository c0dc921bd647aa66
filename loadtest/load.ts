// Additional load by autocannon, which enters here and nowhere else. It makes pressure, not evidence: answers that end by
// FIN in the middle do not show in its error counts.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";

export interface LoadResult {
  readonly requests: number;
  readonly answered: number;
  /** As autocannon counts them. */
  readonly errors: number;
}

export interface Load {
  /** Resolves when its time has passed or it was stopped. */
  readonly ended: Promise<LoadResult>;
  /** Ends it, and resolves with what autocannon says of it. Joinable. */
  stop(): Promise<LoadResult>;
}

/** Sends GETs of `url` over `connections` kept-alive connections at `rate` per second, until it is stopped or `seconds` pass. */
export function startLoad(options: {
  readonly url: string;
  readonly connections: number;
  readonly rate: number;
  readonly seconds: number;
}): Load {
  const program = createRequire(import.meta.url).resolve("autocannon/autocannon.js");
  const { connections, rate, seconds, url } = options;
  const args = [
    "--connections",
    `${connections}`,
    "--overallRate",
    `${rate}`,
    "--duration",
    `${seconds}`,
    "--json",
    "--no-progress",
    url,
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const ended = once(child, "close").then((): LoadResult => {
    // Stopped before it had begun, it says nothing.
    if (text.trim() === "") return { requests: 0, answered: 0, errors: 0 };
    const {
      requests,
      errors,
      "2xx": answered,
    } = JSON.parse(text) as {
      requests: { sent: number };
      errors: number;
      "2xx": number;
    };
    return { requests: requests.sent, answered, errors };
  });
  return {
    ended,
    stop() {
      child.kill("SIGINT");
      return ended;
    },
  };
}
