// Pods that pull an image or try a version out, against an API server that is told what to answer.

import { json } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { refuseWith, say, serveApi } from "../cluster/api-server.fixture.ts";
import type { Pod } from "../cluster/objects.ts";
import { tryOut } from "./preflight.ts";
import { pull } from "./puller.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Created extends Pod {
  readonly spec: Pod["spec"] & { readonly activeDeadlineSeconds?: number };
}

/** A namespace in which each Pod that is created stands with this status. `loses`: the answer to the first creation is lost. */
async function namespaceWith(status: Pod["status"], { loses = false, mayDelete = true } = {}) {
  const pods = new Map<string, Created>();
  const made: Created[] = [];
  const deleted: string[] = [];
  let isLost = loses;
  const { client, close } = await serveApi(async (request, response) => {
    if (request.method === "POST") {
      const pod = (await json(request)) as Created;
      if (pods.has(pod.metadata.name)) return refuseWith(response, 409, "AlreadyExists");
      pods.set(pod.metadata.name, { ...pod, ...(status ? { status } : {}) });
      made.push(pod);
      if (!isLost) return say(response, 201, pod);
      isLost = false;
      return void response.destroy();
    }
    if (request.method === "DELETE") {
      const name = request.url?.split("/").at(-1) ?? "";
      if (!mayDelete)
        return refuseWith(response, 403, "Forbidden", 'User "me" cannot delete resource "pods"');
      if (!pods.delete(name)) return refuseWith(response, 404, "NotFound");
      deleted.push(name);
      return say(response, 200, {});
    }
    if (request.url?.includes("watch=true")) return response.flushHeaders();
    say(response, 200, { metadata: { resourceVersion: "1" }, items: [...pods.values()] });
  });
  client.bePatient(5_000);
  endings.push(close);
  return { client, made, deleted };
}

const LIKE: Pod = { metadata: { name: "web-0", namespace: "shop" }, spec: { containers: [{ name: "web" }] } };
const never = new AbortController().signal;

function pullOf(withinMs: number) {
  return { image: "app:v2", node: "node-1", like: LIKE, container: "web", withinMs };
}

const state = (inside: object): Pod["status"] => ({
  containerStatuses: [{ name: "image", state: inside }],
});

test("a Pod whose creation was not answered was taken for another one's, and left behind", async () => {
  const { client, made, deleted } = await namespaceWith(
    state({ waiting: { reason: "CreateContainerError" } }),
    { loses: true },
  );
  expect(await pull(client, pullOf(10_000), "web-pull", never)).toBeUndefined();
  expect(made).toHaveLength(1);
  expect(deleted).toEqual(["web-pull"]);
});

test("who may create a Pod and not delete it left one behind", async () => {
  const { client, made } = await namespaceWith(undefined, { mayDelete: false });
  await expect(pull(client, pullOf(10_000), "web-pull", never)).rejects.toThrow(
    "not allowed: delete pods in namespace shop",
  );
  expect(made).toEqual([]);
});

test("an image that does not come in time is told with what is known; the Pod ends by itself should its maker die", async () => {
  const { client, made, deleted } = await namespaceWith(state({ waiting: { reason: "ContainerCreating" } }));
  expect(await pull(client, pullOf(1_000), "web-pull", never)).toBe(
    "it was not there after 1 s (ContainerCreating)",
  );
  expect(deleted).toEqual(["web-pull"]);
  expect(made[0]?.spec.activeDeadlineSeconds).toBe(61);
});

test("a StatefulSet with claims of its own could not be tried out: the claims' volumes were missing", async () => {
  const ready = [{ type: "ContainersReady", status: "True" }];
  const { client, made } = await namespaceWith({ conditions: ready });
  const trial = {
    name: "db-preflight",
    namespace: "shop",
    template: { containers: [{ name: "db", image: "db:v1", volumeMounts: [{ name: "data" }] }] },
    annotations: {},
    container: "db",
    image: "db:v2",
    claims: ["data"],
    withinMs: 10_000,
  };
  expect(await tryOut(client, trial, never)).toBeUndefined();
  expect(made[0]?.spec).toMatchObject({
    volumes: [{ name: "data", emptyDir: {} }],
    containers: [{ name: "db", image: "db:v2" }],
  });
});
