// Wild clients and a wild app around one engine: they send what they like, in pieces, and leave where they like.

import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Limits } from "../limits.ts";
import { type Chance, createChance } from "./chance.ts";
import { type AppBehaviour, counted } from "./raw-app.ts";
import { type CreateEngine, destinationOf, type Stage, setStage } from "./stage.ts";

const CLIENTS_AT_A_TIME = 24;
const ROUNDS = 40;
/** Every wait of the engine, ms: a request that outlives several of them hangs. */
const LIMIT_MS = 150;
const LIMITS: Partial<Limits> = {
  headTimeoutMs: LIMIT_MS,
  bodyTimeoutMs: LIMIT_MS,
  connectTimeoutMs: LIMIT_MS,
  responseTimeoutMs: LIMIT_MS,
  clientIdleMs: LIMIT_MS,
};
const TURN_MS = 10;
const MOST_PATIENCE_TURNS = (20 * LIMIT_MS) / TURN_MS;

const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"];
const ODD_METHODS = ["OPTIONS", "CONNECT", "CONNECT", "PRI", "G(T"];
const TARGETS = ["/a?b=\xe9", "*", "http://x/y", "x:1", "//", `/${"a".repeat(3000)}`, "/%00"];
const VERSIONS = ["HTTP/1.0", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2"];
const FIELDS = [
  "Host: y",
  "Connection: close",
  "Connection: keep-alive, X-A",
  "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Connection: upgrade\r\nUpgrade: h2c",
  "Expect: 100-continue",
  "Expect: the unexpected",
  "TE: trailers",
  "Trailer: X-T",
  "X-A: \xe9\xff\x80",
  "X-Request-Id: \xe9",
  "X-Forwarded-For: 1.2.3.4, \xe9",
  "Idempotency-Key: k",
  `X-Long: ${"b".repeat(2000)}`,
  "Keep-Alive: timeout=1",
  "Content-Length: 5",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip",
  " folded: yes",
];
const BODIES = [
  ["Content-Length: 5\r\n", "hello"],
  ["Content-Length: 5\r\n", "hel"],
  ["Content-Length: 70000\r\n", "x".repeat(70_000)],
  ["Content-Length: -1\r\n", ""],
  ["Content-Length: 99999999999999999999\r\n", "x"],
  ["Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"],
  [
    "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n",
    "5\r\nhello\r\n0\r\nX-T: \xe9\r\nContent-Length: 3\r\n\r\n",
  ],
  ["Transfer-Encoding: chunked\r\n", "5;ext=1\r\nhello\r\nzz\r\n"],
  ["Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"],
] as const;
const STATUSES = [
  "200 OK",
  "200 \xe9",
  "204 N",
  "304 N",
  "101 S",
  "100 C",
  "103 E",
  "099 x",
  "600 x",
  "413 No",
  "500",
];
const ANSWER_FIELDS = [
  "Connection: close",
  "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
  "Content-Type: text/event-stream",
  "Trailer: X-T",
  "Keep-Alive: timeout=0",
  "X-A: \xe9\xff",
  "Set-Cookie: a=b",
  "X(A: bad",
  `X-Long: ${"c".repeat(20_000)}`,
  "Date: never",
];

function requestOf(chance: Chance): string {
  // Mostly what could be served: a refusal at the door tells little about the rooms behind it.
  const rarely = <T>(odd: readonly T[], usual: T): T => (chance.oneIn(12) ? chance.of(odd) : usual);
  const method = rarely(ODD_METHODS, chance.of(METHODS));
  let head = `${method} ${rarely(TARGETS, "/")} ${rarely(VERSIONS, "HTTP/1.1")}\r\n`;
  if (!chance.oneIn(25)) head += "Host: x\r\n";
  for (let count = chance.below(3); count > 0; count--) head += `${chance.of(FIELDS)}\r\n`;
  const [framing, body] = chance.oneIn(2) ? chance.of(BODIES) : ["", ""];
  const request = `${head}${framing}\r\n${body}`;
  return chance.oneIn(8) ? chance.bent(request) : request;
}

function answerOf(chance: Chance): string {
  if (chance.oneIn(3)) return counted("fine");
  if (chance.oneIn(20)) return "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n".repeat(300);
  let answer = chance.oneIn(4) ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
  answer += `HTTP/1.1 ${chance.of(STATUSES)}\r\n`;
  for (let count = chance.below(3); count > 0; count--) answer += `${chance.of(ANSWER_FIELDS)}\r\n`;
  const [framing, body] = chance.oneIn(4) ? ["", "to the end"] : chance.of(BODIES);
  answer += `${framing}\r\n${body}`;
  return chance.oneIn(4) ? chance.bent(answer) : answer;
}

async function say(chance: Chance, socket: Socket, text: string): Promise<void> {
  socket.on("error", () => {});
  for (const part of chance.cut(text, 4)) {
    if (!socket.writable) return;
    socket.write(Buffer.from(part, "latin1"));
    if (chance.oneIn(2)) await pause(chance.below(3));
  }
}

function leave(chance: Chance, socket: Socket): void {
  const how = chance.below(4);
  if (how === 0) socket.resetAndDestroy();
  else if (how === 1) socket.end();
  else if (how === 2) socket.destroy();
}

/** An app that answers what it likes, as often as it likes. */
async function startWildApp(chance: Chance) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: chance.oneIn(2) }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    if (chance.oneIn(20)) leave(chance, socket);
    if (chance.oneIn(20)) socket.pause();
    socket.on("data", async () => {
      if (chance.oneIn(8)) return;
      await say(chance, socket, answerOf(chance));
      if (chance.oneIn(4)) leave(chance, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What the lifecycle may ask of the engine at any moment. */
function disturb(chance: Chance, { engine, admission }: Stage, port: number): void {
  const what = chance.below(8);
  if (what === 0) admission.setRoute({ to: "hold" });
  else if (what === 1) engine.windDown(chance.below(20));
  else if (what === 2) engine.windUp();
  else if (what === 3) engine.retire(1);
  else if (what === 4) void engine.endStreams(undefined, 1001);
  else if (what === 5) engine.cut();
  else admission.setRoute({ to: "generation", destination: destinationOf(port, 1 + chance.below(2)) });
}

export interface Aftermath {
  /** Requests that had not ended long after every limit. */
  readonly hanging: number;
  readonly accepted: number;
  readonly ended: number;
  readonly recorded: number;
  /** What a well-behaved client got afterwards, from a well-behaved app. */
  readonly sane: string;
}

/** Lets wild clients and a wild app loose on an engine, for about two seconds, and says what is left. */
export async function letLoose(create: CreateEngine, seed: number): Promise<Aftermath> {
  const chance = createChance(seed);
  const wild = await startWildApp(chance);
  const sane: AppBehaviour = { onRequest: ({ socket }) => socket.write(counted("sane")) };
  const stage = await setStage(create, sane, { limits: LIMITS, holdTimeoutMs: LIMIT_MS });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      disturb(chance, stage, wild.port);
      await Promise.all(Array.from({ length: CLIENTS_AT_A_TIME }, () => visit(chance, stage)));
    }
    // Those who have stayed are left to the limits, some of which the client library counts in whole seconds.
    // Counted in turns: on a busy machine the engine's clock goes slower than the one on the wall.
    for (let turn = 0; stage.tickets.account().inFlight > 0 && turn < MOST_PATIENCE_TURNS; turn++)
      await pause(TURN_MS);
    const { accepted, ended, inFlight } = stage.tickets.account();
    stage.admission.setRoute({ to: "generation", destination: { ...stage.destination, generation: 3 } });
    const client = await stage.client();
    const answer = await client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return {
      hanging: inFlight,
      accepted,
      ended: Object.values(ended).reduce((sum, count) => sum + count),
      recorded: stage.records.length - 1,
      sane: answer.body.toString(),
    };
  } finally {
    wild.stop();
    await stage.stop();
  }
}

async function visit(chance: Chance, stage: Stage): Promise<void> {
  const { socket } = await stage.client();
  if (chance.oneIn(10)) socket.pause();
  const requests = Array.from({ length: 1 + chance.below(4) }, () => requestOf(chance));
  await say(chance, socket, requests.join(""));
  await pause(chance.below(20));
  leave(chance, socket);
}
