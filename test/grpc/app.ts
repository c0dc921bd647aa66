// An app that speaks gRPC, as a process of its own behind sluice: `node app.ts`, with PORT, VERSION and what sluice's client
// library reads. Prints a JSON line for whatever a test wants to know.

import * as grpc from "@grpc/grpc-js";
import { ECHO, HEALTH, type Said, type Saying, servingStatus } from "./echo.ts";

/** sluice's client library, as far as it is used here. */
interface Library {
  connect(options: {
    readonly version: string;
    readonly onStop: () => unknown;
    readonly log: (message: string) => void;
  }): { ready(): void };
}

const LIBRARY = new URL("../../clients/node/sluice.js", import.meta.url).href;
const { connect } = (await import(LIBRARY)) as Library;
const { PORT = "0", VERSION: version = "v1" } = process.env;
const server = new grpc.Server();
const watchers = new Set<grpc.ServerWritableStream<Buffer, Buffer>>();
const say = (fact: object) => console.log(JSON.stringify({ version, ...fact }));

server.addService(ECHO, {
  say(call: grpc.ServerUnaryCall<Saying, Said>, callback: grpc.sendUnaryData<Said>) {
    const { text, ms = 0 } = call.request;
    call.on("cancelled", () => say({ event: "cancelled", text }));
    const answer = () => {
      const trailers = new grpc.Metadata();
      trailers.set("x-trailer", text);
      for (const value of call.metadata.get("x-client")) trailers.add("x-client", value);
      callback(null, { text, version }, trailers);
    };
    say({ event: "asked", text, deadline: call.getDeadline() !== Number.POSITIVE_INFINITY });
    if (ms === 0) answer();
    else setTimeout(answer, ms);
  },
  async count(call: grpc.ServerWritableStream<Saying, Said>) {
    const { text, count = 3, ms = 0 } = call.request;
    let isCancelled = false;
    call.on("cancelled", () => {
      isCancelled = true;
      say({ event: "cancelled", text });
    });
    for (let i = 0; i < count && !isCancelled; i++) {
      call.write({ text: `${text} ${i}`, version });
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    }
    call.end();
  },
  sum(call: grpc.ServerReadableStream<Saying, Said>, callback: grpc.sendUnaryData<Said>) {
    const texts: string[] = [];
    call.on("data", ({ text }: Saying) => texts.push(text));
    call.on("end", () => callback(null, { text: texts.join("+"), version }));
  },
  talk(call: grpc.ServerDuplexStream<Saying, Said>) {
    call.on("data", ({ text }: Saying) => call.write({ text, version }));
    call.on("end", () => call.end());
    call.on("cancelled", () => say({ event: "cancelled", text: "talk" }));
  },
  fail(_call: grpc.ServerUnaryCall<Saying, Said>, callback: grpc.sendUnaryData<Said>) {
    callback({ code: grpc.status.NOT_FOUND, details: "there is no such thing: 100 %, é" });
  },
});
server.addService(HEALTH, {
  check(_call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
    callback(null, servingStatus(1));
  },
  watch(call: grpc.ServerWritableStream<Buffer, Buffer>) {
    watchers.add(call);
    call.on("cancelled", () => watchers.delete(call));
    call.write(servingStatus(1));
  },
});

/** Finishes what is under way; who watches is told, and let go. */
function stop(): Promise<void> {
  for (const watcher of watchers) {
    watcher.write(servingStatus(2));
    watcher.end();
  }
  return new Promise((resolve) => server.tryShutdown(() => resolve()));
}

const sluice = connect({ version, onStop: stop, log: (message) => say({ event: "client", message }) });
server.bindAsync(`127.0.0.1:${PORT}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  say({ event: "listening" });
  sluice.ready();
});
