// The station: strict client and scribe in a Pod of their own, so that the load comes over the cluster's network and through
// its Services. Orders come as JSON over HTTP, each answer is JSON.
//
//   POST /runs/NAME            {"host","port"}   begins a run
//   POST /runs/NAME/load       a LoadOrder       POST /runs/NAME/stream  {"kind"}
//   POST /runs/NAME/mark       {"what"}          POST /runs/NAME/stop    {"name"?}
//   POST /runs/NAME/settle     a SettleOrder     GET  /runs/NAME         how it stands
//   POST /reach                {"host","port"}   whether a connection stands
//   GET  /lives                apps that have reported to the scribe

import { createServer } from "node:http";
import { connect } from "node:net";
import { json } from "node:stream/consumers";
import { type LoadOrder, openRun, type Run, type SettleOrder } from "./run.ts";
import { openScribe } from "./scribe.ts";

const ORDERS_PORT = 9000;
const SCRIBE_PORT = 9001;

const scribe = openScribe(SCRIBE_PORT);
const runs = new Map<string, Run>();

function reach(host: string, port: number): Promise<{ reached: boolean }> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (reached: boolean) => {
      socket.destroy();
      resolve({ reached });
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

async function obey(method: string, path: string, body: unknown): Promise<unknown> {
  const [, room, name = "", verb = ""] = path.split("/");
  if (room === "lives") return { lives: scribe.lives, problems: scribe.problems };
  if (room === "reach") {
    const { host, port } = body as { host: string; port: number };
    return reach(host, port);
  }
  if (room !== "runs" || name === "") throw new Error(`no such order: ${method} ${path}`);
  if (method === "POST" && verb === "") {
    runs.set(name, openRun(name, body as { host: string; port: number }, scribe));
    return {};
  }
  const run = runs.get(name);
  if (!run) throw new Error(`no run ${name}`);
  switch (verb) {
    case "":
      return run.counts();
    case "load":
      run.load(body as LoadOrder);
      return {};
    case "stream":
      run.stream((body as { kind: "websocket" | "event-stream" }).kind);
      return {};
    case "streams":
      return run.streamResults();
    case "mark":
      return run.mark((body as { what: string }).what);
    case "stop":
      await run.stop((body as { name?: string }).name);
      return {};
    case "settle":
      return run.settle(body as SettleOrder);
    default:
      throw new Error(`no such order: ${path}`);
  }
}

const server = createServer(async (request, response) => {
  response.setHeader("Content-Type", "application/json");
  try {
    const body = request.method === "POST" ? await json(request) : undefined;
    const answer = await obey(request.method ?? "", request.url ?? "", body);
    response.end(JSON.stringify(answer ?? {}));
  } catch (error) {
    response.statusCode = 400;
    response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
  }
});
// The API server keeps its connections to Pods, and sends no order twice: one must not close under it.
server.keepAliveTimeout = 0;
server.listen(ORDERS_PORT, () =>
  process.stdout.write(`orders on ${ORDERS_PORT}, scribe on ${SCRIBE_PORT}\n`),
);
process.on("SIGTERM", () => process.exit(0));
