// The cluster's API, reached through `kubectl proxy`, which knows every way of KUBECONFIG to log in.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

export interface Api {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** A strategic merge patch. */
  patch<T>(path: string, body: unknown): Promise<T>;
  remove(path: string, options?: { readonly gracePeriodSeconds?: number }): Promise<void>;
  /** GET as text. */
  text(path: string): Promise<string>;
  /** Status and text of any call, whatever the status. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>;
  /** GET as lines, until the server or `signal` ends it; rejects if it does not begin. */
  lines(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Resolves once the proxy listens; rejects without KUBECONFIG: a cluster test that does not run is no test. */
export async function openApi(kubeconfig: string | undefined): Promise<Api> {
  if (!kubeconfig) throw new Error("KUBECONFIG is not set: the cluster tests need a cluster");
  const child = spawn("kubectl", ["proxy", "--port=0"], { stdio: ["ignore", "pipe", "pipe"] });
  const base = await new Promise<string>((resolve, reject) => {
    let trouble = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      trouble += text;
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`kubectl proxy ended with ${code}: ${trouble}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const address = /Starting to serve on (\S+)/.exec(line)?.[1];
      if (address) resolve(`http://${address}`);
    });
  });

  async function call(
    method: string,
    path: string,
    body?: unknown,
    type = "application/json",
  ): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${base}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": type } }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  async function ask<T>(method: string, path: string, body?: unknown, type?: string): Promise<T> {
    const { status, text } = await call(method, path, body, type);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  return {
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    patch: (path, body) => ask("PATCH", path, body, "application/strategic-merge-patch+json"),
    async remove(path, options = {}) {
      await ask("DELETE", path, { kind: "DeleteOptions", apiVersion: "v1", ...options });
    },
    async text(path) {
      const { status, text } = await call("GET", path);
      if (status >= 400) throw new Error(`GET ${path}: ${status} ${text.slice(0, 500)}`);
      return text;
    },
    call,
    async lines(path, onLine, signal) {
      const answer = await fetch(`${base}${path}`, { signal });
      if (!answer.ok || !answer.body)
        throw new Error(`GET ${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
      const input = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
      for await (const line of createInterface({ input })) onLine(line);
    },
    close() {
      child.removeAllListeners("exit");
      child.kill("SIGTERM");
    },
  };
}
