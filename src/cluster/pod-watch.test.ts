import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { refuseWith, say, serveApi } from "./api-server.fixture.ts";
import { watchPods } from "./pod-watch.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const pod = (name: string, resourceVersion: string) => ({
  metadata: { name, resourceVersion },
  spec: { containers: [] },
});

/** Lists are answered with `items`, watches by `onWatch`. */
async function watching(
  items: () => readonly unknown[],
  onWatch: (response: ServerResponse, version: string | null) => void,
) {
  const { client, close } = await serveApi((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://api");
    if (searchParams.get("watch") === "true") onWatch(response, searchParams.get("resourceVersion"));
    else say(response, 200, { metadata: { resourceVersion: "7" }, items: items() });
  });
  endings.push(close);
  const troubles: string[] = [];
  const open = async () => {
    const watch = await watchPods(
      client,
      "shop",
      {},
      () => true,
      (error) => troubles.push(String(error)),
    );
    endings.push(() => watch.close());
    return watch;
  };
  return { open, troubles };
}

test("who may list but not watch waited blindly", async () => {
  const { open, troubles } = await watching(
    () => [pod("web-0", "1")],
    (response) =>
      refuseWith(response, 403, "Forbidden", 'pods is forbidden: User "me" cannot watch resource "pods"'),
  );
  await expect(open()).rejects.toThrow("not allowed: watch pods in namespace shop");
  expect(troubles).toEqual([]);
});

test("a watch that was allowed and then is not is opened again: an expired token ended it for good", async () => {
  const again = Promise.withResolvers<void>();
  let opened = 0;
  const { open, troubles } = await watching(
    () => [pod("web-0", "1")],
    (response) => {
      opened++;
      if (opened === 1) {
        // Nothing happens, and the server ends the watch.
        response.flushHeaders();
        setImmediate(() => response.end());
      } else if (opened < 4) refuseWith(response, 401, "Unauthorized");
      else {
        response.flushHeaders();
        again.resolve();
      }
    },
  );
  await open();
  await again.promise;
  expect(troubles).toEqual([expect.stringMatching(/does not accept the credentials/)]);
});

test("what happened since a version that is no longer kept is listed anew, and nobody is alarmed", async () => {
  let items = [pod("web-0", "1")];
  const versions: (string | null)[] = [];
  const { open, troubles } = await watching(
    () => items,
    (response, version) => {
      versions.push(version);
      response.flushHeaders();
      if (versions.length > 1) return;
      response.write(`${JSON.stringify({ type: "MODIFIED", object: pod("web-0", "8") })}\n`);
      items = [pod("web-1", "9")];
      response.end(`${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410 } })}\n`);
    },
  );
  const watch = await open();
  const name = await watch.until(() => watch.pod("web-1")?.metadata.name, AbortSignal.timeout(10_000));
  expect(name).toBe("web-1");
  expect(watch.pod("web-0")).toBeUndefined();
  expect(versions[0]).toBe("7");
  expect(troubles).toEqual([]);
});
