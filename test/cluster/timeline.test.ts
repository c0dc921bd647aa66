// What people see of an upgrade and of a Pod's stop on a real kubelet: `sluice timeline` and `sluice dashboard`.

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { podsOf } from "../../src/cluster/workload.ts";
import { type Ground, IMAGES, openGround } from "./upgrade.fixture.ts";

let ground: Ground;
const folder = mkdtempSync(join(tmpdir(), "sluice-timeline-"));
beforeAll(async () => {
  ground = await openGround();
});
afterAll(async () => {
  await ground.close();
  rmSync(folder, { recursive: true });
});

test("an upgrade under load: the phases of each Pod, the kubelet's part among them, and every request of it", async () => {
  await ground.deploy("two-slots.yaml", "seen", 2);
  const load = await ground.press("seen");
  const image = IMAGES.app("v2");
  const upgraded = await ground.sluice(
    "upgrade",
    "deployment/seen",
    "--image",
    image,
    "--commit-window",
    "2s",
  );
  expect(upgraded).toMatchObject({ exitCode: 0 });
  expect(await load.stop()).toMatchObject({ failed: 0 });

  const { exitCode, out } = await ground.sluice("timeline", "deployment/seen");
  expect(exitCode).toBe(0);
  expect(out.match(/^pod\/seen-/gm)).toHaveLength(2);
  expect(out.match(/^v2 in slot b took over from v1 in slot a: /gm)).toHaveLength(2);
  for (const name of ["hook b", "start", "handshake", "probe", "switch", "drain a", "commit"])
    expect([name, out.match(new RegExp(`^  ${name} +[ █│▶]+ `, "gm"))?.length]).toEqual([name, 2]);
  // A kept-alive client may have asked the other Pod all along.
  expect(out.match(/^No request (was lost in|came during) the switch/gm)).toHaveLength(2);

  const file = join(folder, "upgrade.html");
  expect(await ground.sluice("timeline", "deployment/seen", file)).toMatchObject({ exitCode: 0 });
  expect(readFileSync(file, "utf8").match(/<h2>pod\/seen-/g)).toHaveLength(2);
});

test("the status page of each Pod, and the timeline of one that is deleted meanwhile", async () => {
  const pods = await ground.pods("seen");
  const dashboard = ground.start(["dashboard", "deployment/seen"]);
  await dashboard.says(/(pod\/seen-\S+ {2}http:\S+\n){2}/);
  const following = ground.start(["timeline", `pod/${pods[0]?.metadata.name}`, "--follow"]);
  const [said] = await once(following.child.stderr!, "data");
  expect(String(said)).toContain(`following pod/${pods[0]?.metadata.name}`);
  await ground.client.remove(podsOf(ground.namespace), pods[0]!.metadata.name);
  const { exitCode, out } = await following.ended;
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^The Pod stopped: the Pod's hook was called$/m);
  expect(out).toMatch(/^ {2}lame duck +█/m);

  dashboard.child.kill("SIGINT");
  const shown = await dashboard.ended;
  expect(shown.exitCode).toBe(0);
});

test("the page over a real port-forward: whole, live, and it takes its own orders", async () => {
  const pods = await ground.pods("seen");
  const name = `pod/${pods.find(({ metadata }) => !metadata.deletionTimestamp)?.metadata.name}`;
  const dashboard = ground.start(["dashboard", name]);
  let url = "";
  dashboard.child.stdout?.on("data", (text: string) => {
    url = /http:[^#\s]+/.exec(text)?.[0] ?? url;
  });
  await dashboard.says(name);
  expect(await (await fetch(url)).text()).toContain("<!doctype html>");
  const { origin } = new URL(url);
  const refused = await fetch(`${url}v1/slots/b/promote`, {
    method: "POST",
    headers: { origin: "http://a.example" },
  });
  expect(refused.status).toBe(403);
  const taken = await fetch(`${url}v1/slots/b/promote`, { method: "POST", headers: { origin } });
  expect([200, 409]).toContain(taken.status);
  dashboard.child.kill("SIGINT");
  expect((await dashboard.ended).exitCode).toBe(0);
});
