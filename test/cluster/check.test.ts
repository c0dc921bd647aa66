// `sluice check WORKLOAD` on a cluster: what it sees of running Pods, and what it says of what it may not see.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, startNode } from "../sluice.fixture.ts";
import { imagesFrom } from "./harness/images.ts";
import { kubectl } from "./harness/kubectl.ts";

const NAMESPACE = `check-${Math.random().toString(36).slice(2, 7)}`;
const IMAGES = imagesFrom(process.env);
const folder = mkdtempSync(join(tmpdir(), "sluice-check-"));

const here = (args: readonly string[], input?: string) => kubectl(["-n", NAMESPACE, ...args], input);

interface Document {
  readonly summary: { readonly errors: number; readonly warnings: number };
  readonly unseen: readonly string[];
  readonly workloads: readonly {
    readonly findings: readonly { readonly id: string; readonly severity: string; readonly what: string }[];
  }[];
}

async function check(workload: string, env: Record<string, string> = {}) {
  const argv = ["check", workload, "-n", NAMESPACE, "-o", "json"];
  const { exitCode, out, err } = await startNode([join(ROOT, "bin/sluice.js"), ...argv], env).finished;
  const document = out === "" ? undefined : (JSON.parse(out) as Document);
  const findings = document?.workloads.flatMap(({ findings }) => findings) ?? [];
  return { exitCode, err, unseen: document?.unseen, findings, ids: findings.map(({ id }) => id) };
}

/** k8s/deployment.yaml with its NetworkPolicy, under another name and with the recording app. */
function manifest(name: string, manner = "graceful"): string {
  const k8s = (file: string) => readFileSync(join(ROOT, "k8s", file), "utf8");
  const all = `${k8s("deployment.yaml")}---\n${k8s("network-policy.yaml")}`
    .replaceAll(/(name|app): example\b/g, `$1: ${name}`)
    .replace("image: sluice:dev", `image: ${IMAGES.sluice}`)
    .replace("image: sluice-example:v1", `image: ${IMAGES.app("v1")}\n          args: [--record=/dev/null]`)
    .replace("- { name: PORT,", `- { name: APP_AT_TERM, value: ${manner} }\n            - { name: PORT,`);
  expect(all).toContain(IMAGES.app("v1"));
  return all;
}

const podsOf = async (name: string) =>
  (await here(["get", "pods", "-l", `app=${name}`, "-o", "name"]))
    .trim()
    .split("\n")
    .map((line) => line.replace("pod/", ""));

beforeAll(async () => {
  await here(["create", "namespace", NAMESPACE]);
  await here(["apply", "-f", "-"], manifest("good"));
  await here(["rollout", "status", "deployment/good", "--timeout=120s"]);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await here(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

test("nothing is found in what runs as it should", async () => {
  expect(await check("deployment/good")).toMatchObject({ exitCode: 0, err: "", unseen: [], findings: [] });
});

test("a Pod that was upgraded in place differs from its owner's template; the others are not named", async () => {
  const [pod = "", other = ""] = await podsOf("good");
  await here(["set", "image", `pod/${pod}`, `app=${IMAGES.app("v2")}`]);
  const { exitCode, findings } = await check("deploy/good");
  expect(exitCode).toBe(1);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ id: "image-differs", severity: "warning" });
  expect(findings[0]?.what).toBe(
    `${pod}: container app runs ${IMAGES.app("v2")}, and the template has ${IMAGES.app("v1")}`,
  );
  expect((await check(`pod/${other}`)).ids).not.toContain("image-differs");
});

test("an app without a handler for SIGTERM, as its sluice saw it", async () => {
  await here(["apply", "-f", "-"], manifest("deaf", "deaf"));
  await expect
    .poll(async () => (await check("deployment/deaf")).ids, { timeout: 60_000, interval: 500 })
    .toContain("no-sigterm-handler");
  const { findings } = await check("deployment/deaf");
  const found = findings.filter(({ id }) => id === "no-sigterm-handler");
  expect(found.map(({ severity }) => severity)).toEqual(["error", "error"]);
  expect(found[0]?.what).toMatch(/^deaf-.*, slot a: its handshake lacks SIGTERM$/);
});

test("a workload without sluice, and a readinessGate that nobody has set", async () => {
  const plain = `apiVersion: apps/v1
kind: Deployment
metadata: {name: plain}
spec:
  replicas: 1
  selector: {matchLabels: {app: plain}}
  template:
    metadata: {labels: {app: plain}}
    spec:
      readinessGates: [{conditionType: example.com/registered}]
      containers: [{name: web, image: registry.k8s.io/pause:3.10, ports: [{containerPort: 8080}]}]
`;
  await here(["apply", "-f", "-"], plain);
  await expect.poll(() => podsOf("plain"), { timeout: 30_000 }).toHaveLength(1);
  const { exitCode, findings } = await check("deployment/plain");
  expect(exitCode).toBe(1);
  const errors = findings.filter(({ severity }) => severity === "error").map(({ id }) => id);
  expect(errors).toEqual(["no-pre-stop", "no-readiness-probe", "unset-readiness-gate"]);
});

test("what may not be read is named, and nothing is concluded from it", async () => {
  await here(["create", "serviceaccount", "reader"]);
  await here([
    "create",
    "role",
    "reader",
    "--verb=get,list",
    "--resource=deployments.apps,replicasets.apps,services,pods",
  ]);
  await here(["create", "rolebinding", "reader", "--role=reader", `--serviceaccount=${NAMESPACE}:reader`]);
  const token = (await here(["create", "token", "reader"])).trim();
  const config = JSON.parse(await here(["config", "view", "--raw", "--minify", "-o", "json"]));
  for (const one of config.users) one.user = { token };
  const KUBECONFIG = join(folder, "reader");
  writeFileSync(KUBECONFIG, JSON.stringify(config));

  const { exitCode, unseen, ids } = await check("deployment/good", { KUBECONFIG });
  expect(exitCode).toBe(1);
  // Neither a missing budget nor an open port: nobody could look.
  expect(ids).toEqual(["image-differs"]);
  expect(unseen).toEqual(
    expect.arrayContaining([
      `PodDisruptionBudgets: not allowed: list poddisruptionbudgets.policy in namespace ${NAMESPACE}`,
      `NetworkPolicies: not allowed: list networkpolicies.networking.k8s.io in namespace ${NAMESPACE}`,
      expect.stringMatching(/^slots of good-.*: not allowed: .*pods\/portforward/),
    ]),
  );
  const refused = await check("statefulset/good", { KUBECONFIG });
  expect(refused).toMatchObject({ exitCode: 77, findings: [] });
  expect(refused.err).toContain("not allowed: get statefulsets.apps");
});

test("a workload that is not there: one line and an exit code", async () => {
  const { exitCode, err, unseen } = await check("deployment/nobody");
  expect({ exitCode, unseen }).toEqual({ exitCode: 64, unseen: undefined });
  expect(err).toMatch(/^sluice: deployments\.apps "nobody" not found\n/);
});
