// The files of k8s/ as they are, with nothing changed but the placeholder's image and the length of the Job: what they describe
// gets ready under `restricted` Pod Security, answers through its Service, and the Job's load finds no fault with it.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imagesFrom } from "./harness/images.ts";
import { kubectl } from "./harness/kubectl.ts";

const NAMESPACE = `manifests-${Math.random().toString(36).slice(2, 7)}`;
const K8S = join(import.meta.dirname, "../../k8s");
const PAUSE = "registry.k8s.io/pause:3.10";
const folder = mkdtempSync(join(tmpdir(), "sluice-manifests-"));

const here = (args: readonly string[], input?: string) => kubectl(["-n", NAMESPACE, ...args], input);

const fileOf = (name: string) =>
  readFileSync(join(K8S, name), "utf8").replaceAll(PAUSE, imagesFrom(process.env).placeholder);

beforeAll(async () => {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const metadata = { name: NAMESPACE, labels };
  const namespace = JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata });
  await here(["apply", "-f", "-"], namespace);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await here(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

/** Applies it; resolves with what its app answers through the Service once all Pods are ready. */
async function answerOf(manifest: string, kind: string, name: string): Promise<unknown> {
  await here(["apply", "-f", "-"], manifest);
  if (kind === "deployment") await here(["rollout", "status", `${kind}/${name}`, "--timeout=120s"]);
  else await here(["wait", `${kind}/${name}`, "--for=jsonpath={.status.readyReplicas}=2", "--timeout=120s"]);
  const path = `/api/v1/namespaces/${NAMESPACE}/services/${name}:80/proxy/`;
  return JSON.parse(await here(["get", "--raw", path]));
}

const discard = (manifest: string) => here(["delete", "-f", "-", "--timeout=120s"], manifest);

test.each([
  ["two-slots.yaml", "deployment", "example-two-slots"],
  ["classic.yaml", "deployment", "example-classic"],
  ["statefulset.yaml", "statefulset", "example-set"],
])("%s gets ready and answers through its Service", async (file, kind, name) => {
  const manifest = fileOf(file);
  expect(await answerOf(manifest, kind, name)).toMatchObject({ version: "v1" });
  await discard(manifest);
});

test("deployment.yaml behind its NetworkPolicy stands the Job's load through a restart of all its Pods", async () => {
  const manifest = `${fileOf("deployment.yaml")}---\n${fileOf("network-policy.yaml")}`;
  expect(await answerOf(manifest, "deployment", "example")).toMatchObject({ version: "v1" });
  const job = fileOf("loadtest-job.yaml");
  expect(job).toContain("--duration=60]");
  await here(["apply", "-f", "-"], job.replace("--duration=60", "--duration=30"));
  await here(["wait", "pod", "-l", "app=loadtest", "--for=condition=Ready", "--timeout=60s"]);
  await here(["rollout", "restart", "deployment/example"]);
  await here(["rollout", "status", "deployment/example", "--timeout=120s"]);
  const ended = "jsonpath={.status.conditions[*].type}";
  await expect
    .poll(() => here(["get", "job", "loadtest", "-o", ended]), { timeout: 90_000 })
    .toMatch(/Complete|Failed/);
  const log = await here(["logs", "job/loadtest"]);
  expect(await here(["get", "job", "loadtest", "-o", ended]), log).toContain("Complete");
  expect(log).toMatch(/^lost: none$/m);
  await here(["delete", "job", "loadtest"]);
  await discard(manifest);
});

test("the component puts sluice into a Deployment that bears its label, and into no other", async () => {
  cpSync(K8S, join(folder, "k8s"), { recursive: true });
  const deployment = (name: string, labels: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: ${labels}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: sluice-example:v1
          imagePullPolicy: IfNotPresent
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          # The component's handlers take the place of these: two in one probe or hook are refused.
          readinessProbe: {exec: {command: ["false"]}}
          livenessProbe: {tcpSocket: {port: 8080}}
          lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080}]}
---
`;
  const base = join(folder, "base");
  mkdirSync(base);
  const files = {
    "with.yaml": deployment("with", "{sluice: enabled}"),
    "without.yaml": deployment("without", "{}"),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(base, name), content);
  const kustomization = `resources: [${Object.keys(files).join(", ")}]\ncomponents: [../k8s/component]\n`;
  writeFileSync(join(base, "kustomization.yaml"), kustomization);
  const built = await here(["kustomize", base]);
  const documents = built.split(/^---$/m).filter((document) => document.includes("kind: Deployment"));
  expect(documents.map((document) => document.includes("image: sluice:dev"))).toEqual(
    documents.map((document) => document.includes("sluice: enabled")),
  );
  const withSluice = built
    .split(/^---$/m)
    .filter((document) => /name: with$/m.test(document))
    .join("---");
  expect(await answerOf(withSluice, "deployment", "with")).toMatchObject({ version: "v1" });
  await discard(withSluice);
});

test("the role is taken by the API server", async () => {
  const taken = await here(["apply", "--dry-run=server", "-f", "-"], fileOf("rbac-upgrade.yaml"));
  expect(taken.trim().split("\n")).toHaveLength(3);
});
