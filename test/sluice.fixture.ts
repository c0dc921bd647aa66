// A real sluice as a process of its own, and an app that shakes hands with it, for tests of whole processes.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = new URL("..", import.meta.url).pathname;

export interface Finished {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Process {
  readonly child: ChildProcess;
  /** Resolves with the first match in what was printed so far or will be; rejects if the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  readonly finished: Promise<Finished>;
}

/** Starts `node ...argv` with nothing of SLUICE_ in its environment but what `env` says. */
export function startNode(argv: readonly string[], env: Record<string, string> = {}, cwd = ROOT): Process {
  return startProcess(process.execPath, argv, env, cwd);
}

/** The same for any program. */
export function startProcess(
  program: string,
  argv: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Process {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_"));
  const child = spawn(program, argv, {
    cwd,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...env },
  });
  const waiting = new Set<() => void>();
  let out = "";
  let err = "";
  let ended = false;
  const hear = () => {
    for (const look of [...waiting]) look();
  };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    out += chunk;
    hear();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    err += chunk;
    hear();
  });
  const finished = once(child, "close").then(([exitCode, signal]): Finished => {
    ended = true;
    hear();
    return { exitCode, signal, out, err };
  });
  return {
    child,
    finished,
    printed(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
      const look = () => {
        const found = pattern.exec(out + err);
        if (!found && !ended) return;
        waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`the process ended without ${pattern}:\n${out}${err}`));
      };
      waiting.add(look);
      look();
      return promise;
    },
  };
}

export interface Sluice extends Process {
  readonly listen: number;
  readonly ops: number;
  /** Path of the control socket. */
  readonly control: string;
}

/** Starts `node ...argv` with free ports, and waits until it listens. `folder` must exist; the control socket is made in it. */
export async function startSluice(argv: readonly string[], folder: string, cwd = ROOT): Promise<Sluice> {
  const control = join(folder, "control.sock");
  const ports = ["--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--control", control];
  const started = startNode([...argv, ...ports], {}, cwd);
  const [, listen, ops] = await started.printed(/listens on \S+:(\d+), ops on \S+:(\d+)/);
  return { ...started, listen: Number(listen), ops: Number(ops), control };
}

/** A folder that is gone, with the rest of the test, when `cleanUp` runs. */
export function createCleanUp() {
  const undo: (() => unknown)[] = [];
  return {
    folder(): string {
      const path = mkdtempSync(join(tmpdir(), "sluice-test-"));
      undo.unshift(() => rmSync(path, { recursive: true, force: true }));
      return path;
    },
    /** The process is killed at the end, if it still runs. */
    async ended<P extends Process>(starting: P | Promise<P>): Promise<P> {
      const process = await starting;
      undo.unshift(() => {
        process.child.kill("SIGKILL");
        return process.finished;
      });
      return process;
    },
    later(what: () => unknown): void {
      undo.unshift(what);
    },
    async run(): Promise<void> {
      for (const what of undo.splice(0)) await what();
    },
  };
}

/** A server on a free port of 127.0.0.1. */
export async function startServer(
  answer: RequestListener,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** One call of the control API over its socket; the answer's body may still be coming. */
function callControl(control: string, method: string, path: string, body?: object): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const question = request({ socketPath: control, method, path, agent: false }, resolve);
  question.on("error", reject);
  question.end(body && JSON.stringify(body));
  return promise;
}

/**
 * Shakes hands for an app, with SIGTERM and reload declared, and answers each reload as `onReload` says. Resolves once
 * accepted; returns the way to lose the lifeline.
 */
export async function shakeHands(
  control: string,
  slot: string,
  version: string,
  onReload: () => { readonly ok: boolean; readonly reason: string } = () => ({ ok: true, reason: "" }),
): Promise<() => void> {
  const answer = await callControl(control, "POST", `/v1/slots/${slot}/handshake`, {
    version,
    instance: `instance-of-${version}`,
    signals: ["SIGTERM", "reload"],
  });
  const accepted = Promise.withResolvers<void>();
  // Without the listener, the reset of a killed sluice would be thrown.
  answer.on("error", () => {});
  createInterface({ input: answer })
    .on("error", () => {})
    .on("line", async (text) => {
      const line = JSON.parse(text);
      if (line.type === "accepted") accepted.resolve();
      if (line.type !== "reload") return;
      const outcome = await callControl(control, "POST", `/v1/slots/${slot}/commands/${line.id}`, onReload());
      outcome.resume();
    })
    .on("close", () => accepted.reject(new Error(`the handshake of ${version} was not accepted`)));
  await accepted.promise;
  return () => answer.destroy();
}
