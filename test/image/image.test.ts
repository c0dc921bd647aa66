// The images that were built: what is in them, what they say of themselves, and how the sidecar's behaves in a container.
// They are in buildah's storage: sluice:dev, sluice:again (the same once more), sluice:arm64 and sluice-tools:dev.

import { spawnSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { median } from "../../bench/median.ts";
import { LAUNCH_FLAGS } from "../../loadtest/launch-flags.ts";
import { surveyOf } from "../../scripts/image/survey.ts";
import { VERSION } from "../../src/version.ts";
import { createCleanUp } from "../sluice.fixture.ts";
import { type Container, startContainer } from "./container.ts";
import { contentsOf, type Image, unpack } from "./image.ts";

const MB = 1e6;
const NAMES = {
  sidecar: "sluice:dev",
  again: "sluice:again",
  arm64: "sluice:arm64",
  tools: "sluice-tools:dev",
};
const OURS = [
  ["sidecar", "amd64"],
  ["arm64", "arm64"],
  ["tools", "amd64"],
] as const;

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

const images = {} as Record<keyof typeof NAMES, Image>;
beforeAll(() => {
  for (const [key, name] of Object.entries(NAMES)) {
    images[key as keyof typeof NAMES] = unpack(`docker.io/library/${name}`, cleanUp.folder());
  }
});

describe.each(OURS)("the image %s", (key, architecture) => {
  test("says what it is, and runs as nobody", () => {
    const { config, ...image } = images[key];
    expect(image.architecture).toBe(architecture);
    expect(config.User).toBe("65532:65532");
    expect(config.Entrypoint?.[0]).toBe("/usr/local/bin/node");
    expect(config.Labels).toMatchObject({
      "org.opencontainers.image.title": key === "tools" ? "sluice-tools" : "sluice",
      "org.opencontainers.image.version": VERSION,
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.revision": expect.stringMatching(/^[0-9a-f]{40}$/),
      "org.opencontainers.image.description": expect.any(String),
    });
  });

  test("holds no shell, no package manager, nothing that can be executed but Node", () => {
    const { programs, files, loose } = surveyOf(images[key].root);
    expect(programs).toEqual([]);
    expect(loose).toEqual([]);
    expect(files.filter((path) => /(^|\/)(sh|bash|dash|busybox|npm|npx|yarn|apt|dpkg)$/.test(path))).toEqual(
      [],
    );
  });

  test("holds files of its own architecture only", () => {
    const { architectures } = surveyOf(images[key].root);
    expect(architectures.size).toBeGreaterThan(7);
    expect(new Set(architectures.values())).toEqual(new Set([architecture]));
  });

  test("names all that it carries", () => {
    const bill = JSON.parse(readFileSync(join(images[key].root, "sluice/sluice.cdx.json"), "utf8"));
    const names = bill.components.map(({ name }: { readonly name: string }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["fastify", "pino", "node", "libc6", "libgcc-s1", "libstdc++6", "libatomic1"]),
    );
    expect(names.includes("autocannon")).toBe(key === "tools");
    expect(JSON.stringify(bill)).toContain(`arch=${architecture}`);
    const licences = readFileSync(join(images[key].root, "sluice/licenses.txt"), "utf8");
    for (const title of ["fastify@", "node@", "libc6", "libstdc++6"])
      expect(licences).toContain(`\n${title}`);
  });
});

describe("the sidecar's image", () => {
  test("weighs Node and at most 30 MB more, and holds no node_modules", () => {
    const { bytes, bytesBesideNode, files } = surveyOf(images.sidecar.root);
    console.log(`${(bytes / MB).toFixed(1)} MB, ${(bytesBesideNode / MB).toFixed(1)} MB of it beside Node`);
    expect(bytesBesideNode).toBeLessThan(30 * MB);
    expect(files.filter((path) => path.includes("node_modules"))).toEqual([]);
  });

  test("built again from the same commit has the same content, times and owners included", () => {
    expect(contentsOf(images.again.root)).toEqual(contentsOf(images.sidecar.root));
    expect({ ...images.again.config, Hostname: "" }).toEqual({ ...images.sidecar.config, Hostname: "" });
  });

  test("for arm64 holds the same bundle as for amd64, and code of its own", () => {
    const read = (image: Image, name: string) => readFileSync(join(image.root, "sluice", name));
    for (const name of ["sluice.js", "start.js", "LICENSE"]) {
      expect(read(images.arm64, name).equals(read(images.sidecar, name)), name).toBe(true);
    }
    const [line] = read(images.sidecar, "sluice.js").toString("latin1").split("\n", 1);
    expect(read(images.arm64, "sluice.code").toString("latin1", 0, line!.length)).toBe(line);
  });

  test("for arm64 runs: in an emulator, and V8 takes the code", () => {
    const { root } = images.arm64;
    const script = `const vm = require("node:vm");
      vm.Script = class extends vm.Script { constructor(...of) { super(...of); console.log(this.cachedDataRejected); } };
      process.argv = ["node", "${root}/sluice/start.js", "--version"]; require("${root}/sluice/start.js");`;
    const node = ["-L", root, join(root, "usr/local/bin/node"), ...LAUNCH_FLAGS, "-e", script];
    const { stdout, stderr } = spawnSync("qemu-aarch64-static", node, { encoding: "utf8" });
    expect([stdout, stderr]).toEqual([`false\nsluice ${VERSION}\n`, ""]);
  });
});

test("the tools' image runs the command line and the load test", async () => {
  const run = async (...args: readonly string[]) => {
    const container = startContainer(images.tools, cleanUp.folder(), args);
    cleanUp.later(() => container.remove());
    return container.finished;
  };
  expect(await run("version")).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining(`sluice ${VERSION}`),
  });
  expect(await run("loadtest", "--help")).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining("--url"),
  });
  expect(await run("check", "/sluice/nothing.yaml")).toMatchObject({ exitCode: 64 });
});

describe("in a container with a read-only root, without capabilities, as user 65532", () => {
  const PORTS = ["--listen=127.0.0.1:0", "--ops=127.0.0.1:0", "--control=/run/sluice/control.sock"];

  async function started(user?: string): Promise<Container & { readonly ops: string }> {
    const args = ["run", ...PORTS, "--drain-delay=0s"];
    const container = startContainer(images.sidecar, cleanUp.folder(), args, user);
    cleanUp.later(() => container.remove());
    const [, ops = ""] = await container.printed(/ops on (\S+)"/);
    return { ...container, ops };
  }

  test("it is PID 1, has no capability and no way to get one, and can write nothing but its volume", async () => {
    const container = await started();
    const status = readFileSync(`/proc/${container.pid()}/status`, "utf8");
    expect(status).toMatch(/^NSpid:.*\t1$/m);
    expect(status).toMatch(/^Uid:\t65532\t/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(lstatSync(join("/proc", `${container.pid()}`, "root", "run/sluice/control.sock")).isSocket()).toBe(
      true,
    );
    container.signal("SIGTERM");
    expect(await container.finished).toMatchObject({ exitCode: 0, err: "" });
  });

  test("it runs as any other user, too", async () => {
    const container = await started("1000650000:0");
    expect(readFileSync(`/proc/${container.pid()}/status`, "utf8")).toMatch(/^Uid:\t1000650000\t/m);
    container.signal("SIGTERM");
    expect(await container.finished).toMatchObject({ exitCode: 0, err: "" });
  });

  test("SIGTERM and SIGINT end it with 0; SIGHUP and SIGUSR1, which opens a debugger in Node, do not", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const container = await started();
      container.signal("SIGHUP");
      await container.printed(/"event":"signal_ignored"/);
      container.signal("SIGUSR1");
      expect((await fetch(`http://${container.ops}/livez`)).status).toBe(200);
      container.signal(signal);
      expect(await container.finished).toMatchObject({ exitCode: 0, err: "" });
    }
  });

  // A figure, not a verdict: docs/sizing.md says what it has to be, and what it was.
  test("it is live soon after its container was started; how soon is printed", async () => {
    const times: number[] = [];
    for (let round = 0; round < 7; round++) {
      const container = await started();
      expect((await fetch(`http://${container.ops}/livez`)).status).toBe(200);
      times.push(performance.now() - container.startedAt);
      container.signal("SIGTERM");
      await container.finished;
    }
    console.log(
      `from runc to /livez, ms: median ${median(times).toFixed(0)} of ${times.map((ms) => ms.toFixed(0))}`,
    );
  });
});
