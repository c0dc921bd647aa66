import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createRawServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CHECKS } from "../check/catalogue.ts";
import { PLAIN, SLUICE, spoilt, TWO_SLOTS } from "../check/checks.fixture.ts";
import { dispatch } from "./dispatch.ts";
import { createPaint } from "./paint.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Call {
  readonly stdin?: string;
  readonly colour?: boolean;
  readonly env?: Record<string, string>;
}

async function check(argv: readonly string[], { stdin, colour = false, env = {} }: Call = {}) {
  let out = "";
  let err = "";
  const exitCode = await dispatch(["check", ...argv], {
    name: "sluice",
    runtime: "node v0",
    env,
    isTerminal: false,
    colour,
    columns: 100,
    paint: createPaint(colour),
    inputIsTerminal: stdin === undefined,
    input: () => Promise.resolve(stdin ?? ""),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { exitCode, out, err };
}

const NO_GRACE = spoilt(
  PLAIN,
  ["Seconds: 30", "Seconds: 0"],
  ["lifecycle: {preStop: {sleep: {seconds: 5}}}", ""],
);

test("nothing found: exit code 0, and one line that says so", async () => {
  const { exitCode, out, err } = await check([fileOf("plain.yaml", PLAIN)]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(out).toMatch(
    /^Deployment web \(.*plain\.yaml:15\), without sluice: nothing found\n\nNothing found in 1 workload\.\n$/,
  );
});

test("findings: exit code 1, with place, reason, mending and docs, errors first, and the sum", async () => {
  const path = fileOf("web.yaml", spoilt(NO_GRACE, ["web:1.2", "web"]));
  const { exitCode, out } = await check([path, fileOf("sluice.yaml", SLUICE)]);
  expect(exitCode).toBe(1);
  expect(out).toContain(`  error no-grace: the Pod has no time to stop in
    ${path}:24: Deployment web: spec.template.spec.terminationGracePeriodSeconds
    Why: With a grace of 0`);
  expect(out).toMatch(/\n {4}Mend: Set terminationGracePeriodSeconds to 30/);
  expect(out).toMatch(/\n {4}docs\/checks\.md#no-grace\n/);
  expect([...out.matchAll(/^ {2}(error|warning) /gm)].map(([, word]) => word)).toEqual([
    "error",
    "error",
    "warning",
  ]);
  expect(out).toMatch(/Deployment example \(.*sluice\.yaml:12\), with sluice: nothing found\n/);
  expect(out).toMatch(/2 errors, 1 warning in 2 workloads\.\n$/);
});

test("no line is wider than the terminal but those that hold a path", async () => {
  const { out } = await check([fileOf("web.yaml", NO_GRACE)]);
  const wide = out.split("\n").filter((line) => line.length > 100 && !line.includes(folder));
  expect(wide).toEqual([]);
});

test("colour on a terminal only, and the same words", async () => {
  const path = fileOf("web.yaml", NO_GRACE);
  const [plain, coloured] = [await check([path]), await check([path], { colour: true })];
  expect(plain.out).not.toContain("\u001b");
  expect(coloured.out).toContain("\u001b[31merror\u001b[39m");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of.
  expect(coloured.out.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain.out);
});

test("JSON is one document with the shape that the docs promise", async () => {
  const { exitCode, out } = await check(["-", "-o", "json"], { stdin: `${NO_GRACE}---\n${TWO_SLOTS}` });
  expect(exitCode).toBe(1);
  const document = JSON.parse(out);
  expect(document).toMatchObject({
    version: 1,
    summary: { workloads: 2, errors: 2, warnings: 0 },
    unseen: [],
    workloads: [
      { kind: "Deployment", namespace: null, name: "web", file: "stdin", line: 15, sluice: null },
      { kind: "Deployment", name: "example-two-slots", sluice: "sluice", findings: [] },
    ],
  });
  const finding = document.workloads[0].findings[0];
  expect(Object.keys(finding).sort()).toEqual(
    ["docs", "file", "fix", "id", "line", "object", "path", "severity", "what", "why"].sort(),
  );
});

test("checks can be left out by id, and warnings altogether", async () => {
  const path = fileOf("web.yaml", spoilt(PLAIN, ["Seconds: 30", "Seconds: 0"], ["web:1.2", "web"]));
  const idsOf = async (...argv: string[]) => {
    const { out, exitCode } = await check([path, "-o", "json", ...argv]);
    const { workloads } = JSON.parse(out) as { workloads: { findings: { id: string }[] }[] };
    return [exitCode, workloads.flatMap(({ findings }) => findings.map(({ id }) => id))];
  };
  expect(await idsOf()).toEqual([1, ["sleep-exceeds-grace", "no-grace", "moving-image"]]);
  expect(await idsOf("--ignore", "no-grace,moving-image")).toEqual([1, ["sleep-exceeds-grace"]]);
  expect(await idsOf("--severity=error")).toEqual([1, ["sleep-exceeds-grace", "no-grace"]]);
  expect(await idsOf("--severity=error", "--ignore=no-grace,sleep-exceeds-grace")).toEqual([0, []]);
});

test("the version that manifests are for decides over what old clusters lack", async () => {
  const path = fileOf("sluice.yaml", spoilt(SLUICE, ["targetPort: 8080", "targetPort: http"]));
  expect((await check([path])).exitCode).toBe(0);
  expect((await check([path, "--cluster-version=1.33"])).exitCode).toBe(0);
  const old = await check([path, "--cluster-version=v1.28.3-gke.1"]);
  expect([...old.out.matchAll(/error ([\w-]+):/g)].map(([, id]) => id)).toEqual([
    "native-sidecar-too-old",
    "sidecar-port-by-name",
  ]);
});

test("--list names every check", async () => {
  const { exitCode, out } = await check(["--list"]);
  expect(exitCode).toBe(0);
  expect(
    out
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/\s+/)[1]),
  ).toEqual(CHECKS.map(({ id }) => id));
});

test.each([
  [["no-such-file.yaml"], "", /no-such-file\.yaml cannot be read: there is no such file/],
  [["-"], "a: b: c", /stdin:1: not YAML/],
  [
    ["-"],
    "apiVersion: v1\nkind: Pod\nspec: {{ toYaml .Values }}\n",
    /render it first, such as by `helm template/,
  ],
  [
    ["-"],
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
    /nothing to check: there is no Deployment/,
  ],
  [["-"], "", /nothing to check/],
  [["-", "--ignore", "no-grcae"], PLAIN, /there is no check no-grcae; did you mean no-grace\?/],
  [["-", "--cluster-version", "new"], PLAIN, /--cluster-version takes a version such as 1\.34, not new/],
  [["-", "--output", "yaml"], PLAIN, /--output takes text, json, not yaml/],
  [["-", "--namespace", "web"], PLAIN, /for live workloads/],
  [["-", "deployment/web"], PLAIN, /not both at once/],
])("check %j: exit code 64 and what is wrong", async (argv, stdin, expected) => {
  const { exitCode, out, err } = await check(argv, { stdin });
  expect({ exitCode, out }).toEqual({ exitCode: 64, out: "" });
  expect(err).toMatch(expected);
});

test.each([
  ["containers: foo", /^sluice: stdin:15: Deployment web: it has no containers\n$/],
  ["initContainers: []", /^sluice: stdin:15: Deployment web: it has no containers\n$/],
  ["containers: [{image: web}]", /: it has a container without a name\n$/],
  ['containers: [{name: web, image: "bad image::"}]', /: web: "bad image::" is no image: there is a blank/],
  ["containers: [{name: web, image: 'web:1:2'}]", /: web: "web:1:2" is no image: it should look like/],
])("a workload with %s was taken for one in order", async (spec, expected) => {
  const stdin = PLAIN.replace(/^ {6}containers:.*/ms, `      ${spec}\n`);
  const { exitCode, out, err } = await check(["-"], { stdin });
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
  expect(err).toMatch(expected);
});

test.each(["$IMAGE", "APP_IMAGE", "ko://example.com/web"])("image %s is filled in later", async (image) => {
  const { out, err } = await check(["-"], { stdin: spoilt(PLAIN, ["web:1.2", image]) });
  expect({ err, out }).toEqual({ err: "", out: expect.stringContaining("in 1 workload") });
});

test("--help names every exit code", async () => {
  const { out } = await check(["--help"]);
  const codes = /Exit codes:.*?\n\n/s.exec(out)?.[0] ?? "";
  expect(codes.match(/(?<=[:;] )\d+/g)).toEqual(["0", "1", "64", "69", "77"]);
});

test("a person at a terminal who gives nothing is told what to give", async () => {
  expect(await check([])).toMatchObject({ exitCode: 64, err: expect.stringMatching(/FILE must be given/) });
});

function kubeconfig(port: number): string {
  return fileOf(
    `kubeconfig-${port}`,
    JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c" } }],
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
    }),
  );
}

test("a cluster that cannot be reached: exit code 69", async () => {
  const server = createRawServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { exitCode, out, err } = await check(["deployment/web"], { env: { KUBECONFIG: kubeconfig(port) } });
  expect({ exitCode, out }).toEqual({ exitCode: 69, out: "" });
  expect(err).toMatch(/cannot be reached: connection refused/);
});

test("without permission for the workload: exit code 77, and which verb on which resource", async () => {
  const server = createServer((_, answer) => {
    answer.writeHead(403, { "content-type": "application/json" });
    answer.end(
      JSON.stringify({
        kind: "Status",
        reason: "Forbidden",
        message: 'User "u" cannot get resource "deployments"',
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { exitCode, err } = await check(["deploy/web", "-n", "shop"], {
    env: { KUBECONFIG: kubeconfig(port) },
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(exitCode).toBe(77);
  expect(err).toContain("not allowed: get deployments.apps in namespace shop");
});
