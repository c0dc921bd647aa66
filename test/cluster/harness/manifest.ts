// The manifests under test are those of k8s/, with the recording app in place of the example; beside them the same app
// without sluice, as people run it today.

import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import { type Engine, engineFrom } from "./engines.ts";
import type { Images } from "./images.ts";

export type Dress =
  | "native"
  | "classic"
  | "two-slots"
  /** No sluice, and an app that exits at once on SIGTERM. */
  | "alone"
  /** No sluice; the app finishes what is in flight. */
  | "graceful"
  /** No sluice; graceful, and `preStop: sleep 5`. */
  | "sleep";

export interface Wish {
  /** Of Deployment and Service, and the label `app`. */
  readonly name: string;
  readonly dress: Dress;
  readonly replicas: number;
  readonly tag: string;
  /** What the app does on SIGTERM; with sluice the worst of manners by default: it exits at once. */
  readonly manner?: "at-once" | "graceful" | "slow" | "deaf";
  readonly engine?: Engine;
  /** Further flags of sluice. */
  readonly flags?: readonly string[];
  readonly graceSeconds?: number;
  readonly appEnv?: Readonly<Record<string, string>>;
  readonly appCommand?: readonly string[];
  readonly sharePids?: boolean;
  /** Also the PodDisruptionBudget. */
  readonly budget?: boolean;
  /** Leaves out preStop of the slots, of sluice, or both: for negative controls. */
  readonly withoutHooks?: "slots" | "pod" | "all";
  /** Leaves out the handshake. */
  readonly withoutHandshake?: boolean;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  ports?: unknown[];
  readinessProbe?: unknown;
  livenessProbe?: unknown;
  lifecycle?: unknown;
  volumeMounts?: unknown[];
}

export interface KubeObject {
  kind: string;
  metadata: { name: string };
  spec: {
    replicas?: number;
    selector?: unknown;
    template?: {
      metadata: { labels: Record<string, string> };
      spec: {
        terminationGracePeriodSeconds: number;
        shareProcessNamespace?: boolean;
        initContainers?: Container[];
        containers: Container[];
        volumes?: unknown[];
      };
    };
  };
}

const FILES: Readonly<Record<Dress, string>> = {
  native: "deployment.yaml",
  classic: "classic.yaml",
  "two-slots": "two-slots.yaml",
  alone: "deployment.yaml",
  graceful: "deployment.yaml",
  sleep: "deployment.yaml",
};

/** Service, Deployment and, on demand, PodDisruptionBudget. `scribe`: HOST:PORT to which the app reports. */
export function makeManifest(wish: Wish, images: Images, scribe: string): KubeObject[] {
  const file = new URL(`../../../k8s/${FILES[wish.dress]}`, import.meta.url);
  const text = readFileSync(file, "utf8");
  const [example] = /(?<=^ {2}name: ).*/m.exec(text) ?? [];
  const renamed = text.replaceAll(new RegExp(`(name|app): ${example}\\b`, "g"), `$1: ${wish.name}`);
  const objects = parseAllDocuments(renamed).map((document) => document.toJS() as KubeObject);
  for (const object of objects) if (object.spec.template) dress(object, wish, images, scribe);
  return objects.filter(({ kind }) => kind !== "PodDisruptionBudget" || wish.budget === true);
}

function dress({ spec }: KubeObject, wish: Wish, images: Images, scribe: string): void {
  const template = spec.template!;
  const pod = template.spec;
  const isBare = wish.dress === "alone" || wish.dress === "graceful" || wish.dress === "sleep";
  const manner = wish.manner ?? (isBare && wish.dress !== "alone" ? "graceful" : "at-once");
  spec.replicas = wish.replicas;
  template.metadata.labels.version = wish.tag;
  if (wish.graceSeconds !== undefined) pod.terminationGracePeriodSeconds = wish.graceSeconds;
  if (wish.sharePids) pod.shareProcessNamespace = true;

  const sluice = [...(pod.initContainers ?? []), ...pod.containers].find(({ name }) => name === "sluice");
  if (sluice) {
    sluice.image = images.sluice;
    const engine = wish.engine ?? engineFrom(process.env);
    const args = (sluice.args ?? []).filter(
      (arg) => !(wish.flags ?? []).some((flag) => flag.split("=")[0] === arg.split("=")[0]),
    );
    const grace = wish.graceSeconds === undefined ? args : args.filter((arg) => !arg.startsWith("--grace="));
    sluice.args = [
      ...grace,
      ...(wish.graceSeconds === undefined ? [] : [`--grace=${wish.graceSeconds}s`]),
      ...(engine === undefined ? [] : [`--engine=${engine}`]),
      ...(wish.flags ?? []),
    ];
    if (wish.withoutHooks === "pod" || wish.withoutHooks === "all") delete sluice.lifecycle;
  }
  for (const container of pod.containers.filter(({ name }) => name !== "sluice")) {
    container.image = container.name === "app" ? images.app(wish.tag) : images.placeholder;
    if (wish.appCommand && container.name === "app") container.command = [...wish.appCommand];
    const env = { APP_SCRIBE: scribe, APP_AT_TERM: manner, ...wish.appEnv };
    container.env = [
      ...(container.env ?? []).filter(({ name }) => !(wish.withoutHandshake && name === "SLUICE_CONTROL")),
      ...Object.entries(env).map(([name, value]) => ({ name, value })),
    ];
    if (wish.withoutHooks === "slots" || wish.withoutHooks === "all") delete container.lifecycle;
  }
  if (isBare) undress(pod, wish.dress);
}

/** The same app without sluice. */
function undress(pod: NonNullable<KubeObject["spec"]["template"]>["spec"], how: Dress): void {
  delete pod.initContainers;
  delete pod.volumes;
  const [app] = pod.containers;
  if (!app) throw new Error("no app in the manifest");
  delete app.volumeMounts;
  delete app.livenessProbe;
  app.ports = [{ name: "http", containerPort: 8080 }];
  app.readinessProbe = {
    httpGet: { path: "/healthz", port: "http" },
    periodSeconds: 1,
    failureThreshold: 2,
  };
  app.lifecycle = how === "sleep" ? { preStop: { sleep: { seconds: 5 } } } : {};
  app.env = [
    ...(app.env ?? []).filter(({ name }) => !["PORT", "SLUICE_SLOT", "SLUICE_CONTROL"].includes(name)),
    { name: "PORT", value: "8080" },
    { name: "APP_HOST", value: "0.0.0.0" },
  ];
}
