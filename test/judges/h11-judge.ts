// python3-h11 on both sides: as the app that gets what sluice makes of each attack, and as the reader of what clients get.

import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { HOST, type Seen } from "../security/attack.ts";
import { CHAPTERS, nameOf } from "../security/attacks/corpus.ts";
import type { NamedEngine } from "../security/engines.ts";
import { openHouse } from "./house.ts";
import { type Judge, PYTHON, type Verdict } from "./judge.ts";
import { Program } from "./program.ts";

interface Read {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly breach?: string;
}

const LAST = `GET /last HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;

/** All that comes back on a connection of its own, until it ends. */
async function received(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.write(Buffer.from(bytes, "latin1"));
  await once(socket, "close");
  return Buffer.concat(parts).toString("latin1");
}

async function hear(engine: NamedEngine): Promise<Verdict[]> {
  const app = new Program(PYTHON, [join(import.meta.dirname, "h11/app.py")]);
  const reader = new Program(PYTHON, [join(import.meta.dirname, "h11/client.py")]);
  const appPort = Number(await app.line());
  const house = await openHouse(engine, appPort, { bodyTimeoutMs: 300 });
  const verdicts: Verdict[] = [];
  let marks = 0;

  /** What h11 read since the last mark. */
  async function readByApp(): Promise<Read[]> {
    const mark = `/mark/${++marks}`;
    await received(appPort, `GET ${mark} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    const reads: Read[] = [];
    for (;;) {
      const read: Read = JSON.parse(await app.line());
      if (read.target === mark) return reads;
      reads.push(read);
    }
  }

  /** A judge that cannot say no is none. */
  async function control(): Promise<string | undefined> {
    await received(appPort, `GET /a HTTP/1.1\r\n${HOST}X : y\r\n\r\n`);
    const reads = await readByApp();
    return reads.some(({ breach }) => breach !== undefined) ? undefined : JSON.stringify(reads);
  }

  try {
    verdicts.push({ what: "control: what reaches it past sluice it objects to", fault: await control() });
    for (const { form, attacks } of CHAPTERS) {
      for (const one of attacks) {
        const outcome = (engine.name === "standard" ? one.standard?.outcome : undefined) ?? one.outcome;
        const expected = outcome.kind === "refused" ? outcome.after : outcome.seen;
        const got = await received(house.port, one.bytes + LAST);
        const reads = await readByApp();
        const what = `${form}: ${nameOf(one)}`;
        verdicts.push({ what: `as the app: ${what}`, fault: faultOf(reads, expected) });
        const methods = expected.map(([method]) => method);
        const answers = got.split("HTTP/1.1 ").length - 1;
        while (methods.length < answers) methods.push("GET");
        reader.say(JSON.stringify({ methods, bytes: got }));
        const { fault }: { fault: string | null } = JSON.parse(await reader.line());
        verdicts.push({ what: `as the client: ${what}`, fault: fault ?? undefined });
      }
    }
  } finally {
    house.close();
    app.end();
    reader.end();
  }
  return verdicts;
}

/** What h11 read must be a beginning of what was to be read; all of it where nothing may be refused is for requests.test.ts to say. */
function faultOf(reads: readonly Read[], expected: readonly Seen[]): string | undefined {
  const breach = reads.find((read) => read.breach !== undefined);
  if (breach) return breach.breach;
  const requests = reads
    .filter(({ target }) => target !== "/last")
    .map(({ method, target, body }) => [method, target, body]);
  const same = JSON.stringify(requests) === JSON.stringify(expected.slice(0, requests.length));
  return same ? undefined : `read ${JSON.stringify(requests).slice(0, 300)}`;
}

export const H11: Judge = {
  name: "h11",
  needs: { packages: "python3-h11", probe: [PYTHON, "-c", "import h11"] },
  hear,
};
