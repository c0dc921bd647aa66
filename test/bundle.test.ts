// The sidecar's bundle: what it carries, and that it works where there is no node_modules.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bundle, buildBundles } from "../scripts/bundles.ts";
import { VERSION } from "../src/version.ts";
import { createCleanUp, ROOT, shakeHands, startNode, startServer, startSluice } from "./sluice.fixture.ts";

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

let folder: string;
let sidecar: Bundle;
let commandLine: Bundle;

beforeAll(async () => {
  folder = cleanUp.folder();
  const bundles = await buildBundles(folder);
  sidecar = bundles.find(({ name }) => name === "sluice")!;
  commandLine = bundles.find(({ name }) => name === "cli")!;
});

const packages = (inputs: readonly string[]) =>
  new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));

test("the sidecar carries what it runs: no load, no tests, no pretty log, no command line", () => {
  const carried = packages(sidecar.inputs);
  expect([...carried]).toEqual(
    expect.arrayContaining(["fastify", "http-proxy-3", "pino", "prom-client", "undici"]),
  );
  for (const name of [
    "autocannon",
    "vitest",
    "pino-pretty",
    "esbuild",
    "typescript",
    "ws",
    "fast-check",
    "ajv",
  ]) {
    expect([name, carried.has(name)]).toEqual([name, false]);
  }
  expect(sidecar.inputs.filter((path) => /^(src\/cli|loadtest|test|bench)\//.test(path))).toEqual([]);
});

test("YAML is read only when a file is given", () => {
  expect(packages(sidecar.inputs)).toContain("yaml");
  expect(packages(sidecar.inputsAtStart)).not.toContain("yaml");
  expect(sidecar.inputsAtStart).toContain("src/sidecar.ts");
});

test("the command line loads neither proxy nor servers until they are asked for", () => {
  const atStart = packages(commandLine.inputsAtStart);
  expect([...atStart]).toEqual([]);
  expect(commandLine.inputs).toContain("src/telemetry/pretty.ts");
});

test("the sidecar's bundle serves and stops without node_modules", async () => {
  const v1 = await startServer((request, answer) => request.pipe(answer));
  cleanUp.later(v1.close);
  const sluice = await cleanUp.ended(
    startSluice(
      [
        join(folder, "sluice.js"),
        "run",
        "--slots",
        `a=127.0.0.1:${v1.port}`,
        "--probe=tcp",
        "--drain-delay=0s",
      ],
      folder,
      folder,
    ),
  );
  expect((await fetch(`http://127.0.0.1:${sluice.ops}/readyz`)).status).toBe(503);
  await shakeHands(sluice.control, "a", "v1");
  await sluice.printed(/"event":"switch"/);
  const body = "x".repeat(100_000);
  const answer = await fetch(`http://127.0.0.1:${sluice.listen}/`, { method: "POST", body });
  expect(await answer.text()).toBe(body);
  expect((await fetch(`http://127.0.0.1:${sluice.ops}/readyz`)).status).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${sluice.ops}/metrics`)).text()).toContain("sluice_");
  sluice.child.kill("SIGTERM");
  expect(await sluice.finished).toMatchObject({ exitCode: 0, err: "" });
});

test("the command line's bundle runs without node_modules, and says so where it needs the checkout", async () => {
  const cli = (...argv: string[]) => startNode([join(folder, "cli.js"), ...argv], {}, folder).finished;
  expect((await cli("version")).out).toContain(`sluice ${VERSION}`);
  expect((await cli("run", "--help")).out).toContain("--drain-delay DURATION");
  expect(await cli("run", "--grace=5")).toMatchObject({ exitCode: 64 });
  expect((await cli("loadtest")).err).toContain("loadtest is part of a checkout");
});

test("the version is that of package.json", () => {
  expect(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version).toBe(VERSION);
});
