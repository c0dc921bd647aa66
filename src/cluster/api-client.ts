// REST with a Kubernetes API server over node:https. Plain JSON objects in and out; what they hold is the callers' business.

import { Agent as HttpAgent, type IncomingMessage, request as requestPlain } from "node:http";
import { Agent, request as requestTls } from "node:https";
import { setTimeout as after } from "node:timers/promises";
import { SluiceError } from "../errors.ts";
import type { Credentials } from "./credentials.ts";
import {
  ApiRefusal,
  type Asked,
  asking,
  ClusterUnreachable,
  isPassing,
  NotAllowed,
  reasonOf,
  refuse,
} from "./failure.ts";
import type { ClusterConfig } from "./kubeconfig.ts";
import { pathOf, queryOf, type Resource } from "./resource.ts";

export type PatchType = "strategic-merge" | "merge";

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ApiClient {
  readonly config: ClusterConfig;
  readonly credentials: Credentials;
  /** Its connections, through the kubeconfig's proxy if there is one. */
  readonly agent: HttpAgent;
  /** Each rejects with ClusterUnreachable, NotAllowed or ApiRefusal. */
  get<T>(resource: Resource, name: string): Promise<T>;
  list<T>(
    resource: Resource,
    selection?: Selection,
  ): Promise<{ readonly items: readonly T[]; readonly version: string }>;
  create<T>(resource: Resource, object: unknown, options?: { readonly dryRun?: boolean }): Promise<T>;
  replace<T>(resource: Resource, name: string, object: unknown): Promise<T>;
  patch<T>(resource: Resource, name: string, patch: unknown, type: PatchType): Promise<T>;
  remove(resource: Resource, name: string): Promise<void>;
  /** Such as "v1.34.4"; empty where the server does not say. */
  serverVersion(): Promise<string>;
  /** What happens after `version`, until the server ends the watch (some minutes) or the signal comes. `onOpen`: it is allowed, and has begun. */
  watch<T>(
    resource: Resource,
    selection: Selection,
    version: string,
    signal: AbortSignal,
    onOpen?: () => void,
  ): AsyncGenerator<WatchEvent<T>, void, void>;
  /** From now on a server that is away is waited for, up to `ms` a call: a running upgrade outlives its restart. */
  bePatient(ms: number): void;
  close(): void;
}

/** An answer to an ordinary call is late after so long, ms. */
const ANSWER_WITHIN_MS = 30_000;
const RETRY_EVERY_MS = 500;
const MIME = {
  "strategic-merge": "application/strategic-merge-patch+json",
  merge: "application/merge-patch+json",
} as const;

interface Question {
  readonly method: string;
  readonly path: string;
  readonly asked: Asked;
  readonly body?: unknown;
  readonly type?: string;
}

export function createApiClient(config: ClusterConfig, credentials: Credentials): ApiClient {
  const isTls = config.server.protocol === "https:";
  const proxyEnv =
    config.proxy === undefined ? undefined : { HTTP_PROXY: config.proxy, HTTPS_PROXY: config.proxy };
  const options = { keepAlive: true, ...(proxyEnv ? { proxyEnv } : {}) };
  const agent = isTls ? new Agent({ ...options, ...credentials.tls }) : new HttpAgent(options);
  let patienceMs = 0;

  async function open(question: Question, signal: AbortSignal): Promise<IncomingMessage> {
    const authorization = await credentials.authorization();
    const body = question.body === undefined ? undefined : JSON.stringify(question.body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = (isTls ? requestTls : requestPlain)(
      new URL(config.server.pathname.replace(/\/$/, "") + question.path, config.server),
      {
        method: question.method,
        agent,
        signal,
        headers: {
          accept: "application/json",
          "user-agent": "sluice",
          ...(authorization === undefined ? {} : { authorization }),
          ...(body === undefined
            ? {}
            : {
                "content-type": question.type ?? "application/json",
                "content-length": Buffer.byteLength(body),
              }),
        },
      },
      resolve,
    );
    sent.on("error", reject);
    sent.end(body);
    return promise;
  }

  async function attempt<T>(question: Question): Promise<T> {
    let text = "";
    let status: number;
    try {
      const answer = await open(question, AbortSignal.timeout(ANSWER_WITHIN_MS));
      status = answer.statusCode ?? 0;
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
    } catch (cause) {
      throw unreachable(cause);
    }
    if (status < 200 || status > 299) refuse(status, text, question.asked);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new ClusterUnreachable(
        `${config.server.host} does not answer as a Kubernetes API server does: ${JSON.stringify(text.slice(0, 100))}`,
        { cause },
      );
    }
  }

  async function call<T>(question: Question): Promise<T> {
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      try {
        return await attempt<T>(question);
      } catch (error) {
        // A create that got lost may have been carried out; whoever creates names the object, and finds it there.
        if (!isPassing(error) || performance.now() > giveUpAt) throw error;
        await after(RETRY_EVERY_MS);
      }
    }
  }

  function unreachable(cause: unknown): unknown {
    // A credential that cannot be had is told as what it is.
    if (!(cause instanceof Error) || cause instanceof SluiceError) return cause;
    return new ClusterUnreachable(
      `the cluster at ${config.server.host} cannot be reached: ${reasonOf(cause)}`,
      { cause },
    );
  }

  return {
    config,
    credentials,
    agent,
    get: (resource, name) =>
      call({ method: "GET", path: pathOf(resource, name), asked: asking("get", resource) }),
    async list<T>(resource: Resource, selection: Selection = {}) {
      const path = `${pathOf(resource)}${queryOf({ ...selection })}`;
      const answer = await call<{
        readonly items?: readonly T[];
        readonly metadata?: { readonly resourceVersion?: string };
      }>({
        method: "GET",
        path,
        asked: asking("list", resource),
      });
      return { items: answer.items ?? [], version: answer.metadata?.resourceVersion ?? "" };
    },
    create: (resource, object, { dryRun = false } = {}) =>
      call({
        method: "POST",
        path: `${pathOf(resource)}${queryOf(dryRun ? { dryRun: "All" } : {})}`,
        body: object,
        asked: asking("create", resource),
      }),
    replace: (resource, name, object) =>
      call({ method: "PUT", path: pathOf(resource, name), body: object, asked: asking("update", resource) }),
    patch: (resource, name, patch, type) =>
      call({
        method: "PATCH",
        path: pathOf(resource, name),
        body: patch,
        type: MIME[type],
        asked: asking("patch", resource),
      }),
    async remove(resource, name) {
      await call({ method: "DELETE", path: pathOf(resource, name), asked: asking("delete", resource) });
    },
    async serverVersion() {
      const asked = { verb: "get", resource: "/version", namespace: undefined };
      const { gitVersion = "" } = await call<{ readonly gitVersion?: string }>({
        method: "GET",
        path: "/version",
        asked,
      });
      return gitVersion;
    },
    async *watch<T>(
      resource: Resource,
      selection: Selection,
      version: string,
      signal: AbortSignal,
      onOpen: () => void = () => {},
    ) {
      const query = queryOf({
        ...selection,
        watch: "true",
        resourceVersion: version,
        allowWatchBookmarks: "true",
      });
      let rest = "";
      try {
        const answer = await open(
          { method: "GET", path: `${pathOf(resource)}${query}`, asked: asking("watch", resource) },
          signal,
        );
        answer.setEncoding("utf8");
        if (answer.statusCode !== 200) {
          let text = "";
          for await (const chunk of answer) text += chunk;
          refuse(answer.statusCode ?? 0, text, asking("watch", resource));
        }
        onOpen();
        for await (const chunk of answer) {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) if (line !== "") yield JSON.parse(line) as WatchEvent<T>;
        }
      } catch (cause) {
        if (signal.aborted) return;
        if (cause instanceof ApiRefusal || cause instanceof NotAllowed) throw cause;
        throw unreachable(cause);
      }
    },
    bePatient(ms) {
      patienceMs = ms;
    },
    close: () => agent.destroy(),
  };
}
