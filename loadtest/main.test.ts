import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type AppProcess, startApp } from "./app-process.ts";
import { createPortSource } from "./free-port.ts";

const BIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
let directory: string;
let app: AppProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-loadtest-test-"));
});

afterEach(async () => {
  app?.child.kill("SIGKILL");
  await app?.child.exited;
  app = undefined;
  await rm(directory, { recursive: true, force: true });
});

function loadtest(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, "loadtest", ...args], (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

async function appAt(flags: readonly string[]): Promise<number> {
  const port = await createPortSource()();
  app = startApp({ directory, port, slot: "a", version: "v7", control: undefined, flags }, 1);
  await app.ready;
  return port;
}

it("ends with 0 where nothing is lost, and says which version answered", async () => {
  const port = await appAt([]);
  const { code, stdout } = await loadtest(
    "--url",
    `http://127.0.0.1:${port}/`,
    "--duration",
    "1",
    "--output",
    "json",
    "--mix",
    "wide",
    "--rate",
    "100",
  );
  const { lost, byVersion, begun, check } = JSON.parse(stdout);
  expect({ code, lost, check }).toEqual({ code: 0, lost: [], check: "app" });
  expect(byVersion).toEqual({ v7: begun });
});

it("ends with 1 where an app lies, and names each request", async () => {
  const port = await appAt(["--lie", "10"]);
  const { code, stdout, stderr } = await loadtest(
    "--url",
    `http://127.0.0.1:${port}/`,
    "--duration",
    "2",
    "--rate",
    "150",
  );
  expect(code, stderr).toBe(1);
  for (const kind of ["wrong number", "wrong body", "unasked bytes", "cut"]) expect(stdout).toContain(kind);
});

it("recognises the recording app by its answers, whatever the path of the URL is", async () => {
  const port = await appAt([]);
  const { code, stdout, stderr } = await loadtest(
    "--url",
    `http://127.0.0.1:${port}/healthz`,
    "--duration",
    "1",
    "--fresh",
  );
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("recording app") });
  expect(stdout).toContain("closed as announced");
});

it("asks an app that it does not know for the URL's path: none of it became the path of a Unix socket", async () => {
  const paths = new Set<string>();
  const server = createServer((request, response) => {
    if (!request.url?.startsWith("/n/")) paths.add(request.url ?? "");
    response.end("hello");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/some/page`;
  const { code, stdout, stderr } = await loadtest("--url", url, "--duration", "1", "--output", "json");
  server.close();
  expect(code, stderr).toBe(0);
  const { check, lost, begun, verified } = JSON.parse(stdout);
  expect({ check, lost, verified }).toEqual({ check: "framing", lost: [], verified: begun });
  expect([...paths]).toEqual(["/some/page"]);
});

it("ends with 1 where nobody listens, and with 64 for a wrong command line", async () => {
  const port = await createPortSource()();
  expect(await loadtest("--url", `http://127.0.0.1:${port}/`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("refused"),
  });
  expect(await loadtest("--scenario", "nothing")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("there is no nothing; it takes steady, "),
  });
});

it("proves a promise against a real sluice, its control losing requests", async () => {
  const { code, stdout, stderr } = await loadtest(
    "--scenario",
    "slot-drain",
    "--output",
    "json",
    "--seed",
    "1",
  );
  expect(code, stderr).toBe(0);
  const [result] = JSON.parse(stdout).results;
  expect(result).toMatchObject({ verdict: "proven", run: { account: { lost: [], disagreements: [] } } });
  expect(result.control.lost).toBeGreaterThan(0);
});

it("writes a report that names what was lost, and fetches nothing", async () => {
  const port = await appAt(["--lie", "20"]);
  const report = join(directory, "out.html");
  const url = `http://127.0.0.1:${port}/`;
  const { code, stderr } = await loadtest(
    "--url",
    url,
    "--duration",
    "1",
    "--rate",
    "100",
    "--report",
    report,
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining(`the report is in ${report}`)]);
  const html = await readFile(report, "utf8");
  expect(html).toMatch(new RegExp(`<h1>Load on ${url}: <span class="bad">\\d+ lost</span></h1>`));
  expect(html).toContain('class="dot failed"');
  expect(html.replaceAll(url, "")).not.toMatch(/<script|https?:|url\(|@import/);
});
