// What `upgrade` and `status WORKLOAD` say where no cluster helps: the real ones are in test/cluster.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dispatch } from "./dispatch.ts";
import { createPaint } from "./paint.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-upgrade-"));
const servers: Server[] = [];
afterAll(() => {
  rmSync(folder, { recursive: true });
  for (const server of servers) server.close();
});

async function call(argv: readonly string[], env: Record<string, string> = {}) {
  let out = "";
  let err = "";
  const exitCode = await dispatch(argv, {
    name: "sluice",
    runtime: "node v0",
    env,
    isTerminal: false,
    inputIsTerminal: true,
    input: () => Promise.resolve(""),
    colour: false,
    columns: 100,
    paint: createPaint(false),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { exitCode, out, err };
}

/** An API server that answers as no test cluster does. */
async function kubeconfigOf(answers: RequestListener): Promise<Record<string, string>> {
  const server = createServer(answers);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return kubeconfigTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function kubeconfigTo(server: string): Record<string, string> {
  const path = join(folder, `config-${Math.random()}`);
  const named = (key: string, value: unknown) => [{ name: "x", [key]: value }];
  const config = {
    "current-context": "x",
    contexts: named("context", { cluster: "x", user: "x" }),
    clusters: named("cluster", { server }),
    users: named("user", { token: "t" }),
  };
  writeFileSync(path, JSON.stringify(config));
  return { KUBECONFIG: path };
}

const status =
  (code: number, reason: string, message: string): RequestListener =>
  (_request, response) => {
    response.writeHead(code, { "content-type": "application/json" });
    response.end(JSON.stringify({ kind: "Status", reason, message, code }));
  };

describe("a command line that cannot be understood", () => {
  test.each([
    [["upgrade"], /WORKLOAD must be given/],
    [["upgrade", "web"], /--image must be given, or --undo, or --pause/],
    [["upgrade", "web", "--image", "Web:v2"], /lower case/],
    [["upgrade", "web", "--image", "web:v2", "--undo"], /takes no --image/],
    [["upgrade", "web", "--image", "web:v2", "--placeholder", "a b"], /blank/],
    [["upgrade", "web", "--image", "web:v2", "--parallel", "0"], /--parallel takes/],
    [["upgrade", "web", "--image", "web:v2", "--timeout", "5"], /--timeout takes a duration with a unit/],
    [["upgrade", "web", "--image", "web:v2", "--commit-window", "25h"], /--commit-window/],
    [["upgrade", "job/web", "--image", "web:v2"], /job is no kind of workload/],
    [["upgrade", "a/b/c", "--image", "web:v2"], /WORKLOAD is KIND\/NAME or NAME/],
    [["upgrade", "Web", "--image", "web:v2"], /WORKLOAD is KIND\/NAME or NAME/],
    [["upgrade", "status", "web", "--image", "web:v2"], /only looks/],
    [["status", "-n", "shop"], /about a WORKLOAD/],
    [["status", "web", "more"], /one argument too many: more/],
  ])("%j", async (argv, why) => {
    const { exitCode, out, err } = await call(argv, { KUBECONFIG: "/nonexistent" });
    expect(err).toMatch(why);
    expect(err.split("\n")).toHaveLength(3);
    expect(out).toBe("");
    expect(exitCode).toBe(64);
  });

  test("no kubeconfig at all", async () => {
    const { exitCode, err } = await call(["upgrade", "web", "--image", "web:v2"], {
      KUBECONFIG: "/nonexistent",
    });
    expect(err).toMatch(/there is no kubeconfig at \/nonexistent/);
    expect(exitCode).toBe(64);
  });
});

describe("a cluster that", () => {
  const words = ["upgrade", "deployment/web", "--image", "web:v2"];

  test("nobody answers for", async () => {
    const { exitCode, err } = await call(words, kubeconfigTo("http://127.0.0.1:1"));
    expect(err).toMatch(/the cluster at 127\.0\.0\.1:1 cannot be reached: connection refused/);
    expect(exitCode).toBe(69);
  });

  test("is none", async () => {
    const { exitCode, err } = await call(
      words,
      await kubeconfigOf((_request, response) => response.end("<html>")),
    );
    expect(err).toMatch(/does not answer as a Kubernetes API server does/);
    expect(exitCode).toBe(69);
  });

  test.each([
    [401, "Unauthorized", "Unauthorized", 77, /does not accept the credentials/],
    [
      403,
      "Forbidden",
      'deployments.apps "web" is forbidden: User "me" cannot get resource "deployments"',
      77,
      /not allowed: get deployments\.apps in namespace default/,
    ],
    [404, "NotFound", 'deployments.apps "web" not found', 1, /"web" not found/],
  ])("says %i", async (code, reason, message, expected, why) => {
    const env = await kubeconfigOf(status(code, reason, message));
    for (const argv of [words, ["status", "deployment/web"], ["upgrade", "status", "deployment/web"]]) {
      const { exitCode, err } = await call(argv, env);
      expect(err).toMatch(why);
      expect(exitCode).toBe(expected);
    }
  });

  test("has nothing of a bare name", async () => {
    const env = await kubeconfigOf(status(404, "NotFound", "not found"));
    const { exitCode, err } = await call(["status", "web", "-n", "shop"], env);
    expect(err).toMatch(/there is no deployment, statefulset, daemonset, pod web in namespace shop/);
    expect(exitCode).toBe(1);
  });

  test("has several of a bare name", async () => {
    const object = {
      metadata: { name: "web", uid: "u" },
      spec: { selector: {}, template: { spec: { containers: [] } } },
    };
    const env = await kubeconfigOf((request, response) => {
      const isThere = /deployments|statefulsets/.test(request.url ?? "");
      if (isThere) response.end(JSON.stringify(object));
      else status(404, "NotFound", "not found")(request, response);
    });
    const { exitCode, err } = await call(["status", "web"], env);
    expect(err).toMatch(/ambiguous in namespace default: say deployment\/web or statefulset\/web/);
    expect(exitCode).toBe(64);
  });

  test("has a Pod half way: its status names the old image as the other one, not the new one twice", async () => {
    const place = (slot: string, image: string) => ({ slot, container: slot, image });
    const record = {
      ...{ v: 1, phase: "window", at: "2026-11-23T12:00:00Z", by: "me", starts: [] },
      ...{ image: "web:v2", previous: "web:v1", standIn: "pause:1", standInDelayMs: 0 },
      ...{ target: place("b", "pause:1"), from: place("a", "web:v1"), baseline: { restarts: 0 } },
    };
    const annotations = { "sluice/upgrade": JSON.stringify(record) };
    const pod = { metadata: { name: "web", uid: "u", annotations }, spec: { containers: [] } };
    const env = await kubeconfigOf((request, response) => {
      if (request.url?.includes("/leases/")) return status(404, "NotFound", "")(request, response);
      const isOne = request.url?.endsWith("/pods/web");
      return response.end(JSON.stringify(isOne ? pod : { items: [pod] }));
    });
    const { exitCode, out } = await call(["upgrade", "status", "pod/web"], env);
    expect(out).toMatch(/web +no +window +web:v2 +web:v1 /);
    expect(exitCode).toBe(0);
  });

  test("has a workload without sluice", async () => {
    const pod = {
      metadata: { name: "web", uid: "u", namespace: "default" },
      spec: { containers: [{ name: "web", image: "web:v1" }] },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    };
    const env = await kubeconfigOf((request, response) => {
      if (request.url?.includes("watch=true")) return response.flushHeaders();
      return response.end(
        JSON.stringify(
          request.url?.endsWith("/pods/web") ? pod : { metadata: { resourceVersion: "1" }, items: [pod] },
        ),
      );
    });
    const { exitCode, err, out } = await call(["upgrade", "pod/web", "--image", "web:v2"], env);
    expect(err).toBe(
      "sluice: pod/web: it has no sluice: no container has a preStop hook to /prestop/pod, and none is called sluice\nNothing was changed.\n",
    );
    expect(out).toBe("");
    expect(exitCode).toBe(1);
    for (const server of servers) server.closeAllConnections();
  });
});
