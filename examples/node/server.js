// A small real server for Node.js >= 18, run behind sluice. See README.md.
import { createHash } from "node:crypto";
import http from "node:http";
import { connect } from "../../clients/node/sluice.js";
import { acceptWebSocket } from "./websocket.js";

const { PORT = "8081", VERSION = "v1", SLUICE_SLOT: slot = null } = process.env;
let greeting = process.env.GREETING ?? "hello";
const streams = new Set();
const sockets = new Set();

const pages = {
  "/": (_request, response) => json(response, { version: VERSION, pid: process.pid, slot, greeting }),
  "/healthz": (_request, response) => json(response, { ok: true }),
  /** Answers with the body, as it comes. */
  "/echo": (request, response) => {
    response.writeHead(200, {
      "content-type": request.headers["content-type"] ?? "application/octet-stream",
    });
    request.pipe(response);
  },
  /** Answers with what it received, once it has all of it; safe to repeat, so a request may carry an Idempotency-Key. */
  "/digest": async (request, response) => {
    const digest = createHash("sha256");
    let bytes = 0;
    for await (const part of request) {
      digest.update(part);
      bytes += part.length;
    }
    json(response, { version: VERSION, bytes, sha256: digest.digest("hex") });
  },
  /** Answers after ?ms= milliseconds. */
  "/slow": (_request, response, query) => {
    const ms = Math.min(Number(query.get("ms") ?? 5000) || 0, 600_000);
    setTimeout(() => json(response, { version: VERSION, pid: process.pid, slept: ms }), ms);
  },
  /** Server-sent events, one every 200 ms. */
  "/stream": (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    let id = 0;
    const timer = setInterval(() => {
      id += 1;
      response.write(`id: ${id}\ndata: ${JSON.stringify({ version: VERSION, id })}\n\n`);
    }, 200);
    streams.add(response);
    response.on("close", () => {
      clearInterval(timer);
      streams.delete(response);
    });
  },
};

function json(response, value, status = 200) {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

const server = http.createServer((request, response) => {
  // close() ends the connections that are idle now; one that becomes idle later would be waited for, 5 s and more.
  response.on("close", () => server.listening || setImmediate(() => server.closeIdleConnections()));
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
  const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
  if (page === undefined) return json(response, { error: `nothing at ${pathname}` }, 404);
  return page(request, response, searchParams)?.catch(() => response.destroy()); // the client left
});
server.on("upgrade", (request, socket, head) => {
  const webSocket = acceptWebSocket(request, socket, head, (message) => webSocket?.send(message));
  if (webSocket === undefined) return;
  sockets.add(webSocket);
  webSocket.closed.then(() => sockets.delete(webSocket));
});

/** Finishes what is in flight. Streams and WebSockets have no end of their own: they are told to go. */
async function stop() {
  console.log(`${VERSION}: stopping`);
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections(); // close() itself does so since Node.js 19
  for (const stream of streams) stream.end("event: bye\ndata: going away\n\n");
  for (const webSocket of sockets) webSocket.close(1001, "going away");
  await Promise.all([closed, ...[...sockets].map((webSocket) => webSocket.closed)]);
  console.log(`${VERSION}: all done`);
}

/** What SIGUSR2 did: read the configuration anew. Here it comes from a file, if there is one. */
async function reload() {
  const { readFile } = await import("node:fs/promises");
  if (process.env.CONFIG) greeting = JSON.parse(await readFile(process.env.CONFIG, "utf8")).greeting;
  console.log(`${VERSION}: configuration read, greeting is ${greeting}`);
}
process.on("SIGUSR2", () =>
  reload().catch((error) => console.error(`${VERSION}: reload failed: ${error.message}`)),
);

const sluice = connect({ version: VERSION, onStop: stop, onReload: reload, signals: ["SIGUSR2"] });
server.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`${VERSION}: listening on 127.0.0.1:${server.address().port}`);
  sluice.ready();
});
