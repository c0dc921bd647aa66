// What `sluice inject` writes, as the API server sees it: every manifest of the corpus in a server-side dry run.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CORPUS, injectText, textOf, uninjectText } from "../../src/manifest/inject.fixture.ts";
import type { InjectOptions } from "../../src/manifest/inject-options.ts";
import { runKubectl } from "./harness/kubectl.ts";

const NAMESPACE = "sluice-inject-test";
const VARIANTS: readonly Partial<InjectOptions>[] = [
  {},
  { classic: true },
  { listen: 18_080, flags: ["--grace", "60s", "--drain-delay=10s"] },
];
/** The second slot needs images without command and args. */
const TWO_SLOTS = CORPUS.filter(({ name }) => !["stateful.yaml", "two-containers.yaml"].includes(name));

const dryRun = (manifest: string, ...more: readonly string[]) =>
  runKubectl(["apply", "--dry-run=server", "-n", NAMESPACE, "-f", "-", ...more], inNamespace(manifest));

/** CloneSet's definition is not part of Kubernetes; its Pod template is. */
function inNamespace(manifest: string): string {
  return manifest
    .replace("apps.kruise.io/v1alpha1\nkind: CloneSet", "apps/v1\nkind: Deployment")
    .replace("  namespace: default\n", "");
}

beforeAll(async () => {
  const labels = ["warn", "audit"]
    .map((mode) => `    pod-security.kubernetes.io/${mode}: restricted\n`)
    .join("");
  const namespace = `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${NAMESPACE}\n  labels:\n${labels}`;
  expect(await runKubectl(["apply", "-f", "-"], namespace)).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await runKubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

test.each(
  CORPUS.flatMap(({ name, text }) => VARIANTS.map((options) => [name, options, text] as const)).concat(
    TWO_SLOTS.map(({ name, text }) => [name, { slots: 2 }, text] as const),
  ),
)("the API server takes %s injected with %j", async (_, options, manifest) => {
  const { code, err } = await dryRun(textOf(await injectText(manifest, options)));
  expect(err.replaceAll(/^Warning:.*\n/gm, "")).toBe("");
  expect(code).toBe(0);
});

test("negative control: what no API server would take is refused here too", async () => {
  const manifest = textOf(await injectText(CORPUS.find(({ name }) => name === "plain.yaml")!.text));
  const { code, err } = await dryRun(manifest.replace("restartPolicy: Always", "restartPolicy: Sometimes"));
  expect(code).not.toBe(0);
  expect(err).toContain("restartPolicy");
});

test("a Pod that was fit for Pod Security restricted still is; one that was not, is not", async () => {
  const warningsOf = async (name: string, options: Partial<InjectOptions>) => {
    const manifest = CORPUS.find((one) => one.name === name)!.text;
    return (await dryRun(textOf(await injectText(manifest, options)))).err;
  };
  for (const options of [{}, { classic: true }, { slots: 2 as const }]) {
    expect(await warningsOf("crowded.yaml", options)).not.toContain("would violate PodSecurity");
  }
  const plain = await warningsOf("plain.yaml", {});
  expect(plain).toContain("would violate PodSecurity");
  expect(plain, "sluice's own container is not the reason").not.toContain('"sluice"');
});

test.each(CORPUS.map(({ name, text }) => [name, text] as const))(
  "%s: uninjected from what the API server has made of it, it is the original",
  async (_, manifest) => {
    const asServed = async (text: string) => {
      const { out, err, code } = await dryRun(text, "-o", "json");
      if (code !== 0) throw new Error(err);
      return out;
    };
    const injected = await asServed(textOf(await injectText(inNamespace(manifest))));
    const back = await asServed(withoutServerFields(uninjectText(injected)));
    expect(JSON.parse(withoutServerFields(back))).toEqual(
      JSON.parse(withoutServerFields(await asServed(manifest))),
    );
  },
);

test.each<[Partial<InjectOptions>, number]>([
  [{}, 3_000],
  [{ classic: true }, 3_000],
  [{ slots: 2 }, 3_000],
  [{ listen: 18_080 }, 18_080],
])(
  "the example app, injected with %j, gets ready and answers through its Service on %i",
  async (options, port) => {
    const manifest = textOf(
      await injectText(EXAMPLE, { image: "sluice:dev", placeholder: "sluice-example:v1", ...options }),
    );
    expect(await runKubectl(["apply", "-n", NAMESPACE, "-f", "-"], manifest)).toMatchObject({ code: 0 });
    try {
      const rollout = await runKubectl([
        "rollout",
        "status",
        "-n",
        NAMESPACE,
        "deployment/example",
        "--timeout=120s",
      ]);
      expect(rollout, rollout.err).toMatchObject({ code: 0 });
      const slices = await runKubectl([
        "get",
        "endpointslices",
        "-n",
        NAMESPACE,
        "-l",
        "kubernetes.io/service-name=example",
        "-o",
        "jsonpath={.items[*].ports[*].port}",
      ]);
      expect(slices.out).toBe(String(port));
      const answer = await runKubectl([
        "get",
        "--raw",
        `/api/v1/namespaces/${NAMESPACE}/services/example:80/proxy/`,
      ]);
      expect(JSON.parse(answer.out)).toMatchObject({ version: "v1" });
    } finally {
      await runKubectl(["delete", "-n", NAMESPACE, "-f", "-", "--timeout=120s"], manifest);
    }
  },
);

/** As someone would have written it for the example app; the images must be on the node. */
const EXAMPLE = `apiVersion: v1
kind: Service
metadata: {name: example}
spec:
  selector: {app: example}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: example}
spec:
  selector: {matchLabels: {app: example}}
  template:
    metadata: {labels: {app: example}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: web
          image: sluice-example:v1
          imagePullPolicy: IfNotPresent
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          ports: [{name: http, containerPort: 3000}]
          readinessProbe: {httpGet: {path: /healthz, port: http}}
          livenessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 5}
          lifecycle: {preStop: {sleep: {seconds: 5}}}
`;

/** What is made up anew in each dry run, which a Job's selector is, too. */
const MADE_UP: readonly string[] = [
  "creationTimestamp",
  "resourceVersion",
  "generation",
  "status",
  "clusterIP",
  "clusterIPs",
  "nodePort",
  "kubectl.kubernetes.io/last-applied-configuration",
];

function withoutServerFields(json: string): string {
  const plain: unknown = JSON.parse(
    json.replaceAll(/kube-api-access-\w{5}/g, "kube-api-access"),
    (key, value: unknown) => {
      if (MADE_UP.includes(key) || (key === "uid" && !String(value).startsWith("00000000"))) return undefined;
      return key === "items" && Array.isArray(value) ? value.filter((item) => item?.kind !== "Job") : value;
    },
  );
  return JSON.stringify(plain);
}
