// slowhttptest: clients that send their head (-H) or body (-B) a few bytes at a time, or read their answer (-X) so. They are cut by
// rule while everybody else is served as always.

import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { RawClient } from "../../src/proxy/engine-suite/raw-client.ts";
import type { NamedEngine } from "../security/engines.ts";
import { type House, openHouse } from "./house.ts";
import type { Judge, Verdict } from "./judge.ts";

const SLOW = 100;
/** Those of the ordinary client and of the judge's own probe, with room. */
const FEW = 10;
/** After which each kind of slowness is cut, ms; the judge stays for longer, unless all its connections are cut before. */
const PATIENCE_MS = 2_000;
const STAY_SECONDS = 12;
/** Of an answer that is read slowly: more than all buffers hold. */
const LARGE = Buffer.alloc(16 * 1024 * 1024, 97);

const ATTACKS: readonly (readonly [what: string, ...args: string[]])[] = [
  ["-H: heads that never end", "-H", "-i", "1", "-t", "GET", "-x", "16"],
  ["-B: bodies that never end", "-B", "-i", "4", "-t", "POST", "-s", "100000", "-x", "16"],
  ["-X: answers that are not read", "-X", "-w", "256", "-y", "512", "-z", "32", "-n", "5", "-k", "1"],
];

function attack(port: number, args: readonly string[]): Promise<string> {
  const all = [
    "-c",
    `${SLOW}`,
    "-r",
    `${SLOW}`,
    "-l",
    `${STAY_SECONDS}`,
    "-p",
    "10",
    "-u",
    `http://127.0.0.1:${port}/large`,
    ...args,
  ];
  return new Promise((resolve) => {
    execFile("slowhttptest", all, { maxBuffer: 1 << 24 }, (_error, stdout) => resolve(stdout));
  });
}

/** Asks one thing after another until told to stop; returns how many were not answered as they should be. */
async function ordinary(house: House, isOver: () => boolean): Promise<{ asked: number; failed: number }> {
  let asked = 0;
  let failed = 0;
  while (!isOver()) {
    asked++;
    try {
      const client = await RawClient.open(house.port);
      for (let i = 0; i < 10; i++) {
        const answer = await client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        if (answer.body.toString() !== "ok") failed++;
      }
      client.close();
    } catch {
      failed++;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { asked, failed };
}

async function hear(engine: NamedEngine): Promise<Verdict[]> {
  const app = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end(request.url === "/large" ? LARGE : "ok"));
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const { port } = app.address() as AddressInfo;
  const verdicts: Verdict[] = [];
  for (const [what, ...args] of ATTACKS) {
    const house = await openHouse(engine, port, {
      headTimeoutMs: PATIENCE_MS,
      bodyTimeoutMs: PATIENCE_MS,
      clientIdleMs: PATIENCE_MS,
    });
    let isOver = false;
    let most = 0;
    let areCut = false;
    const watch = setInterval(() => {
      most = Math.max(most, house.connections);
      areCut ||= most > FEW && house.connections <= FEW;
    }, 20);
    const load = ordinary(house, () => isOver);
    const said = await attack(house.port, args);
    isOver = true;
    const { asked, failed } = await load;
    clearInterval(watch);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it colours what it says.
    const plain = said.replaceAll(/\x1b\[[0-9;]*m/g, "");
    // What lies in the kernel's buffers the judge goes on reading after its connection is gone.
    areCut ||= plain.includes("No open connections left");
    const isAvailable = /service available:\s*YES/.test(plain);
    verdicts.push(
      { what: `${what}: they came`, fault: most > FEW ? undefined : `only ${most} connections` },
      {
        what: `${what}: the judge finds the service available`,
        fault: isAvailable ? undefined : plain.slice(-600),
      },
      {
        what: `${what}: others are served`,
        fault: asked > 0 && failed === 0 ? undefined : `${failed} of ${asked} failed`,
      },
      {
        what: `${what}: the slow ones are cut`,
        fault: areCut ? undefined : `${house.connections} connections`,
      },
    );
    house.close();
  }
  app.closeAllConnections();
  app.close();
  return verdicts;
}

export const SLOWHTTPTEST: Judge = {
  name: "slowhttptest",
  needs: { packages: "slowhttptest", probe: ["slowhttptest", "-h"] },
  hear,
};
