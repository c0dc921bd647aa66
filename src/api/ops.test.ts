import { afterEach, describe, expect, test } from "vitest";
import type { ControlAddress } from "../config/config.ts";
import { createMemoryBackend } from "./backend.fixture.ts";
import { call, openRaw } from "./client.fixture.ts";
import { createGuard, type GuardParts } from "./guard.ts";
import { createOpsServer, OPS_ROUTES } from "./ops.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function setUp(guard: Partial<GuardParts> = {}, host = "127.0.0.1") {
  const memory = createMemoryBackend();
  const errors: { readonly error: Error; readonly what: string }[] = [];
  const server = createOpsServer({
    backend: memory.backend,
    guard: createGuard({ nodeIp: undefined, gateways: [], token: undefined, from: [], ...guard }),
    address: { host, port: 0 },
    onError: (error, what) => errors.push({ error, what }),
  });
  const [address] = await server.listen();
  if (!address) throw new Error("no address");
  cleanUps.push(async () => {
    for (const hook of memory.hooks) hook.answer("test over");
    await server.close();
  });
  return { ...memory, server, address, errors };
}

const STRANGERS: Partial<GuardParts> = { nodeIp: "192.168.1.7", gateways: ["10.244.0.1"] };

describe("probes", () => {
  test("livez: sluice runs", async () => {
    const { address } = await setUp();
    expect(await call(address, "GET", "/livez")).toMatchObject({ status: 200, json: { ok: true } });
  });

  test("readyz: the status by the readiness, the body with the reasons", async () => {
    const { address, state } = await setUp();
    expect(await call(address, "GET", "/readyz")).toMatchObject({ status: 200, json: state.readiness });
    const slot = {
      name: "a",
      state: "starting",
      version: "v1",
      ready: false,
      gates: {},
      waitingFor: ["its probe"],
    } as const;
    state.readiness = {
      ready: false,
      reason: "slot a waits for its probe",
      active: undefined,
      slots: [slot],
    };
    const reply = await call(address, "GET", "/readyz");
    expect(reply.status).toBe(503);
    expect(reply.json).toEqual({ ready: false, reason: "slot a waits for its probe", slots: [slot] });
  });

  test("lb: fails when the backend says so", async () => {
    const { address, state } = await setUp();
    expect((await call(address, "GET", "/lb")).status).toBe(200);
    state.balancer = { ok: false, reason: "the Pod is going" };
    expect(await call(address, "GET", "/lb")).toMatchObject({ status: 503, json: state.balancer });
  });

  test("HEAD has the status of GET and no body", async () => {
    const { address, state } = await setUp();
    state.balancer = { ok: false, reason: "the Pod is going" };
    expect(await call(address, "HEAD", "/lb")).toMatchObject({ status: 503, text: "" });
    expect(await call(address, "HEAD", "/livez")).toMatchObject({ status: 200, text: "" });
  });

  test("livez of a slot", async () => {
    const { address, state } = await setUp();
    expect((await call(address, "GET", "/livez/slots/a")).status).toBe(200);
    state.liveness = { ok: false, reason: "3 probes failed" };
    expect(await call(address, "GET", "/livez/slots/a")).toMatchObject({ status: 503, json: state.liveness });
    expect(await call(address, "GET", "/livez/slots/z")).toMatchObject({
      status: 404,
      json: { error: "UNKNOWN_SLOT" },
    });
  });

  test("metrics as the registry wrote them", async () => {
    const { address } = await setUp();
    const reply = await call(address, "GET", "/metrics");
    expect(reply).toMatchObject({ status: 200, text: "sluice_up 1\n" });
    expect(reply.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  test("a defect shows a code and nothing of itself; the log gets the cause", async () => {
    const { address, backend, errors } = await setUp();
    backend.metrics = () => Promise.reject(new Error("secret detail"));
    const reply = await call(address, "GET", "/metrics");
    expect(reply).toMatchObject({ status: 500, json: { error: "INTERNAL" } });
    expect(reply.text).not.toContain("secret");
    expect(errors).toMatchObject([
      { error: { message: "secret detail" }, what: "GET /metrics from 127.0.0.1" },
    ]);
  });
});

describe("hooks", () => {
  test.each(["GET", "POST"])("%s: answered when the backend says so, and not before", async (method) => {
    const { address, hooks, until } = await setUp();
    let isAnswered = false;
    const reply = call(address, method, "/prestop/slots/a").finally(() => {
      isAnswered = true;
    });
    await until(() => hooks.length === 1);
    // A whole round trip on another connection: an early answer would have come by then.
    await call(address, "GET", "/livez");
    expect(isAnswered).toBe(false);
    hooks[0]?.answer("drained");
    expect(await reply).toMatchObject({ status: 200, json: { outcome: "drained" } });
  });

  test("of the Pod; the connection closes with the answer", async () => {
    const { address, hooks, until } = await setUp();
    const reply = call(address, "GET", "/prestop/pod");
    await until(() => hooks.length === 1);
    hooks[0]?.answer("drained");
    const { status, headers } = await reply;
    expect(status).toBe(200);
    expect(headers.connection).toBe("close");
  });

  test("a caller that leaves changes nothing; a second one gets the answer", async () => {
    const { address, hooks, until, errors } = await setUp();
    const leaving = new AbortController();
    const first = call(address, "GET", "/prestop/pod", { signal: leaving.signal });
    await until(() => hooks.length === 1);
    leaving.abort();
    await expect(first).rejects.toThrow();
    const second = call(address, "GET", "/prestop/pod");
    await until(() => hooks.length === 2);
    for (const hook of hooks) hook.answer("drained");
    expect((await second).status).toBe(200);
    expect(errors).toEqual([]);
  });

  test("a hook for a slot that is not configured is refused, and logged, since the kubelet does not look", async () => {
    const { address, errors } = await setUp();
    expect(await call(address, "GET", "/prestop/slots/z")).toMatchObject({
      status: 404,
      json: { error: "UNKNOWN_SLOT" },
    });
    expect(errors).toMatchObject([
      { error: { code: "UNKNOWN_SLOT" }, what: "GET /prestop/slots/z from 127.0.0.1" },
    ]);
  });

  test.each(["/prestop/pod", "/prestop/slots/a"])(
    "%s: a stranger gets 403, orders nothing, and is logged",
    async (path) => {
      const { address, hooks, errors } = await setUp(STRANGERS);
      const reply = await call(address, "GET", path);
      expect(reply).toMatchObject({ status: 403, json: { error: "FORBIDDEN" } });
      expect(reply.json.message).toContain("--hook-from");
      expect(hooks).toEqual([]);
      expect(errors).toMatchObject([{ error: { code: "FORBIDDEN" }, what: `GET ${path} from 127.0.0.1` }]);
    },
  );

  test("HEAD stops nothing", async () => {
    const { address, hooks } = await setUp();
    expect((await call(address, "HEAD", "/prestop/pod")).status).toBe(404);
    expect(hooks).toEqual([]);
  });

  test("the token opens from anywhere", async () => {
    const { address, hooks, until } = await setUp({ ...STRANGERS, token: "s3cret" });
    expect(
      (await call(address, "GET", "/prestop/pod", { headers: { "Sluice-Token": "wrong" } })).status,
    ).toBe(403);
    const reply = call(address, "GET", "/prestop/pod", { headers: { "Sluice-Token": "s3cret" } });
    await until(() => hooks.length === 1);
    hooks[0]?.answer("drained");
    expect((await reply).status).toBe(200);
  });

  test("a listener for both families knows 127.0.0.1 as itself", async () => {
    const { address, hooks, until } = await setUp({}, "");
    const reply = call(address, "GET", "/prestop/pod");
    await until(() => hooks.length === 1);
    hooks[0]?.answer("drained");
    expect((await reply).status).toBe(200);
  });
});

describe("a readiness probe from an address whose hooks would be refused", () => {
  const KUBELET = { headers: { "User-Agent": "kube-probe/1.34" } };

  test("gets 503 and is told what to set", async () => {
    const { address } = await setUp(STRANGERS);
    const reply = await call(address, "GET", "/readyz", KUBELET);
    expect(reply).toMatchObject({ status: 503, json: { ready: false } });
    expect(reply.json.reason).toContain("this is 127.0.0.1");
    expect(reply.json.reason).toContain("--hook-token");
  });

  test("gets the readiness if a token is set: the address says nothing then", async () => {
    const { address } = await setUp({ ...STRANGERS, token: "s3cret" });
    expect((await call(address, "GET", "/readyz", KUBELET)).status).toBe(200);
  });

  test("gets the readiness if its hooks would be answered", async () => {
    const { address } = await setUp();
    expect((await call(address, "GET", "/readyz", KUBELET)).status).toBe(200);
  });

  test("matters for the kubelet alone", async () => {
    const { address } = await setUp(STRANGERS);
    expect((await call(address, "GET", "/readyz")).status).toBe(200);
    expect((await call(address, "GET", "/livez", KUBELET)).status).toBe(200);
  });
});

describe("the listener", () => {
  test("every route of the list is there", async () => {
    const { address, hooks, until } = await setUp();
    for (const [method, path] of OPS_ROUTES) {
      const before = hooks.length;
      const reply = call(address, method, path.replace(":slot", "a"));
      if (path.startsWith("/prestop")) {
        await until(() => hooks.length > before);
        hooks[before]?.answer("drained");
      }
      expect((await reply).status).toBe(200);
    }
  });

  test("what there is not is said to be missing", async () => {
    const { address } = await setUp();
    for (const [method, path] of [
      ["GET", "/"],
      ["DELETE", "/livez"],
      ["GET", "/livez/"],
      ["GET", "/%zz"],
      ["GET", `/livez/slots/${"a".repeat(500)}`],
    ] as const) {
      const reply = await call(address, method, path);
      expect({ path, status: reply.status, error: reply.json.error }).toEqual({
        path,
        status: 404,
        error: "NO_SUCH_ENDPOINT",
      });
    }
  });

  test("close finishes the hook that is waiting, and closes idle connections and those with half a request", async () => {
    const { address, hooks, until, server } = await setUp();
    const idle = await openRaw(address);
    const half = await openRaw(address);
    half.socket.write("GET /livez HTTP/1.1\r\nHo");
    const hook = call(address, "GET", "/prestop/pod");
    await until(() => hooks.length === 1);
    const closed = server.close();
    expect(server.close()).toBe(closed);
    await Promise.all([idle.closed, half.closed]);
    hooks[0]?.answer("drained");
    expect(await hook).toMatchObject({ status: 200, json: { outcome: "drained" } });
    await closed;
    await expect(call(address, "GET", "/livez")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("close does not wait for ever for a hook that has no answer", async () => {
    const { address, hooks, until, server } = await setUp();
    const hook = call(address, "GET", "/prestop/pod");
    const cut = expect(hook).rejects.toMatchObject({ code: "ECONNRESET" });
    await until(() => hooks.length === 1);
    await server.close();
    await cut;
  });

  test("destroy is now", async () => {
    const { address, hooks, until, server } = await setUp();
    const hook = call(address, "GET", "/prestop/pod");
    const cut = expect(hook).rejects.toMatchObject({ code: "ECONNRESET" });
    await until(() => hooks.length === 1);
    server.destroy();
    await cut;
  });

  test("a port that is taken is named, with its option", async () => {
    const { address } = await setUp();
    const { backend } = createMemoryBackend();
    if ("path" in address) throw new Error("a path");
    const guard = createGuard({ nodeIp: undefined, gateways: [], token: undefined, from: [] });
    const second = createOpsServer({ backend, guard, address, onError: () => {} });
    await expect(second.listen()).rejects.toMatchObject({
      code: "PORT_TAKEN",
      message: `--ops 127.0.0.1:${address.port} cannot be used: another process listens there already`,
    });
  });

  test.each<[string, string, number, string]>([
    ["what is no HTTP", "EHLO there\r\n\r\n", 400, "MALFORMED_REQUEST"],
    ["a head without end", `GET / HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(20_000)}`, 431, "HEAD_TOO_LARGE"],
  ])("%s gets an answer and an end", async (_, bytes, status, code) => {
    const { address } = await setUp();
    const raw = await openRaw(address as ControlAddress);
    raw.socket.write(bytes);
    await raw.closed;
    expect(raw.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(raw.text).toContain(code);
  });
});
