// The recording app: an ordinary HTTP server on loopback that writes down what it executes and proves, in each answer,
// which version received which bytes. A process of its own, so that it can be killed. In a container, where flags cannot
// be changed in place, the environment (its image's, its slot's) says what the flags do not.

import { createHash, hash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { openLifeline } from "./lifeline.ts";
import { createPattern } from "./pattern.ts";
import { createRandom } from "./random.ts";
import { createRecorder } from "./record-file.ts";
import { connectRecorder } from "./record-stream.ts";
import { acceptOf, CLOSE, createFrameReader, encodeFrame, PING, PONG, TEXT } from "./websocket-frame.ts";

const { env } = process;

const { values: flags } = parseArgs({
  options: {
    host: { type: "string", default: env.APP_HOST ?? "127.0.0.1" },
    port: { type: "string", ...(env.PORT ? { default: env.PORT } : {}) },
    version: { type: "string", default: env.APP_VERSION ?? "v1" },
    /** Where it writes down what it executes: a file, or HOST:PORT of a scribe. */
    record: { type: "string" },
    scribe: { type: "string", ...(env.APP_SCRIBE ? { default: env.APP_SCRIBE } : {}) },
    control: { type: "string", ...(env.SLUICE_CONTROL ? { default: env.SLUICE_CONTROL } : {}) },
    slot: { type: "string", default: env.SLUICE_SLOT ?? "a" },
    /** Listening and handshake come this long after the start, ms. */
    "start-delay": { type: "string", default: env.APP_START_DELAY ?? "0" },
    /** Idle kept-alive connections are closed after a random time of up to this long, ms. */
    "close-idle": { type: "string" },
    /**
     * What SIGTERM does: "graceful" finishes what is in flight; "at-once" exits in the middle of it; "slow" is graceful and
     * takes 10 s more; "deaf" has no handler, and says so in the handshake.
     */
    "at-term": { type: "string", default: env.APP_AT_TERM ?? "graceful" },
    /** A bad version: "crash" at the start, "never-ready", "fails-later": its health fails for good 3 s after the start. */
    trouble: { type: "string", default: env.APP_TROUBLE ?? "none" },
    /** Every Nth answer lies, in a different way each time. */
    lie: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
if (!flags.port || !(flags.record || flags.scribe))
  throw new Error("--port and --record or --scribe are needed");
if (flags.trouble === "crash") process.exit(3);

const { version } = flags;
const pattern = createPattern();
const random = createRandom(Number(flags.seed));
const record = flags.scribe
  ? await connectRecorder(flags.scribe, `${hostname()}/${flags.slot}/${Date.now()}`, version)
  : createRecorder(flags.record!, version);
const lieEvery = Number(flags.lie ?? 0);
const closeIdleMs = Number(flags["close-idle"] ?? 0);
const busy = new WeakMap<Socket, number>();
const tunnels = new Set<Socket>();
const streams = new Set<ServerResponse>();
let answered = 0;
let stopping = false;
let healthy = flags.trouble !== "never-ready";
if (flags.trouble === "fails-later") setTimeout(() => (healthy = false), 3_000);

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Breaks one right answer in one of the ways that a strict client has to notice. */
function lie(response: ServerResponse, body: Buffer, number: number): void {
  const socket = response.socket;
  const way = (answered / lieEvery) % 4;
  if (way === 1) response.setHeader("X-Number", number + 1);
  else if (way === 2) body.write("?", body.length - 1);
  else if (way === 3)
    response.once("finish", () => socket?.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  else {
    response.setHeader("Content-Length", body.length + 100);
    response.once("finish", () => socket?.end());
    response.strictContentLength = false;
    response.flushHeaders();
    socket?.end(body);
    return;
  }
  response.setHeader("Content-Length", body.length);
  response.end(body);
}

function answer(response: ServerResponse, query: URLSearchParams, number: number, sha256: string): void {
  const line = Buffer.from(`${version} ${number} ${sha256}\n`, "latin1");
  const body = Buffer.concat([line, pattern(number, Number(query.get("download") ?? 0))]);
  if (stopping) response.shouldKeepAlive = false;
  response.setHeader("Content-Type", "application/octet-stream");
  response.setHeader("X-Version", version);
  response.setHeader("X-Number", number);
  response.setHeader("X-Upload-Sha256", sha256);
  answered++;
  if (lieEvery > 0 && answered % lieEvery === 0) {
    lie(response, body, number);
    return;
  }
  if (query.get("framing") !== "chunked" || response.req.method === "HEAD") {
    response.setHeader("Content-Length", body.length);
    response.end(body);
    return;
  }
  // One write: a SIGKILL between two would cut an answer that had begun, which no proxy can mend.
  response.cork();
  response.setHeader("Trailer", "X-Download-Sha256");
  response.write(body.subarray(0, line.length + 10));
  if (body.length > line.length + 10) response.write(body.subarray(line.length + 10));
  response.addTrailers({ "X-Download-Sha256": hash("sha256", body, "hex") });
  response.end();
  response.uncork();
}

function execute(request: IncomingMessage, response: ServerResponse, url: URL): void {
  const number = Number(url.pathname.slice("/n/".length));
  record(number, request.method ?? "", String(request.headers["x-request-id"] ?? "-"));
  const digest = createHash("sha256");
  request.on("data", (chunk: Buffer) => digest.update(chunk));
  request.on("error", () => {});
  request.once("end", () => {
    const thinkMs = Number(url.searchParams.get("think") ?? 0);
    const reply = () => answer(response, url.searchParams, number, digest.digest("hex"));
    if (thinkMs > 0) setTimeout(reply, thinkMs);
    else reply();
  });
}

/** Server-sent events, numbered from 1, until the client or sluice ends them. */
function stream(response: ServerResponse, url: URL): void {
  const everyMs = Number(url.searchParams.get("every") ?? 50);
  let id = 0;
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Version": version,
  });
  response.flushHeaders();
  const timer = setInterval(() => response.write(`id: ${++id}\ndata: ${version}\n\n`), everyMs);
  streams.add(response);
  response.once("close", () => {
    clearInterval(timer);
    streams.delete(response);
  });
}

const server = createServer((request, response) => {
  const { socket } = request;
  busy.set(socket, (busy.get(socket) ?? 0) + 1);
  response.once("close", () => {
    busy.set(socket, (busy.get(socket) ?? 1) - 1);
    if (closeIdleMs > 0) armIdleClose(socket);
  });
  const url = new URL(request.url ?? "/", "http://app");
  if (url.pathname.startsWith("/n/")) execute(request, response, url);
  else if (url.pathname === "/events") stream(response, url);
  else if (url.pathname === "/background") {
    record(-1, request.method ?? "", "-");
    request.resume();
    response.end(version);
  } else if (url.pathname === "/healthz") {
    response.statusCode = healthy ? 200 : 500;
    response.end(healthy ? "ok" : "sick");
  } else if (url.pathname === "/sick") {
    healthy = false;
    response.end();
  } else {
    response.statusCode = 404;
    response.end();
  }
});

function armIdleClose(socket: Socket): void {
  setTimeout(() => {
    if ((busy.get(socket) ?? 0) === 0) socket.end();
  }, random() * closeIdleMs);
}

server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
  const key = request.headers["sec-websocket-key"];
  socket.on("error", () => {});
  if (typeof key !== "string") return socket.destroy();
  tunnels.add(socket);
  socket.once("close", () => tunnels.delete(socket));
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\nX-Version: ${version}\r\n\r\n`,
  );
  const frames = createFrameReader();
  socket.on("data", (chunk: Buffer) => {
    for (const frame of frames.push(chunk)) {
      if (frame.opcode === TEXT)
        socket.write(encodeFrame(TEXT, Buffer.from(`${version} ${frame.payload}`), false));
      else if (frame.opcode === PING) socket.write(encodeFrame(PONG, frame.payload, false));
      else if (frame.opcode === CLOSE) socket.end(encodeFrame(CLOSE, frame.payload, false));
    }
  });
});

/** Resolves when the last request has been answered. */
function stop(): Promise<void> {
  stopping = true;
  for (const tunnel of tunnels) tunnel.destroy();
  for (const open of streams) open.end();
  return new Promise((resolve) => server.close(() => resolve()));
}

const manner = flags["at-term"];
const isGraceful = manner === "graceful" || manner === "slow";

async function leave(): Promise<void> {
  await stop();
  if (manner === "slow") await new Promise((resolve) => setTimeout(resolve, 10_000));
}

if (manner !== "deaf")
  process.on("SIGTERM", () => {
    say({ type: "sigterm" });
    // With a lifeline its client stops the app, otherwise nobody else does.
    if (!isGraceful) process.exit(0);
    else if (!flags.control) leave().then(() => process.exit(0));
  });

setTimeout(() => {
  server.listen(Number(flags.port), flags.host, () => {
    say({ type: "listening", pid: process.pid });
    if (!flags.control) return;
    const { control, slot } = flags;
    openLifeline({
      control,
      slot,
      version,
      onStop: isGraceful ? leave : undefined,
      signals: manner === "deaf" ? [] : ["SIGTERM"],
      onState: (state) => say({ type: state }),
    });
  });
}, Number(flags["start-delay"]));
