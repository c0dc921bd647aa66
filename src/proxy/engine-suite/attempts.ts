// Promises about attempts: what is replayed, what is held, what is never sent twice, and how app connections are used.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { fieldOf } from "./message-reader.ts";
import { type AppBehaviour, counted, RawApp } from "./raw-app.ts";
import { type CreateEngine, destinationOf, type Stage, type StageOptions, setStage } from "./stage.ts";

const HEAD = "Host: x\r\n";
const GET = `GET /get HTTP/1.1\r\n${HEAD}\r\n`;
const POST = `POST /post HTTP/1.1\r\n${HEAD}Content-Length: 4\r\n\r\nbody`;

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function attemptsSuite(create: CreateEngine): void {
  describe("attempts", () => {
    let stage: Stage;
    let second: RawApp | undefined;
    const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
      stage = await setStage(create, behaviour, options);
      return stage;
    };
    afterEach(async () => {
      await second?.stop();
      second = undefined;
      await stage.stop();
    });

    it("a replay waits until the death that caused it is known, and goes to the second app, once", async () => {
      // The lifeline closes right after the connection, as when the kernel ends a process.
      const lifelines: Socket[] = [];
      const kernel = createServer((socket) => lifelines.push(socket));
      await new Promise<void>((resolve) => kernel.listen(0, "127.0.0.1", resolve));
      const lifeline = connect((kernel.address() as AddressInfo).port, "127.0.0.1");
      await new Promise((resolve) => kernel.once("connection", resolve));
      let replays = 0;
      const { app, admission } = await set(
        {
          onRequest: ({ socket }) => {
            socket.destroy();
            lifelines[0]?.destroy();
          },
        },
        { observer: { replayed: () => replays++ } },
      );
      second = await RawApp.start({ onRequest: ({ socket }) => socket.write(counted("second")) });
      const next = destinationOf(second.port, 2);
      lifeline.on("end", () => admission.setRoute({ to: "generation", destination: next }));
      lifeline.resume();
      const client = await stage.client();
      expect((await client.ask(GET)).body.toString()).toBe("second");
      expect([replays, app.requests.length]).toEqual([1, 1]);
      expect(await stage.ended(1)).toMatchObject([
        { ending: "answered", generation: 2, replayed: true, slot: "b" },
      ]);
      lifeline.destroy();
      kernel.close();
    });

    it("a replay that meets the same death as the first attempt goes to the next app when that death is known", async () => {
      let refusals = 0;
      const { app, admission } = await set({
        onRequest: ({ socket }) => {
          // Both are reset before the lifeline is: the death becomes known long after the replay.
          socket.resetAndDestroy();
          refusals++;
        },
      });
      second = await RawApp.start({ onRequest: ({ socket }) => socket.write(counted("second")) });
      const client = await stage.client();
      client.send(GET);
      await app.until(() => refusals === 2);
      while (stage.tickets.inFlight(1) > 0) await new Promise((resolve) => setImmediate(resolve));
      admission.setRoute({ to: "generation", destination: destinationOf(second.port, 2) });
      expect((await client.answer()).body.toString()).toBe("second");
      expect([app.requests.length, second.requests.length]).toEqual([2, 1]);
      expect(await stage.ended(1)).toMatchObject([{ ending: "answered", generation: 2, replayed: true }]);
    });

    it("a GET that kills whomever it meets meets two generations, no more", async () => {
      const { app, admission } = await set({
        onRequest: ({ socket }) => {
          socket.destroy();
          admission.setRoute({ to: "generation", destination: destinationOf(second!.port, 2) });
        },
      });
      second = await RawApp.start({
        onRequest: ({ socket }) => {
          socket.destroy();
          admission.setRoute({ to: "generation", destination: destinationOf(app.port, 3) });
        },
      });
      const client = await stage.client();
      expect((await client.ask(GET)).status).toBe(502);
      expect([app.requests.length, second.requests.length]).toEqual([1, 1]);
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed", generation: 2, replayed: true }]);
    });

    it("a GET is replayed once, not twice, by an app that lives on", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.destroy() });
      const client = await stage.client();
      expect((await client.ask(GET)).status).toBe(502);
      expect(app.requests.length).toBe(2);
      expect(await stage.ended(1)).toMatchObject([
        { ending: "failed", code: "APP_CLOSED", replayed: true, written: true },
      ]);
    });

    it("a POST that may have been executed is answered 502 and never sent twice", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.destroy() });
      const client = await stage.client();
      const answer = await client.ask(POST);
      expect([answer.status, fieldOf(answer, "sluice-error")]).toEqual([502, "APP_CLOSED"]);
      expect(app.requests.length).toBe(1);
      expect(await stage.ended(1)).toMatchObject([
        { ending: "failed", code: "APP_CLOSED", replayed: false, written: true },
      ]);
    });

    it.each([
      [
        "a POST with Idempotency-Key",
        `POST / HTTP/1.1\r\n${HEAD}Idempotency-Key: 1\r\nContent-Length: 4\r\n\r\nbody`,
        "body",
      ],
      ["a PUT", `PUT / HTTP/1.1\r\n${HEAD}Content-Length: 4\r\n\r\nbody`, "body"],
      [
        "a chunked PUT",
        `PUT / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n`,
        "body",
      ],
    ])("%s is replayed with its whole body", async (_what, request, body) => {
      let times = 0;
      const { app } = await set({
        onRequest: ({ socket }) => (++times === 1 ? socket.destroy() : socket.write(counted("ok"))),
      });
      const client = await stage.client();
      expect((await client.ask(request)).body.toString()).toBe("ok");
      expect(app.requests.map((seen) => seen.body.toString())).toEqual([body, body]);
    });

    it("a PUT whose body is no longer in hand is not replayed", async () => {
      const { app } = await set(
        { onRequest: ({ socket }) => socket.destroy() },
        { limits: { replayBodyBytes: 10 } },
      );
      const client = await stage.client();
      expect(
        (await client.ask(`PUT / HTTP/1.1\r\n${HEAD}Content-Length: 20\r\n\r\n${"x".repeat(20)}`)).status,
      ).toBe(502);
      expect(app.requests.length).toBe(1);
    });

    it("an upload that is interrupted by the app's death waits for the next app without being taken for stalled", async () => {
      let times = 0;
      const { app, admission } = await set(
        {
          onConnection: (socket) => {
            if (++times > 1) return;
            socket.once("data", () => {
              admission.setRoute({ to: "hold" });
              socket.destroy();
            });
          },
          onRequest: ({ socket, body }) => socket.write(counted(`${body}`)),
        },
        { limits: { bodyTimeoutMs: 150 } },
      );
      const client = await stage.client();
      client.send(`PUT / HTTP/1.1\r\n${HEAD}Content-Length: 10\r\n\r\n01234`);
      while (admission.counts().held < 1) await new Promise((resolve) => setImmediate(resolve));
      // Longer than the body's time-out: it is sluice that waits, not the client that stalls.
      await new Promise((resolve) => setTimeout(resolve, 300));
      admission.setRoute({ to: "generation", destination: stage.destination });
      await app.until(() => app.connections === 2);
      client.send("56789");
      expect((await client.answer()).body.toString()).toBe("0123456789");
    });

    it("nothing is replayed after a byte of an answer", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.end("HTTP/1.1 20") });
      const client = await stage.client();
      expect((await client.ask(GET)).status).toBe(502);
      expect(app.requests.length).toBe(1);
    });

    it.each([
      ["GET", GET],
      ["POST", POST],
    ])(
      "a refused %s is held and served when an app is there, without being a replay",
      async (_method, request) => {
        const port = await closedPort();
        const refused: number[] = [];
        const { admission } = await set(
          { onRequest: ({ socket, body }) => socket.write(counted(`got ${body}`)) },
          {
            route: { to: "generation", destination: destinationOf(port, 7) },
            observer: {
              refused(generation) {
                refused.push(generation);
                admission.setRoute({ to: "hold" });
                setImmediate(() => admission.setRoute({ to: "generation", destination: stage.destination }));
              },
            },
          },
        );
        const client = await stage.client();
        expect((await client.ask(request)).status).toBe(200);
        expect(refused).toEqual([7]);
        expect(await stage.ended(1)).toMatchObject([{ ending: "answered", generation: 1, replayed: false }]);
      },
    );

    it("a refused request is answered 502 when there is nobody else to ask", async () => {
      const port = await closedPort();
      await set({}, { route: { to: "generation", destination: destinationOf(port, 3) } });
      const client = await stage.client();
      const answer = await client.ask(GET);
      expect([answer.status, fieldOf(answer, "sluice-error")]).toEqual([502, "APP_UNREACHABLE"]);
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed", written: false, generation: 3 }]);
    });

    it("a held request waits with its body, and gives its place up when its client leaves", async () => {
      const { admission } = await set(
        { onRequest: ({ socket, body }) => socket.write(counted(`${body}`)) },
        { route: { to: "hold" } },
      );
      const stays = await stage.client();
      const resets = await stage.client();
      const closes = await stage.client();
      for (const client of [stays, resets, closes]) client.send(POST);
      while (admission.counts().held < 3) await new Promise((resolve) => setImmediate(resolve));
      resets.socket.resetAndDestroy();
      closes.socket.destroy();
      await stage.ended(2);
      expect(admission.counts().held).toBe(1);
      expect(stage.records).toMatchObject([
        { ending: "client_aborted", generation: 0 },
        { ending: "client_aborted" },
      ]);
      admission.setRoute({ to: "generation", destination: stage.destination });
      expect((await stays.answer()).body.toString()).toBe("body");
      expect((await stage.ended(3))[2]!.heldMs).toBeGreaterThan(0);
    });

    it("a hold that ends is answered 503 with Retry-After, and the connection lives", async () => {
      const { admission } = await set(
        { onRequest: ({ socket }) => socket.write(counted("ok")) },
        { route: { to: "hold" }, holdTimeoutMs: 50 },
      );
      const client = await stage.client();
      const answer = await client.ask(GET);
      expect([answer.status, fieldOf(answer, "sluice-error"), fieldOf(answer, "retry-after")]).toEqual([
        503,
        "HOLD_TIMEOUT",
        "1",
      ]);
      admission.setRoute({ to: "generation", destination: stage.destination });
      expect((await client.ask(GET)).status).toBe(200);
    });

    it("reuses app connections for GETs", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.write(counted("ok")) });
      const client = await stage.client();
      for (let i = 0; i < 20; i++) await client.ask(GET);
      expect(app.connections).toBe(1);
    });

    it("sends POSTs over kept connections once the app has shown that it keeps them", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.write(counted("ok")) });
      const client = await stage.client();
      await client.ask(POST);
      await client.ask(POST);
      expect(app.connections).toBe(2);
      for (let i = 0; i < 100; i++) await client.ask(GET);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await client.ask(GET);
      const before = app.connections;
      for (let i = 0; i < 20; i++) {
        await client.ask(GET);
        await client.ask(POST);
      }
      expect(app.connections).toBeLessThan(before + 10);
    });

    it("POSTs alone earn kept connections as well", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.write(counted("ok")) });
      const client = await stage.client();
      for (let i = 0; i < 60; i++) await client.ask(POST);
      // What idles beyond the engine's look at its connections has shown that the app keeps it.
      await new Promise((resolve) => setTimeout(resolve, 1200));
      const before = app.connections;
      for (let i = 0; i < 20; i++) await client.ask(POST);
      expect(app.connections).toBeLessThan(before + 10);
    });

    it("forgets a retired generation's idle connections", async () => {
      const { app, engine } = await set({ onRequest: ({ socket }) => socket.write(counted("ok")) });
      const clients = await Promise.all(Array.from({ length: 30 }, () => stage.client()));
      await Promise.all(clients.map((client) => client.ask(GET)));
      engine.retire(1);
      await app.until(() => app.sockets.size === 0);
      expect((await clients[0]!.ask(GET)).status).toBe(200);
    });

    it("remembers what a generation has shown, when traffic returns to it", async () => {
      const { app, engine } = await set({ onRequest: ({ socket }) => socket.write(counted("ok")) });
      const client = await stage.client();
      await client.ask(POST);
      await client.ask(POST);
      for (let i = 0; i < 100; i++) await client.ask(GET);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      engine.retire(1);
      await app.until(() => app.sockets.size === 0);
      const before = app.connections;
      for (let i = 0; i < 20; i++) await client.ask(POST);
      expect(app.connections).toBeLessThan(before + 10);
    });

    it("an app that closes idle connections at random fails no GET and no POST", async () => {
      // A fixed sequence of "random" closes: at once, and within the first milliseconds of idling.
      let seed = 7;
      const random = () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      const executed = new Map<string, number>();
      await set({
        onRequest: ({ socket, target }) => {
          executed.set(target, (executed.get(target) ?? 0) + 1);
          socket.write(counted("ok"));
          const chance = random();
          if (chance < 0.1) setImmediate(() => socket.end());
          else if (chance < 0.3) setTimeout(() => socket.end(), random() * 5);
          else if (chance < 0.35) setTimeout(() => socket.resetAndDestroy(), random() * 5);
        },
      });
      const one = async (worker: number) => {
        const client = await stage.client();
        for (let i = 0; i < 250; i++) {
          const method = i % 3 === 0 ? "POST" : "GET";
          const request = `${method} /${method}/${worker}/${i} HTTP/1.1\r\n${HEAD}${method === "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n"}`;
          expect((await client.ask(request)).status).toBe(200);
        }
      };
      await Promise.all(Array.from({ length: 16 }, (_, worker) => one(worker)));
      const twice = [...executed].filter(([target, times]) => target.startsWith("/POST") && times !== 1);
      expect(twice).toEqual([]);
      expect(stage.tickets.account()).toMatchObject({
        accepted: 4000,
        ended: { answered: 4000 },
        inFlight: 0,
      });
    });
  });
}
