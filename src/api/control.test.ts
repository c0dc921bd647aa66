import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { ControlAddress } from "../config/config.ts";
import { SluiceError } from "../errors.ts";
import { createMemoryBackend } from "./backend.fixture.ts";
import { call, HANDSHAKE, handshakeRequest, openRaw } from "./client.fixture.ts";
import { CONTROL_ROUTES, createControlServer } from "./control.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function setUp() {
  const memory = createMemoryBackend();
  const errors: Error[] = [];
  const directory = mkdtempSync(join(tmpdir(), "control-"));
  const server = createControlServer({
    backend: memory.backend,
    page: memory.page,
    addresses: [{ path: join(directory, "control.sock") }, { host: "127.0.0.1", port: 0 }],
    onError: (error) => errors.push(error),
  });
  const [unix, tcp] = await server.listen();
  if (!unix || !tcp) throw new Error("no addresses");
  cleanUps.push(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });
  return { ...memory, server, unix, tcp, errors };
}

test("every route of the list is there, on each address", async () => {
  const { unix, tcp } = await setUp();
  for (const address of [unix, tcp]) {
    for (const [method, path] of CONTROL_ROUTES) {
      if (/\/(handshake|events|flow|live)$/.test(path)) continue;
      const real = path
        .replace(":slot", "a")
        .replace(":gate", "consul")
        .replace(":id", "c1")
        .replace(":kind", "cpu");
      const body = method === "GET" ? undefined : { open: true, ok: true, level: "debug", duration: "1s" };
      const reply = await call(address, method, real, { body });
      expect({ path, status: reply.status }).toEqual({ path, status: 200 });
    }
  }
});

test("no address: nothing to listen on, nothing to close", async () => {
  const { backend, page } = createMemoryBackend();
  const server = createControlServer({ backend, page, addresses: [], onError: () => {} });
  expect(await server.listen()).toEqual([]);
  await server.close();
});

test("the status, as the backend has it", async () => {
  const { unix, backend } = await setUp();
  const reply = await call(unix, "GET", "/v1/status");
  expect(reply.json).toEqual(JSON.parse(JSON.stringify(backend.status())));
  expect(reply.text.endsWith("}\n")).toBe(true);
});

describe("orders", () => {
  test("a gate opens with its reason and its time to live, whatever the Content-Type", async () => {
    const { unix, gates } = await setUp();
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const body = { open: true, reason: "registered", ttl: "30s" };
    expect(await call(unix, "PUT", "/v1/slots/a/gates/consul", { body, headers: form })).toMatchObject({
      status: 200,
      json: { ok: true },
    });
    expect(gates).toEqual([["a", "consul", { open: true, reason: "registered", ttlMs: 30_000 }]]);
  });

  test.each<[string, string, string, unknown, number, string, string]>([
    [
      "a slot that there is not",
      "PUT",
      "/v1/slots/z/gates/consul",
      { open: true },
      404,
      "UNKNOWN_SLOT",
      "no slot z",
    ],
    [
      "a gate that there is not",
      "PUT",
      "/v1/slots/a/gates/kafka",
      { open: true },
      404,
      "UNKNOWN_GATE",
      "no gate kafka",
    ],
    ["an order that says nothing", "PUT", "/v1/slots/a/gates/consul", {}, 400, "BAD_BODY", '"open" must be'],
    ["no body", "PUT", "/v1/slots/a/gates/consul", undefined, 400, "BAD_BODY", "must be a JSON object"],
    ["half a JSON", "PUT", "/v1/slots/a/gates/consul", '{"open":', 400, "BAD_BODY", "not JSON"],
    [
      "a body of 64 KiB and one",
      "PUT",
      "/v1/slots/a/gates/consul",
      " ".repeat(65_537),
      400,
      "BAD_BODY",
      "larger than 65536",
    ],
    [
      "a handshake that is none",
      "POST",
      "/v1/slots/a/handshake",
      { version: "v1" },
      400,
      "BAD_BODY",
      '"instance" is missing',
    ],
    [
      "a handshake for a slot that there is not",
      "POST",
      "/v1/slots/z/handshake",
      HANDSHAKE,
      404,
      "UNKNOWN_SLOT",
      "no slot z",
    ],
    [
      "an app that stops in a slot that there is not",
      "POST",
      "/v1/slots/z/stopping",
      undefined,
      404,
      "UNKNOWN_SLOT",
      "no slot z",
    ],
    [
      "an outcome nobody waits for",
      "POST",
      "/v1/slots/a/commands/c9",
      { ok: true },
      404,
      "UNKNOWN_COMMAND",
      "",
    ],
    [
      "an outcome that is none",
      "POST",
      "/v1/slots/a/commands/c1",
      { ok: "yes" },
      400,
      "BAD_BODY",
      "the outcome must be",
    ],
    [
      "an outcome with a reason that is none",
      "POST",
      "/v1/slots/a/commands/c1",
      { ok: true, reason: 1 },
      400,
      "BAD_BODY",
      "the outcome must be",
    ],
    [
      "a promotion of what is not ready",
      "POST",
      "/v1/slots/b/promote",
      undefined,
      409,
      "NOT_READY",
      "waits for its probe",
    ],
    [
      "events since a word",
      "GET",
      "/v1/events?since=yesterday",
      undefined,
      400,
      "BAD_BODY",
      '"since" must be',
    ],
    [
      "events to follow perhaps",
      "GET",
      "/v1/events?follow=perhaps",
      undefined,
      400,
      "BAD_BODY",
      '"follow" must be',
    ],
    [
      "a version of the API that there is not",
      "GET",
      "/v2/status",
      undefined,
      404,
      "NO_SUCH_ENDPOINT",
      "no GET /v2/status",
    ],
    [
      "a method that there is not",
      "DELETE",
      "/v1/slots/a/gates/consul",
      undefined,
      404,
      "NO_SUCH_ENDPOINT",
      "no DELETE",
    ],
  ])("%s is refused in plain words", async (_, method, path, body, status, error, words) => {
    const { unix, gates, errors } = await setUp();
    const reply = await call(unix, method, path, { body });
    expect({ status: reply.status, error: reply.json.error }).toEqual({ status, error });
    expect(reply.json.message).toContain(words);
    expect(gates).toEqual([]);
    expect(errors).toEqual([]);
  });

  test.each(["a/b", "text/", ";;", "application/json; charset"])(
    "a Content-Type of %j does no harm",
    async (type) => {
      const { unix } = await setUp();
      const reply = await call(unix, "PUT", "/v1/slots/a/gates/consul", {
        body: { open: true },
        headers: { "Content-Type": type },
      });
      expect([200, 400]).toContain(reply.status);
      if (reply.status === 400) expect(reply.json.message).toContain("Content-Type");
    },
  );

  test("stopping, without a body", async () => {
    const { unix, stopping } = await setUp();
    expect((await call(unix, "POST", "/v1/slots/a/stopping")).status).toBe(200);
    expect(stopping).toEqual(["a"]);
  });

  test("reload: the outcome that the app reported", async () => {
    const { unix, state, outcomes } = await setUp();
    expect(await call(unix, "POST", "/v1/slots/a/reload")).toMatchObject({
      status: 200,
      json: { ok: true, reason: "read again" },
    });
    state.reload = async () => ({ ok: false, reason: "no such file" });
    const failed = await call(unix, "POST", "/v1/slots/a/reload");
    expect(failed).toMatchObject({ status: 502, json: { error: "COMMAND_FAILED" } });
    expect(failed.json.message).toContain("no such file");
    state.reload = () => Promise.reject(new SluiceError("COMMAND_TIMEOUT"));
    expect((await call(unix, "POST", "/v1/slots/a/reload")).status).toBe(504);
    expect(
      (await call(unix, "POST", "/v1/slots/a/commands/c1", { body: { ok: false, reason: "x" } })).status,
    ).toBe(200);
    expect(outcomes).toEqual([["a", "c1", { ok: false, reason: "x" }]]);
  });

  test("promote and drain say what came of it", async () => {
    const { unix } = await setUp();
    expect((await call(unix, "POST", "/v1/slots/a/promote")).json).toEqual({ outcome: "slot a is active" });
    expect((await call(unix, "POST", "/v1/slots/a/drain")).json).toEqual({ outcome: "drained", inFlight: 0 });
  });

  test("a defect shows nothing of itself; the log gets the cause, also after a body was read", async () => {
    const { unix, backend, errors } = await setUp();
    backend.gate = () => {
      throw new Error("secret detail");
    };
    const reply = await call(unix, "PUT", "/v1/slots/a/gates/consul", { body: { open: true } });
    expect(reply).toMatchObject({ status: 500, json: { error: "INTERNAL" } });
    expect(reply.text).not.toContain("secret");
    expect(errors).toMatchObject([{ message: "secret detail" }]);
  });
});

describe("browsers", () => {
  const ORDER = { body: { open: true } };

  test("a page may not give orders", async () => {
    const { tcp, gates } = await setUp();
    const headers = { Origin: "https://a.example" };
    expect(await call(tcp, "PUT", "/v1/slots/a/gates/consul", { ...ORDER, headers })).toMatchObject({
      status: 403,
      json: { error: "FORBIDDEN" },
    });
    expect((await call(tcp, "POST", "/v1/slots/a/handshake", { body: HANDSHAKE, headers })).status).toBe(403);
    expect(gates).toEqual([]);
  });

  test("a name that was made to resolve to loopback is none of ours", async () => {
    const { tcp, unix } = await setUp();
    const headers = { Host: "a.example:9081" };
    expect((await call(tcp, "GET", "/v1/status", { headers })).status).toBe(403);
    expect((await call(unix, "GET", "/v1/status", { headers })).status).toBe(200);
  });
});

describe("events", () => {
  async function follow(address: ControlAddress, path = "/v1/events") {
    const raw = await openRaw(address);
    raw.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return raw;
  }

  test("past and future ones come as lines, as they happen", async () => {
    const { unix, happen } = await setUp();
    happen("first");
    happen("second");
    const reader = await follow(unix, "/v1/events?since=1");
    await reader.until('"second"');
    happen("third");
    await reader.until('"third"');
    expect(reader.text).not.toContain('"first"');
    expect(reader.text).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: application\/x-ndjson/i);
  });

  test("the head comes before anything has happened", async () => {
    const { tcp } = await setUp();
    const reader = await follow(tcp);
    await reader.until("\r\n\r\n");
  });

  test("a reader that does not want to follow gets what is kept, and the end", async () => {
    const { tcp, listeners, happen, until } = await setUp();
    const nothing = await follow(tcp, "/v1/events?follow=false");
    await nothing.until("\r\n0\r\n\r\n");
    expect(nothing.text).toMatch(/content-type: application\/x-ndjson/i);
    happen("first");
    const reader = await follow(tcp, "/v1/events?since=0&follow=false");
    await reader.until("\r\n0\r\n\r\n");
    expect(reader.text).toContain('"first"');
    await until(() => listeners.size === 0);
  });

  test("a reader that leaves is no longer told", async () => {
    const { unix, listeners, until } = await setUp();
    const reader = await follow(unix);
    await until(() => listeners.size === 1);
    reader.socket.destroy();
    await until(() => listeners.size === 0);
  });

  test("a reader that does not keep up loses events, is told how many, and costs a bounded number of bytes", async () => {
    const { unix, listeners, until, happen } = await setUp();
    const reader = await follow(unix);
    await until(() => listeners.size === 1);
    await reader.until("\r\n\r\n");
    reader.socket.pause();
    const sent = 4_000;
    for (let id = 1; id <= sent; id++) happen(`event ${"x".repeat(1_000)}`);
    reader.socket.resume();
    await reader.until('"dropped"');
    happen("last");
    await reader.until('"last"');
    const lines = reader.text
      .split(/\r?\n/)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    const dropped = lines.filter((line) => line.type === "dropped");
    const received = lines.filter((line) => line.type === "test" && line.message !== "last").length;
    expect(dropped).toHaveLength(1);
    expect(dropped[0].after).toBe(received);
    expect(received + dropped[0].count).toBe(sent);
    // One MiB waits at most, and what the kernel takes.
    expect(received).toBeGreaterThan(900);
    expect(received).toBeLessThan(3_000);
  });

  test("close ends the stream in order, and later readers are turned away", async () => {
    const { unix, server } = await setUp();
    const reader = await follow(unix);
    await reader.until("\r\n\r\n");
    await server.close();
    await reader.closed;
    expect(reader.text.endsWith("0\r\n\r\n")).toBe(true);
  });
});

test("close ends lifelines, and says so to the backend", async () => {
  const { tcp, lifelines, server } = await setUp();
  const app = await openRaw(tcp);
  app.socket.write(handshakeRequest("a", HANDSHAKE));
  await app.until("accepted");
  await server.close();
  await app.closed;
  await lifelines[0]?.lost;
});
