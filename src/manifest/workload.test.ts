import { expect, test } from "vitest";
import { readManifests } from "./documents.ts";
import { selects, serviceOf } from "./service.ts";
import { portNumber, workloadOf } from "./workload.ts";

function read(text: string) {
  const manifests = readManifests([{ name: "web.yaml", text }]);
  if ("problems" in manifests) throw new Error(JSON.stringify(manifests.problems));
  return manifests.objects;
}

test.each([
  ["apps/v1", "Deployment", true],
  ["apps/v1", "StatefulSet", true],
  ["apps/v1", "DaemonSet", true],
  ["apps/v1", "ReplicaSet", true],
  ["v1", "Pod", true],
  ["apps.kruise.io/v1alpha1", "CloneSet", true],
  ["batch/v1", "Job", false],
  ["batch/v1", "CronJob", false],
  ["example.com/v1", "Deployment", false],
])("%s %s runs Pods that can serve: %s", (apiVersion, kind, expected) => {
  const [object] = read(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n`);
  expect(workloadOf(object!) !== undefined).toBe(expected);
});

test("containers, probes, hooks, ports and mounts are read as they are", () => {
  const [object] = read(`apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 45
  initContainers: [{name: proxy, image: p, restartPolicy: Always}, {name: init, image: i}]
  containers:
    - name: web
      image: web:1
      args: [--port, 8080]
      ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]
      env: [{name: A, value: b}, {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}]
      readinessProbe: {httpGet: {path: /ready, port: http}}
      livenessProbe: {grpc: {port: 9090, service: health}}
      lifecycle: {preStop: {exec: {command: [sleep, "5"]}}, postStart: {sleep: {seconds: 1}}}
      volumeMounts: [{name: v, mountPath: /v}]
`);
  const workload = workloadOf(object!)!;
  const [web] = workload.containers;
  expect(workload.grace).toBe(45);
  expect(workload.initContainers.map(({ name, isNativeSidecar }) => [name, isNativeSidecar])).toEqual([
    ["proxy", true],
    ["init", false],
  ]);
  expect(web!.args).toEqual(["--port", "8080"]);
  expect([...web!.env]).toEqual([
    ["A", "b"],
    ["S", undefined],
  ]);
  expect(web!.readinessProbe).toMatchObject({ kind: "httpGet", path: "/ready", port: "http" });
  expect(portNumber(web!, "http")).toBe(8080);
  expect(portNumber(web!, "no")).toBeUndefined();
  expect(web!.livenessProbe).toMatchObject({ kind: "grpc", service: "health", port: 9090 });
  expect(web!.preStop).toMatchObject({ kind: "exec", command: ["sleep", "5"] });
  expect(web!.postStart).toMatchObject({ kind: "sleep", seconds: 1 });
  expect(web!.mounts).toEqual([{ volume: "v", path: "/v" }]);
});

test("shapes that are wrong are read as absent, and never throw", () => {
  const [object] = read(
    "apiVersion: v1\nkind: Pod\nmetadata: 7\nspec: {containers: {a: b}, volumes: [1], initContainers: null}\n",
  );
  expect(workloadOf(object!)).toMatchObject({ containers: [], initContainers: [], volumes: [] });
});

test("a Service selects by all of its labels, within a namespace", () => {
  const service = (selector: string, namespace = "") =>
    serviceOf(
      read(
        `apiVersion: v1\nkind: Service\nmetadata: {name: s${namespace}}\nspec: {selector: ${selector}, ports: [{port: 80}]}\n`,
      )[0]!,
    )!;
  const pod = workloadOf(
    read("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: web, tier: x}}\n")[0]!,
  )!;
  expect(selects(service("{app: web}"), pod)).toBe(true);
  expect(selects(service("{app: web, tier: y}"), pod)).toBe(false);
  expect(selects(service("{}"), pod)).toBe(false);
  expect(selects(service("{app: web}", ", namespace: other"), pod)).toBe(false);
  expect(service("{app: web}").ports).toEqual([{ name: undefined, port: 80, target: 80, protocol: "TCP" }]);
});
