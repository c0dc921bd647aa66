import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { VERSION } from "../version.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-inject-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MAIN = join(import.meta.dirname, "main.ts");

/** The command line as a process: stdin in, stdout and stderr apart. */
async function sluice(argv: readonly string[], input = "") {
  const child = spawn(process.execPath, [MAIN, ...argv], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject).on("close", resolve);
  const [out, err, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), promise]);
  return { out, err, exitCode };
}

function deployment(name: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name} # the name
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
        - name: web
          image: web:1
`;
}

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

test("a Helm post-renderer: the stream on stdin, manifests on stdout, the report on stderr; uninject gives it back", async () => {
  const stream = `---\n# Source: a\n${deployment("web")}---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n`;
  const injected = await sluice(["inject"], stream);
  expect(injected.exitCode).toBe(0);
  expect(injected.out).toContain(`image: sluice:${VERSION}`);
  expect(injected.out).toContain("name: web # the name");
  expect(injected.err).toMatch(/^Deployment web \(stdin:3\)\n {2}\+ /);
  expect(injected.err).not.toContain("Secret");

  const back = await sluice(["uninject", "-"], injected.out);
  expect(back).toMatchObject({ exitCode: 0, out: stream });
});

test("several files become one stream", async () => {
  const files = [file("a.yaml", deployment("a").trimEnd()), file("b.yaml", deployment("b"))];
  const { out, exitCode } = await sluice([
    "inject",
    ...files,
    "--image",
    `example.com:5000/team/sluice:1@sha256:${"0".repeat(64)}`,
  ]);
  expect(exitCode).toBe(0);
  expect(out.match(/^---$/gm)).toHaveLength(1);
  expect(out.match(/image: example.com:5000\/team\/sluice:1@sha256/g)).toHaveLength(2);
  expect((await sluice(["uninject"], out)).out).toBe(`${deployment("a")}---\n${deployment("b")}`);
});

test("options of run follow --", async () => {
  const { out, exitCode } = await sluice([
    "inject",
    file("c.yaml", deployment("c")),
    "--",
    "--handshake",
    "off",
  ]);
  expect(exitCode).toBe(0);
  expect(out).toContain("- --handshake=off");
});

test.each(["http", "8080"])("--port %s", async (port) => {
  const ported = deployment("web").replace(
    "web:1\n",
    "web:1\n          ports: [{name: http, containerPort: 8080}]\n",
  );
  expect((await sluice(["inject", "--port", port], ported)).exitCode).toBe(0);
});

test("nothing to do is nothing wrong: the input goes through byte by byte", async () => {
  const input = "apiVersion: v1\nkind:   ConfigMap\nmetadata: { name:  c }";
  for (const verb of ["inject", "uninject"]) {
    const { out, err, exitCode } = await sluice([verb], input);
    expect({ out, exitCode }).toEqual({ out: input, exitCode: 0 });
    expect(err).toMatch(/^nothing .+\n$/);
  }
  expect(await sluice(["inject"], "")).toMatchObject({ out: "", exitCode: 0 });
});

test.each<[readonly string[], string, number, RegExp]>([
  [["inject"], "a: b: c\n", 64, /^sluice: stdin:1: not YAML: .+\n$/],
  [
    ["inject"],
    "kind: {{ .Values.kind }}\n",
    64,
    /^sluice: stdin:1: this is a template, not a manifest: .+\n$/,
  ],
  [
    ["uninject"],
    "a: 1\n",
    64,
    /^sluice: stdin:1: not a Kubernetes object: it has no apiVersion and no kind\n$/,
  ],
  [["inject", "missing.yaml"], "", 64, /^sluice: missing\.yaml cannot be read: there is no such file\n/],
  [["inject", "."], "", 64, /^sluice: \. cannot be read: it is a folder\n/],
  [["inject", "--slots", "3"], "", 64, /--slots takes 1 or 2, not 3/],
  [
    ["inject", "--image", "no spaces please"],
    "",
    64,
    /--image takes an image such as .+, not "no spaces please"/,
  ],
  [["inject", "--placeholder", "UPPER"], "", 64, /--placeholder takes an image/],
  [["inject", "--listen", "0"], "", 64, /--listen takes a port from 1 to 65535, not 0/],
  [
    ["inject", "--port", "70000"],
    deployment("web"),
    64,
    /: --port takes a port from 1 to 65535, not 70000\n/,
  ],
  [["inject", "--app-port", "http"], "", 64, /--app-port takes a port/],
  [
    ["inject", "--only", "web,wep"],
    `${deployment("web")}---\n${deployment("api")}---\napiVersion: v1\nkind: Service\nmetadata: {name: wep}\n`,
    64,
    /--only wep: no workload of that name; there is Deployment web, Deployment api\n/,
  ],
  [["inject", "--only", "web"], "", 64, /--only web: no workload of that name; there is none\n/],
  [
    ["uninject", "--only", "Service/web"],
    deployment("web"),
    64,
    /--only Service\/web: no workload or Service of that name; there is Deployment web\n/,
  ],
  [["inject", "--drain-delay", "5s"], "", 64, /--drain-delay/],
  [
    ["inject"],
    deployment("web").replace("spec:\n      c", "spec:\n      hostNetwork: true\n      c"),
    1,
    /^sluice: stdin:1: Deployment web: it uses hostNetwork: .+\nNothing was written\.\n$/,
  ],
  [
    ["uninject"],
    deployment("web").replace("{labels", "{annotations: {sluice/injected: x}, labels"),
    1,
    /cannot be read: take the original/,
  ],
])("sluice %j refuses %j: exit code %i, and nothing on stdout", async (argv, input, code, expected) => {
  const { out, err, exitCode } = await sluice(argv, input);
  expect({ out, exitCode }).toEqual({ out: "", exitCode: code });
  expect(err).toMatch(expected);
});
