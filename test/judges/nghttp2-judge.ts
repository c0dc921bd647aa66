// nghttp2's client and its load generator, over HTTP/2 by prior knowledge; the app speaks HTTP/1.1.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngineWithHttp2 } from "../../src/proxy/h2/engine-with-http2.ts";
import type { NamedEngine } from "../security/engines.ts";
import { openHouse } from "./house.ts";
import type { Judge, Verdict } from "./judge.ts";

const LARGE = Buffer.alloc(3 * 1024 * 1024, 98);
const REQUESTS = 3_000;

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, { maxBuffer: 1 << 26, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(`${stdout}${stderr}${error ? `\nended with ${error.code}` : ""}`),
    );
  });
}

async function hear({ name, create }: NamedEngine): Promise<Verdict[]> {
  const uploads: number[] = [];
  const app = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (part: Buffer) => {
      bytes += part.length;
    });
    request.on("end", () => {
      if (request.method === "POST") uploads.push(bytes);
      response.setHeader("X-App", "seen");
      const body = request.url === "/large" ? LARGE : Buffer.from("ok");
      response.setHeader("Content-Length", body.length);
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const { port } = app.address() as AddressInfo;
  const both: NamedEngine = {
    name,
    create: (parts) => createEngineWithHttp2(parts, { appProtocol: "h1", create: (inner) => create(inner) }),
  };
  const house = await openHouse(both, port);
  const folder = mkdtempSync(join(tmpdir(), "judge-"));
  const file = join(folder, "body");
  writeFileSync(file, LARGE);
  const at = `http://127.0.0.1:${house.port}`;
  const verdicts: Verdict[] = [];
  const hears = (what: string, isGood: boolean, said: string): void => {
    verdicts.push({ what, fault: isGood ? undefined : said.slice(-600) });
  };
  try {
    const get = await run("nghttp", ["-nv", `${at}/`]);
    hears(
      "nghttp: GET",
      /:status: 200/.test(get) && /x-app: seen/.test(get) && !/RST_STREAM|PROTOCOL_ERROR/.test(get),
      get,
    );
    const head = await run("nghttp", ["-nv", "-H:method: HEAD", `${at}/large`]);
    hears(
      "nghttp: HEAD has its length and no body",
      /content-length: 3145728/.test(head) && !/recv DATA frame <length=[1-9]/.test(head),
      head,
    );
    const large = await run("nghttp", ["--no-verify-peer", `${at}/large`]);
    hears("nghttp: 3 MiB down", large.length === LARGE.length, `${large.length} bytes`);
    const narrow = await run("nghttp", ["-w", "10", "-W", "10", `${at}/large`]);
    hears(
      "nghttp: 3 MiB down through windows of 1 KiB",
      narrow.length === LARGE.length,
      `${narrow.length} bytes`,
    );
    const post = await run("nghttp", ["-nv", "-d", file, `${at}/post`]);
    hears(
      "nghttp: 3 MiB up",
      uploads.at(-1) === LARGE.length && /:status: 200/.test(post),
      `${uploads.at(-1)}: ${post}`,
    );
    const many = await run("nghttp", [
      "-n",
      "-m",
      "50",
      "--stat",
      ...Array.from({ length: 20 }, (_, i) => `${at}/${i}`),
    ]);
    hears("nghttp: a thousand streams on one connection", !/ended with|error/i.test(many), many);
    const load = await run("h2load", ["-n", `${REQUESTS}`, "-c", "5", "-m", "20", `${at}/`]);
    hears(
      "h2load: every request succeeds",
      load.includes(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`),
      load,
    );
    const http1 = await run("h2load", ["--h1", "-n", `${REQUESTS}`, "-c", "5", "-m", "5", `${at}/`]);
    hears(
      "h2load: every pipelined request over HTTP/1.1 succeeds",
      http1.includes(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`),
      http1,
    );
    hears("nothing is left under way", house.inFlight === 0, `${house.inFlight}`);
  } finally {
    house.close();
    app.closeAllConnections();
    app.close();
    rmSync(folder, { recursive: true });
  }
  return verdicts;
}

export const NGHTTP2: Judge = {
  name: "nghttp2",
  needs: { packages: "nghttp2-client", probe: ["nghttp", "--version"] },
  hear,
};
