// The Lease against a server that knows, as an API server does, when an object was changed since it was read.

import { json } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { ApiClient } from "./api-client.ts";
import { refuseWith, say, serveApi } from "./api-server.fixture.ts";
import { acquireLease, askToPause, LeaseTaken, readHolding } from "./lease.ts";

interface Stored {
  metadata: { name: string; resourceVersion?: string; annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
}

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** `meanwhile` is called before each write is looked at: what somebody else writes in that moment. */
async function serve(meanwhile: (stored: Stored | undefined) => Stored | undefined = () => undefined) {
  let stored: Stored | undefined;
  let version = 0;
  const store = (object: Stored) => {
    stored = { ...object, metadata: { ...object.metadata, resourceVersion: `${++version}` } };
    return stored;
  };
  const { client, close } = await serveApi(async (request, response) => {
    if (request.method === "GET") {
      if (stored) say(response, 200, stored);
      else refuseWith(response, 404, "NotFound");
      return;
    }
    const object = (await json(request)) as Stored;
    const other = meanwhile(stored);
    if (other) store(other);
    const isStale = stored?.metadata.resourceVersion !== object.metadata.resourceVersion;
    if (request.method === "POST" ? stored !== undefined : isStale) refuseWith(response, 409, "Conflict");
    else say(response, request.method === "POST" ? 201 : 200, store(object));
  });
  endings.push(close);
  return { client, store, stored: () => stored };
}

function heldBy(holder: string, agoMs = 0): Stored {
  const renewTime = new Date(Date.now() - agoMs).toISOString();
  return { metadata: { name: "up" }, spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime } };
}

const acquire = (client: ApiClient, holder: string) =>
  acquireLease(client, "shop", "up", holder, { watchMs: 50 });

test("whoever renews it is alive, however far behind their clock is", async () => {
  const { client, store, stored } = await serve();
  store(heldBy("a live one", 60_000));
  const watched: string[] = [];
  const refusal = await acquireLease(client, "shop", "up", "me", {
    watchMs: 50,
    onWatch({ holder }) {
      watched.push(holder);
      store(heldBy("a live one", 59_000));
    },
  }).catch((error: unknown) => error);
  expect(watched).toEqual(["a live one"]);
  expect(refusal).toBeInstanceOf(LeaseTaken);
  expect(stored()?.spec).toMatchObject({ holderIdentity: "a live one" });
});

test("of two who take it in the same moment one gets it, and the other is told who", async () => {
  let isFirst = true;
  const { client } = await serve(() => {
    const other = isFirst ? heldBy("somebody else") : undefined;
    isFirst = false;
    return other;
  });
  const refusal = await acquire(client, "me").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(LeaseTaken);
  expect((refusal as Error).message).toMatch(/by somebody else since/);
});

test("a conflict in a later write is read again and written again: nobody's word is lost", async () => {
  let annotate = false;
  const { client, stored } = await serve((now) => {
    if (!annotate || !now) return undefined;
    annotate = false;
    return { ...now, metadata: { ...now.metadata, annotations: { note: "of somebody else" } } };
  });
  const lease = await acquire(client, "me");
  annotate = true;
  expect(await askToPause(client, "shop", "up")).toBe(true);
  expect(stored()?.metadata.annotations).toEqual({ note: "of somebody else", "sluice/pause": "true" });
  expect(await readHolding(client, "shop", "up")).toMatchObject({ holder: "me", isPausing: true });
  annotate = true;
  await lease.release();
  expect(stored()?.metadata.annotations).toEqual({ note: "of somebody else" });
  expect(await readHolding(client, "shop", "up")).toBeUndefined();
});

test("what is held is refused; what was released, or not renewed in time, is free", async () => {
  const { client, stored } = await serve((now) => (now ? undefined : heldBy("a dead one", 16_000)));
  const lease = await acquire(client, "me");
  expect(stored()?.spec).toMatchObject({ holderIdentity: "me" });
  await expect(acquire(client, "you")).rejects.toThrow(/by me since/);
  await lease.release();
  const yours = await acquire(client, "you");
  expect(await readHolding(client, "shop", "up")).toMatchObject({ holder: "you" });
  await yours.release();
});
