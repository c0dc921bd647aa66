import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ControlAddress } from "../config/config.ts";
import { call } from "./client.fixture.ts";
import { createListeners } from "./listeners.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "listeners-"));
  cleanUps.push(() => rmSync(path, { recursive: true }));
  return path;
}

function create(...addresses: ControlAddress[]) {
  const listeners = createListeners({
    addresses,
    option: "--control",
    onRequest: (_, response) => response.end("here"),
  });
  cleanUps.push(() => listeners.close());
  return listeners;
}

test("a Unix socket is open to every uid, and its file goes with the listener", async () => {
  const path = join(directory(), "control.sock");
  const listeners = create({ path });
  expect(await listeners.listen()).toEqual([{ path }]);
  expect(statSync(path).mode & 0o777).toBe(0o666);
  expect((await call({ path }, "GET", "/")).text).toBe("here");
  await listeners.close();
  expect(existsSync(path)).toBe(false);
});

test("a socket that a dead process left is taken over", async () => {
  const path = join(directory(), "control.sock");
  const program = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(existsSync(path)).toBe(true);
  await create({ path }).listen();
  expect((await call({ path }, "GET", "/")).text).toBe("here");
});

test("a socket on which a living process listens is left alone", async () => {
  const path = join(directory(), "control.sock");
  await create({ path }).listen();
  await expect(create({ path }).listen()).rejects.toMatchObject({
    code: "PORT_TAKEN",
    message: `--control ${path} cannot be used: a living sluice (or another process) listens there already`,
  });
  expect((await call({ path }, "GET", "/")).text).toBe("here");
});

test("a file that is no socket is left alone", async () => {
  const path = join(directory(), "notes.txt");
  writeFileSync(path, "keep me");
  await expect(create({ path }).listen()).rejects.toMatchObject({
    code: "PORT_TAKEN",
    message: expect.stringContaining("no socket"),
  });
  expect(statSync(path).size).toBe(7);
});

test("a directory that there is not", async () => {
  const path = join(directory(), "missing", "control.sock");
  await expect(create({ path }).listen()).rejects.toMatchObject({
    message: expect.stringContaining("directory does not exist"),
  });
});

test("an address that this machine does not have", async () => {
  await expect(create({ host: "192.0.2.1", port: 0 }).listen()).rejects.toMatchObject({
    code: "PORT_TAKEN",
    message: "--control 192.0.2.1:0 cannot be used: this machine has no such address",
  });
});

test("one address that is taken: none is kept", async () => {
  const path = join(directory(), "control.sock");
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  cleanUps.push(() => void other.close());
  const address = other.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  await expect(create({ path }, { host: "127.0.0.1", port: address.port }).listen()).rejects.toMatchObject({
    code: "PORT_TAKEN",
  });
  expect(existsSync(path)).toBe(false);
});
