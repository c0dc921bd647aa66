// What only this engine promises, or does in a way of its own, about the connections of both sides.

import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { fieldOf } from "../engine-suite/message-reader.ts";
import { type AppBehaviour, counted } from "../engine-suite/raw-app.ts";
import { destinationOf, type Stage, type StageOptions, setStage } from "../engine-suite/stage.ts";
import { createWireEngine } from "./engine.ts";

const HEAD = "Host: x\r\n";
const GET = `GET / HTTP/1.1\r\n${HEAD}\r\n`;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const ok: AppBehaviour = { onRequest: ({ socket }) => socket.write(counted("ok")) };

let stage: Stage;
const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
  stage = await setStage(createWireEngine, behaviour, options);
  return stage;
};
afterEach(() => stage.stop());

describe("a client that speaks something else", () => {
  function takeOver() {
    const taken: string[] = [];
    const onPreface = (socket: Socket, bytes: Buffer) => {
      taken.push(bytes.toString("latin1"));
      socket.on("data", (chunk: Buffer) => taken.push(chunk.toString("latin1")));
      socket.on("end", () => socket.end());
      socket.write("over to HTTP/2");
      socket.resume();
    };
    return { taken, onPreface };
  }

  it.each([1, 3, 10, 23, 24])("HTTP/2's preface is handed over, cut after %i bytes", async (cut) => {
    const { taken, onPreface } = takeOver();
    await set(ok, { parts: { onPreface } });
    const client = await stage.client();
    client.send(PREFACE.slice(0, cut));
    await pause(5);
    client.send(`${PREFACE.slice(cut)}more`);
    await client.until("over to HTTP/2");
    client.send(" and more");
    while (!taken.join("").endsWith(" and more")) await pause(1);
    expect(taken.join("")).toBe(`${PREFACE}more and more`);
    expect(stage.engine.connections).toBe(1);
    expect(stage.tickets.account().accepted).toBe(0);
    client.close();
    while (stage.engine.connections > 0) await pause(1);
  });

  it("what only begins like the preface is a request", async () => {
    await set(ok, { parts: takeOver() });
    const client = await stage.client();
    client.send("P");
    await pause(5);
    client.send(`OST / HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`);
    expect((await client.answer()).status).toBe(200);
  });

  it("the preface is refused behind a request, and where nobody takes it", async () => {
    await set(ok, { parts: takeOver() });
    const behind = await stage.client();
    await behind.ask(GET);
    behind.send(PREFACE);
    expect((await behind.answer()).status).toBe(400);
    await stage.stop();
    await set(ok);
    const alone = await stage.client();
    alone.send(PREFACE);
    expect((await alone.answer()).status).toBe(400);
  });

  it("half a preface is given up like half a head", async () => {
    await set(ok, { parts: takeOver(), limits: { headTimeoutMs: 100 } });
    const client = await stage.client();
    client.send("PRI * H");
    expect((await client.answer()).status).toBe(408);
  });
});

describe("slow and greedy clients", () => {
  it("a head that comes byte by byte is read, and one that takes too long is answered with 408", async () => {
    await set(ok, { limits: { headTimeoutMs: 400 } });
    const client = await stage.client();
    for (const byte of GET) client.send(byte);
    expect((await client.answer()).status).toBe(200);
    const slow = await stage.client();
    const dribble = setInterval(() => slow.send("x"), 20);
    slow.send("GET /");
    expect(fieldOf(await slow.answer(), "sluice-error")).toBe("HEAD_TIMEOUT");
    clearInterval(dribble);
  });

  it("of a thousand pipelined requests only a few are read ahead, and all are answered in order", async () => {
    let most = 0;
    await set({
      onRequest: ({ socket, target }) => {
        most = Math.max(most, stage.tickets.account().inFlight);
        setImmediate(() => socket.write(counted(target)));
      },
    });
    const client = await stage.client();
    const targets = Array.from({ length: 1000 }, (_, i) => `/${i}`);
    client.send(targets.map((target) => `GET ${target} HTTP/1.1\r\n${HEAD}\r\n`).join(""));
    for (const target of targets) expect((await client.answer()).body.toString()).toBe(target);
    expect(most).toBeLessThan(12);
    expect(stage.tickets.account()).toMatchObject({ accepted: 1000, inFlight: 0 });
  });

  it.each([
    ["at the app", { route: undefined }],
    ["held", { route: { to: "hold" } as const }],
  ])(
    "a client that had pipelined was not seen leaving while its request was %s",
    async (_where, { route }) => {
      const { app, tickets, admission } = await set({}, route && { route });
      const client = await stage.client();
      client.send(GET.repeat(3));
      if (route) while (admission.counts().held === 0) await new Promise((resolve) => setImmediate(resolve));
      else await app.until(() => app.requests.length === 1);
      client.close();
      const records = await stage.ended(3);
      expect(records.map(({ ending }) => ending)).toEqual(Array(3).fill("client_aborted"));
      await app.until(() => app.sockets.size === 0);
      expect([tickets.account().inFlight, admission.counts().held]).toEqual([0, 0]);
    },
  );

  it("a client that takes nothing of a whole answer is cut in time, and counted as gone", async () => {
    await set(
      { onRequest: ({ socket }) => socket.write(counted("x".repeat(20_000_000))) },
      { limits: { clientIdleMs: 300 } },
    );
    const client = await stage.client();
    client.socket.pause();
    client.send(GET);
    expect(await stage.ended(1)).toMatchObject([
      { ending: "client_aborted", code: "CLIENT_LEFT", status: 200 },
    ]);
  });

  it("a large answer is whole although its client reads in fits, while others are served from the same buffers", async () => {
    const large = Buffer.alloc(3_000_000);
    for (let i = 0; i < large.length; i++) large[i] = i % 251;
    await set({
      onRequest: ({ socket, target }) => {
        if (target === "/small") {
          socket.write(counted("small"));
          return;
        }
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n`);
        socket.write(large);
      },
    });
    const readers = await Promise.all(Array.from({ length: 4 }, () => stage.client()));
    for (const { socket } of readers) {
      const fits = setInterval(() => (socket.isPaused() ? socket.resume() : socket.pause()), 3);
      socket.once("close", () => clearInterval(fits));
    }
    const small = await stage.client();
    let isDone = false;
    const smalls = (async () => {
      while (!isDone)
        expect((await small.ask(`GET /small HTTP/1.1\r\n${HEAD}\r\n`)).body.toString()).toBe("small");
    })();
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(readers.map((reader) => reader.ask(GET)));
      for (const { body } of answers) expect(body.equals(large)).toBe(true);
    }
    isDone = true;
    await smalls;
  });
});

describe("connections to the app", () => {
  it("one on which something came unasked is not used again", async () => {
    await set({
      onRequest: ({ socket, target }) => {
        socket.write(counted(target));
        if (target === "/first") setTimeout(() => socket.write(counted("evil")), 5);
      },
    });
    const client = await stage.client();
    await client.ask(`GET /first HTTP/1.1\r\n${HEAD}\r\n`);
    await stage.app.until(() => stage.app.sockets.size === 0);
    expect((await client.ask(`GET /second HTTP/1.1\r\n${HEAD}\r\n`)).body.toString()).toBe("/second");
  });

  it("one that the app announces to close soon is not used again", async () => {
    await set({ onRequest: ({ socket }) => socket.write(counted("ok", "200 OK", "Keep-Alive: timeout=1")) });
    const client = await stage.client();
    for (let i = 0; i < 3; i++) expect(fieldOf(await client.ask(GET), "keep-alive")).toBeUndefined();
    expect(stage.app.connections).toBe(3);
  });

  it("none of an old generation is left behind, idle or in use, after it was retired", async () => {
    let answer: () => void = () => {};
    await set({
      onRequest: ({ socket, target }) => {
        if (target === "/slow") answer = () => socket.write(counted("slow"));
        else socket.write(counted("ok"));
      },
    });
    const [idle, busy] = [await stage.client(), await stage.client()];
    busy.send(`GET /slow HTTP/1.1\r\n${HEAD}\r\n`);
    await stage.app.until(() => stage.app.requests.length === 1);
    await idle.ask(GET);
    expect(stage.app.sockets.size).toBe(2);
    stage.engine.retire(1);
    await stage.app.until(() => stage.app.sockets.size === 1);
    answer();
    expect((await busy.answer()).body.toString()).toBe("slow");
    await stage.app.until(() => stage.app.sockets.size === 0);
  });

  it("an answer that breaks in the same breath as it begins is answered with 502, not cut", async () => {
    const broken = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n";
    await set({ onRequest: ({ socket }) => socket.write(broken) });
    const client = await stage.client();
    const answer = await client.ask(GET);
    expect([answer.status, fieldOf(answer, "sluice-error")]).toEqual([502, "APP_MALFORMED"]);
    stage.app.behaviour = ok;
    expect((await client.ask(GET)).body.toString()).toBe("ok");
    expect(await stage.ended(2)).toMatchObject([{ ending: "failed", status: 502 }, { ending: "answered" }]);
  });

  it("an app that speaks HTTP/2 is named in the cause", async () => {
    await set({ onConnection: (socket) => socket.write(Buffer.from("00001204000000000000", "hex")) });
    const client = await stage.client();
    const answer = await client.ask(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`);
    expect([answer.status, fieldOf(answer, "sluice-error")]).toEqual([502, "APP_MALFORMED"]);
    expect((await stage.ended(1))[0]?.cause).toContain("HTTP/2");
  });

  it("a slow app that takes an upload bit by bit is not given up", async () => {
    await set(
      {
        onConnection: (socket) => {
          socket.pause();
          const sips = setInterval(() => socket.read(), 5);
          // Several times the limit of its silence.
          const enough = setTimeout(() => socket.write(counted("thanks")), 1500);
          socket.on("close", () => {
            clearInterval(sips);
            clearTimeout(enough);
          });
        },
      },
      { limits: { responseTimeoutMs: 400 } },
    );
    const client = await stage.client();
    client.send(`PUT / HTTP/1.1\r\n${HEAD}Content-Length: 100000000\r\n\r\n`);
    client.send(Buffer.alloc(100_000_000));
    expect((await client.answer()).body.toString()).toBe("thanks");
  });
});

describe("event streams", () => {
  it("end in order even while the app is in the middle of a chunk", async () => {
    await set({
      onRequest: ({ socket }) =>
        socket.write(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nff\r\ndata: 1\n\n",
        ),
    });
    const client = await stage.client();
    client.send(GET);
    await client.until("data: 1");
    await stage.engine.endStreams(undefined, 1001);
    const answer = await client.answer();
    expect([answer.framing, answer.body.toString()]).toEqual(["chunked", "data: 1\n\n"]);
  });
});

describe("answers and uploads that cross", () => {
  it("an answer is closed in order where the client, not told in time, asks once more (RFC 9112 9.6)", async () => {
    const body = "x".repeat(1_000_000);
    await set({ onRequest: ({ socket }) => socket.write(counted(body)) });
    stage.engine.windDown(0);
    const client = await stage.client();
    client.socket.pause();
    client.send(`GET /1 HTTP/1.1\r\n${HEAD}\r\n`);
    await stage.app.until(() => stage.app.requests.length === 1);
    await pause(50);
    client.send(`GET /2 HTTP/1.1\r\n${HEAD}\r\n`);
    await pause(50);
    client.socket.resume();
    const answer = await client.answer();
    expect([answer.body.length, fieldOf(answer, "connection")]).toEqual([body.length, "close"]);
  });

  it("an answer was cut short by a reset, since its client had asked on behind its own Connection: close", async () => {
    const body = "x".repeat(8_000_000);
    let answer: () => void = () => {};
    await set({
      onRequest: ({ socket }) => {
        answer = () => socket.write(counted(body));
      },
    });
    const client = await stage.client();
    client.socket.pause();
    client.send(`GET /1 HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n${HEAD}\r\n`);
    await stage.app.until(() => stage.app.requests.length === 1);
    client.send(`GET /3 HTTP/1.1\r\n${HEAD}\r\n`);
    answer();
    const slowly = setInterval(() =>
      client.socket.isPaused() ? client.socket.resume() : client.socket.pause(),
    );
    client.socket.once("close", () => clearInterval(slowly));
    expect((await client.answer()).body.length).toBe(body.length);
    expect(await client.ended()).toBe("fin");
    expect(stage.app.requests.map(({ target }) => target)).toEqual(["/1"]);
  });

  it("who uploads on behind an early answer may do so while bytes come, and ask again", async () => {
    const early: AppBehaviour = {
      onHead: (head, socket) => {
        if (head.line.startsWith("POST")) socket.write(counted("early"));
      },
      onRequest: ({ socket, target, method }) => {
        if (method === "GET") socket.write(counted(target));
      },
    };
    await set(early);
    const client = await stage.client();
    client.send(`POST /a HTTP/1.1\r\n${HEAD}Content-Length: 25\r\n\r\n`);
    expect((await client.answer()).body.toString()).toBe("early");
    for (let i = 0; i < 25; i++) {
      await pause(100);
      client.send("x");
    }
    expect((await client.ask(`GET /b HTTP/1.1\r\n${HEAD}\r\n`)).body.toString()).toBe("/b");
  });

  // In a thread of its own: it must be able to close while a write to it is on its way.
  const REFUSING_APP = `
    const { createServer } = require("node:net");
    const { parentPort } = require("node:worker_threads");
    const answer = "HTTP/1.1 413 Content Too Large\\r\\nConnection: close\\r\\nContent-Length: 9\\r\\n\\r\\ntoo large";
    const app = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.pause();
        socket.write(answer);
        socket.destroy();
      });
    });
    app.listen(0, "127.0.0.1", () => parentPort.postMessage(app.address().port));
  `;

  it.each(["POST", "PUT"])(
    "an upload by %s that the app refuses, and closes unread, gets the app's answer",
    async (method) => {
      const app = new Worker(REFUSING_APP, { eval: true });
      try {
        const [port] = await once(app, "message");
        await set({}, { route: { to: "generation", destination: destinationOf(port) } });
        const upload = async () => {
          const client = await stage.client();
          client.send(`${method} / HTTP/1.1\r\n${HEAD}Content-Length: 60000\r\n\r\n`);
          const answer = client.answer();
          for (let i = 0; i < 150 && client.socket.writable && !client.end; i++) {
            client.send("x".repeat(300));
            await new Promise((resolve) => setImmediate(resolve));
          }
          const { status } = await answer;
          client.close();
          return status;
        };
        const seen: number[] = [];
        for (let round = 0; round < 10; round++)
          seen.push(...(await Promise.all(Array.from({ length: 20 }, upload))));
        expect(new Set(seen)).toEqual(new Set([413]));
        expect(stage.records.filter(({ replayed }) => replayed)).toEqual([]);
      } finally {
        await app.terminate();
      }
    },
  );
});

describe("a burst", () => {
  /** Clients that have been accepted and served, so that all that they send next is read in one turn of the event loop. */
  async function accepted(count: number, onRequest: AppBehaviour["onRequest"]) {
    let isBurst = false;
    const { app, engine } = await set({
      onRequest: (request) => (isBurst ? onRequest?.(request) : request.socket.write(counted("first"))),
    });
    const clients = await Promise.all(Array.from({ length: count }, () => stage.client()));
    await Promise.all(clients.map((client) => client.ask(GET)));
    engine.retire(1);
    await app.until(() => app.sockets.size === 0);
    isBurst = true;
    return { app, engine, clients, before: app.connections };
  }

  it("opened a connection to the app for each of its requests, where few were enough", async () => {
    const { app, clients, before } = await accepted(64, ({ socket }) => socket.write(counted("ok")));
    const answers = await Promise.all(clients.map((client) => client.ask(GET)));
    expect(answers.map(({ status }) => status)).toEqual(clients.map(() => 200));
    expect(app.connections - before).toBeLessThan(40);
  });

  it("whose clients leave at once costs few connections, and each is counted", async () => {
    const { app, engine, clients, before } = await accepted(64, () => {});
    for (const client of clients) client.send(GET);
    while (stage.tickets.account().inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const client of clients) client.socket.resetAndDestroy();
    await stage.ended(128);
    expect(stage.records.slice(64).every(({ ending }) => ending === "client_aborted")).toBe(true);
    expect(stage.tickets.account().inFlight).toBe(0);
    while (engine.connections > 0) await pause(1);
    expect(app.connections - before).toBeLessThan(40);
  });

  it("of uploads arrives whole and in its order", async () => {
    const { clients } = await accepted(32, ({ socket, body }) => socket.write(counted(`${body}`)));
    const bodies = clients.map((_, index) => `body ${index}`);
    const answers = await Promise.all(
      clients.map((client, index) =>
        client.ask(
          `POST / HTTP/1.1\r\n${HEAD}Content-Length: ${bodies[index]!.length}\r\n\r\n${bodies[index]}`,
        ),
      ),
    );
    expect(answers.map(({ body }) => `${body}`)).toEqual(bodies);
  });
});
