// The sidecar's bundle: what it carries, and that it works where there is no node_modules.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LAUNCH_FLAGS } from "../loadtest/launch-flags.ts";
import { type Bundle, buildBundles } from "../scripts/bundles.ts";
import { writeCompiledCode } from "../scripts/compiled-code.ts";
import { VERSION } from "../src/version.ts";
import { createCleanUp, ROOT, shakeHands, startNode, startServer, startSluice } from "./sluice.fixture.ts";

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

let folder: string;
let sidecar: Bundle;
let commandLine: Bundle;
let tracing: Bundle;

beforeAll(async () => {
  folder = cleanUp.folder();
  const bundles = await buildBundles(folder);
  sidecar = bundles.find(({ name }) => name === "sluice")!;
  commandLine = bundles.find(({ name }) => name === "cli")!;
  tracing = bundles.find(({ name }) => name === "tracing")!;
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

test("tracing is a file of its own, of which the sidecar's holds nothing", () => {
  expect([...packages(sidecar.inputs)].filter((name) => name.startsWith("@opentelemetry/"))).toEqual([]);
  expect(sidecar.inputs.filter((path) => path.startsWith("src/telemetry/tracing/"))).toEqual([]);
  expect(packages(tracing.inputs)).toContain("@opentelemetry/exporter-trace-otlp-proto");
  expect([...packages(tracing.inputs)].filter((name) => !name.startsWith("@opentelemetry/"))).toEqual([]);
});

test.each([["sluice.js"], ["start.js"], ["cli.js"]])(
  "%s sends traces without node_modules",
  async (program) => {
    const bodies: Buffer[] = [];
    const collector = await startServer((request, answer) => {
      request.on("data", (chunk: Buffer) => bodies.push(chunk)).on("end", () => answer.end());
    });
    cleanUp.later(collector.close);
    const options = [
      `--otlp-endpoint=http://127.0.0.1:${collector.port}`,
      "--trace-sample=1",
      "--drain-delay=0s",
    ];
    const at = cleanUp.folder();
    const sluice = await cleanUp.ended(startSluice([join(folder, program), "run", ...options], at, folder));
    expect(
      await fetch(`http://127.0.0.1:${sluice.listen}/path-of-this-request`, {
        signal: AbortSignal.timeout(500),
      }).catch(() => "held"),
    ).toBe("held");
    sluice.child.kill("SIGTERM");
    expect(await sluice.finished).toMatchObject({ exitCode: 0, err: "" });
    const sent = Buffer.concat(bodies).toString("latin1");
    expect(sent).toContain("/path-of-this-request");
    expect(sent).toContain("stop of the Pod");
  },
);

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

describe("as the image starts it, with the code that V8 compiled before", () => {
  const place = ["--listen=127.0.0.1:0", "--ops=127.0.0.1:0", "--control=127.0.0.1:0"];
  const code = () => readFileSync(join(folder, "sluice.code"));
  /** Says on standard error what V8 made of the code. */
  const ASK = `const vm = require("node:vm");
    vm.Script = class extends vm.Script { constructor(...of) { super(...of); console.error("rejected:", this.cachedDataRejected); } };`;
  const start = (flags: readonly string[], at = folder) => {
    writeFileSync(join(folder, "ask.cjs"), ASK);
    return startNode(
      [...flags, "-r", join(folder, "ask.cjs"), join(at, "start.js"), "run", ...place],
      {},
      folder,
    );
  };
  const stop = async (sluice: ReturnType<typeof startNode>) => {
    await sluice.printed(/"event":"started"/);
    sluice.child.kill("SIGTERM");
    return sluice.finished;
  };

  beforeAll(() => writeCompiledCode(folder));

  test("V8 takes the code under the flags of the image", async () => {
    expect(await stop(start(LAUNCH_FLAGS))).toMatchObject({ exitCode: 0, err: "rejected: false\n" });
  });

  test("under other flags it compiles the bundle as ever", async () => {
    expect(await stop(start(["--stack-size=900"]))).toMatchObject({ exitCode: 0, err: "rejected: true\n" });
  });

  test("code of another bundle is not even shown to V8, which would compare lengths alone", async () => {
    const at = cleanUp.folder();
    for (const name of ["start.js", "sluice.js"]) copyFileSync(join(folder, name), join(at, name));
    writeFileSync(join(at, "sluice.code"), code().with(5, code()[5]! ^ 1));
    expect(await stop(start(LAUNCH_FLAGS, at))).toMatchObject({ exitCode: 0, err: "rejected: undefined\n" });
  });

  test("the same bundle gives the same code", async () => {
    const before = code();
    await writeCompiledCode(folder);
    expect(code().equals(before)).toBe(true);
  });
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
