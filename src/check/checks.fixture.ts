// Manifests that no check has anything against, and ways to spoil them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readManifests } from "../manifest/documents.ts";
import type { JsonObject } from "../manifest/json-value.ts";
import { parseClusterVersion } from "./cluster-version.ts";
import type { LivePod } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { inspect } from "./inspect.ts";
import { survey } from "./survey.ts";

const K8S = join(import.meta.dirname, "../../k8s");
const policy = (name: string) =>
  readFileSync(join(K8S, "network-policy.yaml"), "utf8").replaceAll("example", name);
const manifest = (file: string, name: string) =>
  `${readFileSync(join(K8S, file), "utf8")}---\n${policy(name)}`;

/** One slot, native. */
export const SLUICE = manifest("deployment.yaml", "example");
export const TWO_SLOTS = manifest("two-slots.yaml", "example-two-slots");
export const CLASSIC = manifest("classic.yaml", "example-classic");
export const STATEFUL = manifest("statefulset.yaml", "example-set");

/** An app as most people run it, done well, without sluice. */
export const PLAIN = `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: web
          image: web:1.2
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /ready, port: http}}
          livenessProbe: {httpGet: {path: /live, port: http}}
          lifecycle: {preStop: {sleep: {seconds: 5}}}
`;

export interface Around {
  readonly version?: string;
  readonly pods?: readonly LivePod[];
}

export async function findingsOf(text: string, { version, pods }: Around = {}): Promise<readonly Finding[]> {
  const read = readManifests([{ name: "web.yaml", text }]);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  const clusterVersion = version === undefined ? undefined : parseClusterVersion(version);
  const facts = await survey(read.objects, { clusterVersion, unseen: new Set() });
  return inspect(
    facts.map((one) => ({ ...one, pods })),
    read.files,
  ).flatMap(({ findings }) => findings);
}

/** Replaces each first text by the second; throws where it is not there, so that no spoiling does nothing. */
export function spoilt(text: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`not in the manifest: ${from}`);
    return now.replace(from, () => to);
  }, text);
}

export function livePod(name: string, value: JsonObject, more: Partial<LivePod> = {}): LivePod {
  return { name, value, template: undefined, slots: undefined, ...more };
}
