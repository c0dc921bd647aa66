// Workloads to upgrade, from the manifests of k8s/, in a namespace of their own; a client that presses on a Service; and the command
// line as a process.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { type ApiClient, createApiClient } from "../../src/cluster/api-client.ts";
import { loadCredentials } from "../../src/cluster/credentials.ts";
import { findCluster } from "../../src/cluster/kubeconfig-files.ts";
import { isReady, type Pod } from "../../src/cluster/objects.ts";
import { watchPods } from "../../src/cluster/pod-watch.ts";
import { podsOf } from "../../src/cluster/workload.ts";
import { imagesFrom } from "./harness/images.ts";

const ROOT = join(import.meta.dirname, "../..");
export const IMAGES = imagesFrom(process.env);
export const PLACEHOLDER = process.env.SLUICE_PAUSE_IMAGE ?? "localhost/sluice-cluster/pause:1";

export interface Told {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves when the output has the text. */
  says(text: string | RegExp): Promise<void>;
  readonly ended: Promise<Told>;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The role that docs/upgrade.md shows. */
export function documentedRole(): { readonly rules: readonly Rule[] } {
  const text = readFileSync(join(ROOT, "docs/upgrade.md"), "utf8");
  const block = /```yaml\n(apiVersion: rbac[\s\S]*?)```/.exec(text)?.[1];
  if (block === undefined) throw new Error("docs/upgrade.md shows no role");
  return parse(block) as { readonly rules: readonly Rule[] };
}

export interface Ground {
  readonly client: ApiClient;
  readonly namespace: string;
  /** Applies a manifest of k8s/ under another name; resolves when all its Pods are ready. */
  deploy(file: string, name: string, replicas: number): Promise<void>;
  pods(name: string): Promise<readonly Pod[]>;
  /** Runs `sluice` with these words and `-n`. */
  start(words: readonly string[], env?: NodeJS.ProcessEnv): Running;
  sluice(...words: readonly string[]): Promise<Told>;
  /** The environment of somebody who may do what the rules say, in this namespace. */
  kubeconfigFor(name: string, rules: readonly Rule[]): Promise<NodeJS.ProcessEnv>;
  /** Sends requests to the Service of `name` until it is asked for the count. */
  press(name: string): Promise<{ stop(): Promise<{ ok: number; failed: number; why: string }> }>;
  close(): Promise<void>;
}

export async function openGround(): Promise<Ground> {
  if (!process.env.KUBECONFIG) throw new Error("KUBECONFIG is not set: the cluster tests need a cluster");
  const config = await findCluster(process.env, undefined);
  const client = createApiClient(config, await loadCredentials(config, process.env));
  const namespace = `upgrade-${Math.random().toString(36).slice(2, 7)}`;
  const folder = mkdtempSync(join(tmpdir(), "sluice-upgrade-"));
  const at = (group: string, resource: string) => ({ group, version: "v1", resource, namespace });
  await call("POST", "/api/v1/namespaces", {
    metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  const watch = await watchPods(
    client,
    namespace,
    {},
    () => true,
    () => {},
  );
  const within = (ms: number) => AbortSignal.timeout(ms);
  // Pods cannot be made before the namespace has its service account.
  for (const limit = within(30_000); ; limit.throwIfAborted()) {
    const found = await client.get(at("", "serviceaccounts"), "default").catch(() => undefined);
    if (found) break;
  }

  /** Namespaces are not namespaced: the one call that the client has no way for. */
  async function call(method: "POST" | "DELETE", path: string, body?: unknown): Promise<void> {
    const child = spawn(
      "kubectl",
      method === "POST" ? ["create", "-f", "-"] : ["delete", "ns", path, "--wait=false"],
    );
    child.stdin.end(JSON.stringify({ apiVersion: "v1", kind: "Namespace", ...(body as object) }));
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`${method} ${path}: kubectl ended with ${code}`);
  }

  function start(words: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
    const args = [join(ROOT, "src/cli/main.ts"), ...words, "-n", namespace];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    const listeners = new Set<() => void>();
    const hear = (text: string, where: "out" | "err") => {
      if (where === "out") out += text;
      else err += text;
      for (const listener of [...listeners]) listener();
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => hear(text, "out"));
    child.stderr.setEncoding("utf8").on("data", (text: string) => hear(text, "err"));
    const ended = new Promise<Told>((resolve) =>
      child.on("close", (exitCode) => resolve({ exitCode, out, err })),
    );
    return {
      child,
      ended,
      says(text) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const look = () => {
          if (typeof text === "string" ? out.includes(text) : text.test(out)) resolve();
        };
        listeners.add(look);
        look();
        void ended.then((told) =>
          reject(new Error(`it ended without saying ${text}: ${told.out}${told.err}`)),
        );
        return promise.finally(() => listeners.delete(look));
      },
    };
  }

  const own = (name: string) =>
    watch.pods().filter(({ metadata }) => metadata.labels?.app === name && !metadata.deletionTimestamp);

  return {
    client,
    namespace,
    async deploy(file, name, replicas) {
      for (const object of manifest(file, name, replicas)) {
        const [group, resource] = COLLECTIONS[object.kind] ?? [];
        if (group === undefined || resource === undefined) continue;
        await client.create(at(group, resource), object);
      }
      const ready = () => own(name).length === replicas && own(name).every(isReady);
      await watch.until(() => (ready() ? true : undefined), within(120_000));
    },
    pods: async (name) => {
      const { items } = await client.list<Pod>(podsOf(namespace), { labelSelector: `app=${name}` });
      return items.filter(({ metadata }) => !metadata.deletionTimestamp);
    },
    start,
    async kubeconfigFor(name, rules) {
      const rbac = "rbac.authorization.k8s.io";
      const metadata = { name, namespace };
      await client.create(at("", "serviceaccounts"), { metadata });
      await client.create(at(rbac, "roles"), { metadata, rules });
      await client.create(at(rbac, "rolebindings"), {
        metadata,
        roleRef: { apiGroup: rbac, kind: "Role", name },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      });
      const { status } = await client.create<{ status: { token: string } }>(
        at("", `serviceaccounts/${name}/token`),
        {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: {},
        },
      );
      const path = join(folder, name);
      const named = (key: string, value: unknown) => [{ name: "test", [key]: value }];
      const authority = client.credentials.tls.ca?.toString("base64");
      writeFileSync(
        path,
        JSON.stringify({
          apiVersion: "v1",
          kind: "Config",
          "current-context": "test",
          contexts: named("context", { cluster: "test", user: "test" }),
          clusters: named("cluster", { server: config.server.href, "certificate-authority-data": authority }),
          users: named("user", { token: status.token }),
        }),
      );
      return { ...process.env, KUBECONFIG: path };
    },
    sluice: (...words) => start(words).ended,
    async press(name) {
      const service = await client.get<{ spec: { clusterIP: string } }>(at("", "services"), name);
      const pod = `press-${name}`;
      await client.create(podsOf(namespace), pressPod(pod, service.spec.clusterIP));
      await watch.until(
        () => (watch.pod(pod) && isReady(watch.pod(pod)!) ? true : undefined),
        within(60_000),
      );
      return {
        async stop() {
          // Its last line is the count; it is written at SIGTERM, and kept as the container's message of termination.
          await client.patch(
            podsOf(namespace),
            pod,
            { spec: { activeDeadlineSeconds: 1 } },
            "strategic-merge",
          );
          const ended = () => watch.pod(pod)?.status?.containerStatuses?.[0]?.state?.terminated?.message;
          return JSON.parse(await watch.until(ended, within(60_000))) as {
            ok: number;
            failed: number;
            why: string;
          };
        },
      };
    },
    async close() {
      watch.close();
      client.close();
      rmSync(folder, { recursive: true });
      await call("DELETE", namespace);
    },
  };
}

const COLLECTIONS: Readonly<Record<string, readonly [string, string]>> = {
  Service: ["", "services"],
  Deployment: ["apps", "deployments"],
  StatefulSet: ["apps", "statefulsets"],
};

interface Manifest {
  readonly kind: string;
  readonly spec: {
    replicas?: number;
    template?: {
      spec: {
        initContainers: { image: string }[];
        containers: { name: string; image: string; args?: string[]; volumeMounts: unknown[] }[];
        volumes: { name: string; emptyDir: unknown }[];
      };
    };
  };
}

/** The recording app needs a place to write; it is a memory volume here, since nobody reads it. */
function manifest(file: string, name: string, replicas: number): readonly Manifest[] {
  const text = readFileSync(join(ROOT, "k8s", file), "utf8");
  const [example = ""] = /(?<=^ {2}name: ).*/m.exec(text) ?? [];
  const renamed = text.replaceAll(new RegExp(`(name|app|serviceName): ${example}\\b`, "g"), `$1: ${name}`);
  const objects = parseAllDocuments(renamed).map((document) => document.toJS() as Manifest);
  for (const { spec } of objects) {
    if (!spec.template) continue;
    const pod = spec.template.spec;
    spec.replicas = replicas;
    for (const sidecar of pod.initContainers) sidecar.image = IMAGES.sluice;
    for (const container of pod.containers) {
      container.image = container.name === "app" ? IMAGES.app("v1") : PLACEHOLDER;
      container.args = [`--record=/record/${container.name}`];
      container.volumeMounts = [...container.volumeMounts, { name: "record", mountPath: "/record" }];
    }
    pod.volumes.push({ name: "record", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } });
  }
  return objects;
}

const PRESS = `
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
let ok = 0, failed = 0, why = "";
const lose = (reason) => { failed++; why ||= "request " + number + ": " + reason; };
let stopped = false;
function ask(number) {
  const question = http.request({ host: process.env.HOST, port: 80, path: "/echo", method: number % 2 ? "POST" : "GET", agent }, (answer) => {
    answer.resume();
    answer.on("end", () => (answer.statusCode < 500 ? ok++ : lose("status " + answer.statusCode)));
    answer.on("error", (error) => lose(error.message));
  });
  question.on("error", (error) => lose(error.message));
  question.end(number % 2 ? "hello" : undefined);
}
let number = 0;
let timer;
// kube-proxy learns of a new Service up to a second after the Pod is ready: what counts begins with the first answer.
(function reach() {
  http.get({ host: process.env.HOST, port: 80, path: "/", agent: false }, (answer) => {
    answer.resume();
    require("node:fs").writeFileSync("/tmp/reached", "");
    timer = setInterval(() => ask(number++), 10);
  }).on("error", () => setTimeout(reach, 50));
})();
process.on("SIGTERM", () => {
  if (stopped) return;
  stopped = true;
  clearInterval(timer);
  const wait = () => (ok + failed < number ? setTimeout(wait, 20) : (require("node:fs").writeFileSync("/dev/termination-log", JSON.stringify({ ok, failed, why })), process.exit(0)));
  wait();
});
`;

function pressPod(name: string, host: string): unknown {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: "Never",
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "press",
          image: IMAGES.tools,
          imagePullPolicy: "IfNotPresent",
          command: ["/usr/local/bin/node", "-e", PRESS],
          env: [{ name: "HOST", value: host }],
          readinessProbe: { exec: { command: ["/usr/bin/test", "-e", "/tmp/reached"] }, periodSeconds: 1 },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}
