import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ControlAddress } from "../config/config.ts";
import { call, openRaw } from "./client.fixture.ts";
import { createListeners, type ListenersParts } from "./listeners.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "listeners-"));
  cleanUps.push(() => rmSync(path, { recursive: true }));
  return path;
}

function createWith(parts: Partial<ListenersParts>) {
  const onRequest: ListenersParts["onRequest"] = (_, response) => response.end("here");
  const listeners = createListeners({
    addresses: [],
    option: "--control",
    onRequest,
    onTrouble: () => {},
    ...parts,
  });
  cleanUps.push(() => listeners.close());
  return listeners;
}

const create = (...addresses: ControlAddress[]) => createWith({ addresses });
const LOOPBACK: ControlAddress = { host: "127.0.0.1", port: 0 };

async function listenOn(listeners: ReturnType<typeof createWith>): Promise<ControlAddress> {
  const [address] = await listeners.listen();
  if (!address) throw new Error("no address");
  return address;
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
    message:
      "--control 192.0.2.1:0 cannot be used: that address is not one of this machine's (:PORT alone is all of them)",
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

test("at the limit the longest idle connection makes room, and one that waits for its answer does not", async () => {
  const waiting: ServerResponse[] = [];
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
  const listeners = createWith({
    addresses: [LOOPBACK],
    maxConnections: 3,
    onRequest(request, response) {
      if (request.url !== "/hook") return void response.end("here");
      waiting.push(response);
      asked();
    },
  });
  const address = await listenOn(listeners);
  const hook = call(address, "GET", "/hook");
  await isAsked;
  const [oldest, newer] = [await openRaw(address), await openRaw(address)];
  expect((await call(address, "GET", "/")).text).toBe("here");
  await oldest.closed;
  expect(newer.socket.destroyed).toBe(false);
  waiting[0]?.end("drained");
  expect((await hook).text).toBe("drained");
});

test("half a request is answered 408 in the end; an answer that takes longer than that is left alone", async () => {
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<ServerResponse>();
  const listeners = createWith({
    addresses: [LOOPBACK],
    requestWithinMs: 50,
    onRequest: (_, response) => asked(response),
  });
  const address = await listenOn(listeners);
  const hook = call(address, "GET", "/hook");
  const response = await isAsked;
  const half = await openRaw(address);
  half.socket.write("GET / HTTP/1.1\r\nHo");
  await half.closed;
  expect(half.text).toMatch(/^HTTP\/1\.1 408 /);
  expect(half.text).toContain("HEAD_TIMEOUT");
  response.end("drained");
  expect((await hook).text).toBe("drained");
});

test("out of file descriptors: the process lives, and serves when there are some again", async () => {
  const program = `
    import { createListeners } from ${JSON.stringify(new URL("./listeners.ts", import.meta.url).href)};
    const listeners = createListeners({
      addresses: [{ host: "127.0.0.1", port: 0 }],
      option: "--ops",
      onRequest: (_, response) => response.end("here"),
      onTrouble: () => {},
    });
    console.log(JSON.stringify((await listeners.listen())[0]));`;
  const node = [process.execPath, "--input-type=module", "-e", program];
  const child = spawn("sh", ["-c", 'ulimit -n 48; exec "$@"', "sh", ...node], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanUps.push(() => void child.kill("SIGKILL"));
  const [said] = await once(child.stdout, "data");
  const address: ControlAddress = JSON.parse(String(said));
  const crowd = await Promise.all(Array.from({ length: 60 }, () => openRaw(address)));
  for (const { socket } of crowd) socket.end();
  await Promise.all(crowd.map(({ closed }) => closed));
  expect((await call(address, "GET", "/")).text).toBe("here");
  expect(child.exitCode).toBeNull();
});
