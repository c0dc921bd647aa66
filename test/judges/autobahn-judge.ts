// python3-autobahn: its WebSocket server is the app, its client plays the cases 1 to 7 and 10 of its suite, with the server directly
// and through sluice. Nothing may come back otherwise.

import { join } from "node:path";
import type { NamedEngine } from "../security/engines.ts";
import { openHouse } from "./house.ts";
import { type Judge, PYTHON, type Verdict } from "./judge.ts";
import { Program } from "./program.ts";

type Heard = readonly (readonly [string, ...unknown[]])[];

interface Case {
  readonly case: string;
  readonly expected: "echo" | "fail" | "any";
  readonly direct: Heard;
  readonly sluice: Heard;
}

/** A failed connection may be closed by either side first: its code is what counts, and that nothing was said back. */
function faultOf({ expected, direct, sluice }: Case): string | undefined {
  const [a, b] = [JSON.stringify(direct), JSON.stringify(sluice)];
  const closes = sluice.at(-1)?.[0] === "close";
  const echoes = sluice.some(([what]) => what === "text" || what === "binary");
  const pinged = sluice.some(([what, payload]) => what === "pong" && payload === "the last ping");
  if (!closes) return `never closed: ${b}`;
  if (expected === "echo" && !(echoes && pinged)) return `not echoed: ${b}`;
  if (expected === "fail" && pinged) return `not failed: ${b}`;
  return a === b ? undefined : `directly ${a}, through sluice ${b}`;
}

async function hear(engine: NamedEngine): Promise<Verdict[]> {
  const server = new Program(PYTHON, [join(import.meta.dirname, "autobahn/echo.py")]);
  const appPort = Number(await server.line());
  const house = await openHouse(engine, appPort);
  const client = new Program(PYTHON, [
    join(import.meta.dirname, "autobahn/cases.py"),
    `${appPort}`,
    `${house.port}`,
  ]);
  const verdicts: Verdict[] = [];
  try {
    for (let line = await client.line(); line !== "over"; line = await client.line()) {
      const one: Case = JSON.parse(line);
      verdicts.push({ what: one.case, fault: faultOf(one) });
    }
  } finally {
    house.close();
    client.end();
    server.end();
  }
  return verdicts;
}

export const AUTOBAHN: Judge = {
  name: "autobahn",
  needs: { packages: "python3-autobahn", probe: [PYTHON, "-c", "import autobahn.asyncio.websocket"] },
  hear,
};
