// `node FLAGS scripts/warm-up.ts BUNDLE CODE`: has the bundle do once what every sluice does first, and writes down what V8
// compiled on the way. FLAGS are the image's (scripts/compiled-code.ts): V8 takes code under the flags of its making only.

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";

/** An emulated Node takes most of a minute; a build must not hang. */
const PATIENCE_MS = 60_000;

const [bundle = "", file = ""] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sluice-"));
const socketPath = join(folder, "control.sock");
process.on("exit", () => rmSync(folder, { recursive: true }));
setTimeout(() => process.exit(1), PATIENCE_MS).unref();

const app = createServer((question, answer) => void question.pipe(answer)).listen(0, "127.0.0.1");
await once(app, "listening");
const { port } = app.address() as AddressInfo;

const source = readFileSync(bundle, "latin1");
const script = new Script(source, { filename: "sluice.js" });
const flags = {
  listen: "127.0.0.1:0",
  ops: "127.0.0.1:0",
  control: socketPath,
  slots: `a=127.0.0.1:${port}`,
};
process.argv = [
  process.execPath,
  bundle,
  "run",
  ...Object.entries(flags).map(([key, value]) => `--${key}=${value}`),
];
const said = listen();
script.runInThisContext();

const [, listenPort, opsPort] = /listens on \S+:(\d+), ops on \S+:(\d+)/.exec(await said("started"))!;
for (const path of ["/livez", "/readyz", "/metrics"]) await ask({ port: opsPort, path });
const hello = JSON.stringify({ version: "v1", instance: "warm-up-0000000000", signals: ["SIGTERM"] });
const lifeline = await open({ socketPath, path: "/v1/slots/a/handshake", method: "POST" }, hello);
if (lifeline.statusCode !== 200) throw new Error(`the handshake was answered ${lifeline.statusCode}`);
lifeline.resume();
await said("switch");
for (const body of ["", "body"]) await ask({ port: listenPort, method: body ? "POST" : "GET" }, body);
await ask({ port: opsPort, path: "/readyz" });

writeFileSync(
  file,
  Buffer.concat([Buffer.from(source.slice(0, source.indexOf("\n") + 1)), script.createCachedData()]),
);
process.exit(0);

/** Keeps what the bundle logs; the function that it returns resolves with the line of an event. */
function listen(): (event: string) => Promise<string> {
  const lines: string[] = [];
  let heard = Promise.withResolvers<void>();
  process.stdout.write = (line) => {
    lines.push(String(line));
    heard.resolve();
    heard = Promise.withResolvers();
    return true;
  };
  return async (event) => {
    for (;;) {
      const found = lines.find((line) => line.includes(`"event":"${event}"`));
      if (found !== undefined) return found;
      await heard.promise;
    }
  };
}

async function open(options: RequestOptions, body = ""): Promise<IncomingMessage> {
  const headers = { "content-type": "application/json" };
  const [answer] = await once(request({ host: "127.0.0.1", headers, ...options }).end(body), "response");
  return answer;
}

async function ask(options: RequestOptions, body?: string): Promise<void> {
  const answer = await open(options, body);
  await answer.toArray();
}
