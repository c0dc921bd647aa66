// varnishtest: its server is the app, its client the client, both as strict as their scripts.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { basename, join } from "node:path";
import type { NamedEngine } from "../security/engines.ts";
import { openHouse } from "./house.ts";
import type { Judge, Verdict } from "./judge.ts";

const SCRIPTS = join(import.meta.dirname, "varnish");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The last lines of what it says, without the dump of its buffers. */
function gistOf(output: string): string {
  return output
    .split("\n")
    .filter((line) => /^(?:----|\*\*\*\* *[cs]\d.*EXPECT)/.test(line))
    .slice(-3)
    .join(" ");
}

async function hear(engine: NamedEngine): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const script of globSync("*.vtc", { cwd: SCRIPTS }).sort()) {
    const appPort = await freePort();
    const house = await openHouse(engine, appPort);
    const args = [
      "-D",
      `app_port=${appPort}`,
      "-D",
      `sluice_port=${house.port}`,
      "-t",
      "10",
      join(SCRIPTS, script),
    ];
    const fault = await new Promise<string | undefined>((resolve) => {
      execFile("varnishtest", args, { maxBuffer: 1 << 24 }, (error, stdout) =>
        resolve(error ? gistOf(stdout) || error.message : undefined),
      );
    });
    house.close();
    verdicts.push({ what: basename(script, ".vtc"), fault });
  }
  return verdicts;
}

export const VARNISHTEST: Judge = {
  name: "varnishtest",
  needs: { packages: "varnish", probe: ["varnishtest", "-h"] },
  hear,
};
