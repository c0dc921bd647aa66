// sluice on a terminal (`script` of util-linux makes one): the terminal goes away, and the person with it.

import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { send } from "./harness/client.ts";
import { test } from "./harness/scene.ts";

/** Runs what follows on a terminal of its own, whose exit code it takes over. */
const ON_TERMINAL = ["sh", "-c", 'exec script --quiet --flush --return --command "$*" /dev/null', "sh"];

function newestChildOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  const last = Number(children.at(-1));
  return last > 0 ? last : pid;
}

/** Below `script` there is a shell, unless it has made way. */
function sluiceBelow(pid: number): number {
  for (let at = pid; ; ) {
    const next = newestChildOf(at);
    if (next === at || Number.isNaN(next)) return at;
    at = next;
  }
}

describe.concurrent("a terminal that goes away", () => {
  test("ends sluice as Ctrl-C does: without the minimum delay, and not before what is in flight", async ({
    one,
  }) => {
    const sluice = await one.sluice(
      ["--grace", "60s", "--drain-delay", "40s", "--slot-drain", "1s"],
      ON_TERMINAL,
    );
    const app = await one.app("a");
    const client = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    process.kill(sluiceBelow(sluice.child.pid), "SIGHUP");
    const leaving = await sluice.event("pod_leaving");
    expect(leaving.details).toMatchObject({ cause: "SIGINT", inFlight: 1 });
    app.release();
    expect((await client.answer).status).toBe(200);
    expect(await sluice.ended).toBe(0);
  });
});
