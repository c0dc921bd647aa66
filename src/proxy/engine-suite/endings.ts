// Promises about ends: lame duck, streams that are ended in order, cuts, close, and an account that always adds up.

import { afterEach, describe, expect, it } from "vitest";
import { fieldOf } from "./message-reader.ts";
import { type AppBehaviour, counted } from "./raw-app.ts";
import type { RawClient } from "./raw-client.ts";
import { type CreateEngine, type Stage, type StageOptions, setStage } from "./stage.ts";
import { untilRefused } from "./until-refused.ts";

const HEAD = "Host: x\r\n";
const GET = `GET / HTTP/1.1\r\n${HEAD}\r\n`;

export function endingsSuite(create: CreateEngine): void {
  describe("endings", () => {
    let stage: Stage;
    const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
      stage = await setStage(create, behaviour, options);
      return stage;
    };
    afterEach(() => stage.stop());
    const ok: AppBehaviour = { onRequest: ({ socket }) => socket.write(counted("ok")) };

    it("lame duck tells a rising share of the clients to close, in the end all, and still accepts", async () => {
      let time = 0;
      const { engine } = await set(ok, { parts: { now: () => time } });
      const clients = await Promise.all(Array.from({ length: 40 }, () => stage.client()));
      for (const client of clients) await client.ask(GET);
      engine.windDown(1_000_000);
      const share = async () => {
        let closing = 0;
        for (const client of clients) {
          if (client.end) continue;
          if (fieldOf(await client.ask(GET), "connection") === "close") {
            closing++;
            await client.ended();
          }
        }
        return closing;
      };
      time = 10_000;
      expect(await share()).toBeLessThan(5);
      time = 500_000;
      const half = await share();
      expect(half).toBeGreaterThan(10);
      expect(half).toBeLessThan(30);
      time = 1_000_000;
      await share();
      expect(clients.every((client) => client.end === "fin")).toBe(true);
      const late = await stage.client();
      expect(fieldOf(await late.ask(GET), "connection")).toBe("close");
    });

    it("at the end of lame duck idle connections are closed, and busy ones get their answers first", async () => {
      let answer: () => void = () => {};
      // Who has never asked is closed for that, and not for the time that a head may take.
      const { engine, app } = await set(
        {
          onRequest: ({ socket, target }) => {
            if (target === "/slow") answer = () => socket.write(counted("slow"));
            else socket.write(counted("ok"));
          },
        },
        { limits: { headTimeoutMs: 60_000 } },
      );
      const idle = await stage.client();
      const fresh = await stage.client();
      const busy = await stage.client();
      await idle.ask(GET);
      busy.send(`GET /slow HTTP/1.1\r\n${HEAD}\r\n`);
      await app.until(() => app.requests.length === 2);
      engine.windDown(30);
      expect(await idle.ended()).toBe("fin");
      expect(await fresh.ended()).toBe("fin");
      expect(busy.end).toBeUndefined();
      answer();
      const last = await busy.answer();
      expect([last.body.toString(), fieldOf(last, "connection")]).toEqual(["slow", "close"]);
      await busy.ended();
    });

    it("a request that has arrived when idle connections are closed gets its answer", async () => {
      const { engine } = await set(ok);
      const clients = await Promise.all(Array.from({ length: 50 }, () => stage.client()));
      for (const client of clients) await client.ask(GET);
      for (const client of clients) client.send(GET);
      engine.windDown(0);
      for (const client of clients) expect((await client.answer()).status).toBe(200);
    });

    it("a head that is half there when idle connections are closed gets its answer", async () => {
      const { engine } = await set(ok);
      const client = await stage.client();
      await client.ask(GET);
      client.send(GET.slice(0, 10));
      const other = await stage.client();
      await other.ask(GET);
      engine.windDown(0);
      await other.ended();
      client.send(GET.slice(10));
      expect((await client.answer()).status).toBe(200);
    });

    it("windUp ends lame duck", async () => {
      const { engine } = await set(ok);
      const client = await stage.client();
      engine.windDown(60_000);
      engine.windUp();
      expect(fieldOf(await client.ask(GET), "connection")).toBeUndefined();
    });

    it("endStreams ends an event stream with a clean end, on its generation only, and tells the app", async () => {
      const { engine, app } = await set({
        onRequest: ({ socket }) =>
          socket.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n",
          ),
      });
      const client = await stage.client();
      client.send(GET);
      await client.until("data: 1");
      await engine.endStreams(2, 1012);
      expect(client.end).toBeUndefined();
      await engine.endStreams(1, 1012);
      const answer = await client.answer();
      expect([answer.framing, answer.body.toString()]).toEqual(["chunked", "data: 1\n\n"]);
      expect(await stage.ended(1)).toMatchObject([{ ending: "answered", kind: "event-stream" }]);
      await app.until(() => app.sockets.size === 0);
    });

    it("endStreams leaves other answers alone: a clean end would make them look whole", async () => {
      const { engine } = await set({
        onRequest: ({ socket }) =>
          socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
      });
      const client = await stage.client();
      client.send(GET);
      await client.until("abc");
      await engine.endStreams(undefined, 1001);
      expect(client.end).toBeUndefined();
      expect(client.rest).not.toContain("0\r\n\r\n");
    });

    it("cut ends every unfinished request as deadline: held ones with 503, begun ones by cutting", async () => {
      const { engine, admission, tickets, app } = await set({
        onRequest: ({ socket, target }) => {
          if (target === "/begun") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        },
      });
      const begun = await stage.client();
      begun.send(`GET /begun HTTP/1.1\r\n${HEAD}\r\n`);
      await begun.until("abc");
      const waiting = await stage.client();
      waiting.send(GET);
      await app.until(() => app.requests.length === 2);
      admission.setRoute({ to: "hold" });
      const held = await stage.client();
      held.send(GET);
      while (admission.counts().held < 1) await new Promise((resolve) => setImmediate(resolve));
      expect(engine.cut()).toBe(3);
      expect(tickets.account()).toMatchObject({ inFlight: 0, ended: { deadline: 3 } });
      expect(engine.cut()).toBe(0);
      for (const client of [waiting, held]) {
        const answer = await client.answer();
        expect([answer.status, fieldOf(answer, "sluice-error"), fieldOf(answer, "connection")]).toEqual([
          503,
          "CUT_AT_DEADLINE",
          "close",
        ]);
      }
      await expect(begun.answer()).rejects.toThrow("connection ended");
      expect(stage.records.every((record) => record.code === "CUT_AT_DEADLINE")).toBe(true);
    });

    it("cut does not start what a client has pipelined behind", async () => {
      const { engine, app } = await set({ onRequest() {} });
      const client = await stage.client();
      client.send(`${GET}POST /never HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`);
      await app.until(() => app.requests.length === 1);
      while (stage.tickets.account().accepted < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(engine.cut()).toBe(2);
      await client.ended();
      expect(app.requests.map(({ target }) => target)).toEqual(["/"]);
      const behind = stage.records.find(({ target }) => target === "/never");
      expect(behind).toMatchObject({ ending: "deadline", generation: 0 });
    });

    it("destroy ends what is under way as deadline, not as the client's doing", async () => {
      const { engine, app } = await set({ onRequest() {} });
      const client = await stage.client();
      client.send(GET);
      await app.until(() => app.requests.length === 1);
      engine.destroy();
      await client.ended();
      expect(await stage.ended(1)).toMatchObject([{ ending: "deadline" }]);
    });

    it("close waits for what is under way and refuses new connections", async () => {
      let answer: () => void = () => {};
      const { engine, app } = await set({
        onRequest: ({ socket }) => {
          answer = () => socket.write(counted("done"));
        },
      });
      const client = await stage.client();
      client.send(GET);
      await app.until(() => app.requests.length === 1);
      let closed = false;
      const closing = engine.close().then(() => {
        closed = true;
      });
      await untilRefused(stage.port);
      expect(closed).toBe(false);
      answer();
      expect((await client.answer()).body.toString()).toBe("done");
      await closing;
      expect(engine.connections).toBe(0);
      await engine.close();
    });

    it("who waited in the kernel to be accepted when the listener closed was reset", async () => {
      const { engine } = await set(ok);
      const opening = stage.client();
      // The kernel has the connection by now, and the event loop has not looked.
      await Promise.resolve();
      const closing = engine.close();
      const client = await opening;
      const answer = await client.ask(GET);
      expect([answer.status, fieldOf(answer, "connection")]).toEqual([200, "close"]);
      await closing;
    });

    it("listen rejects with PORT_TAKEN", async () => {
      const { port } = await set(ok);
      await expect(
        setStage(create, {}, { parts: { listen: { host: "127.0.0.1", port } } }),
      ).rejects.toMatchObject({
        code: "PORT_TAKEN",
        message: `--listen 127.0.0.1:${port} cannot be used: another process listens there already`,
      });
    });

    it("an address of another machine was a bare EADDRNOTAVAIL", async () => {
      await expect(
        setStage(create, {}, { parts: { listen: { host: "192.0.2.1", port: 38_080 } } }),
      ).rejects.toMatchObject({
        code: "PORT_TAKEN",
        message: expect.stringMatching(
          /^--listen 192\.0\.2\.1:38080 cannot be used: that address is not one/,
        ),
      });
    });

    it("the account adds up whatever happens to hundreds of requests", async () => {
      let seed = 11;
      const random = (below: number) => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed % below;
      };
      const { tickets, engine, admission } = await set(
        {
          onRequest: ({ socket }) => {
            const ways = [
              () => socket.write(counted("ok")),
              () => socket.end(counted("ok", "200 OK", "Connection: close")),
              () => socket.destroy(),
              () => socket.resetAndDestroy(),
              () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"),
              () => socket.write("nonsense\r\n\r\n"),
              () => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
              () => setTimeout(() => socket.write(counted("late")), random(20)),
              () => {},
            ];
            ways[random(ways.length)]?.();
          },
        },
        { limits: { responseTimeoutMs: 1000, bodyTimeoutMs: 200, headTimeoutMs: 500 }, holdTimeoutMs: 50 },
      );
      const requests = [
        GET,
        `POST / HTTP/1.1\r\n${HEAD}Content-Length: 4\r\n\r\nbody`,
        `PUT / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
        `POST / HTTP/1.1\r\n${HEAD}Content-Length: 9\r\n\r\nbody`,
        "GARBAGE\r\n\r\n",
        `${GET}${GET}${GET}`,
        `${GET}nonsense\r\n\r\n`,
        `POST / HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody`,
        `HEAD / HTTP/1.1\r\n${HEAD}\r\n`,
        "GET / HTTP/1.0\r\n\r\n",
        `GET / HTTP/1.1\r\n${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
        `CONNECT x:1 HTTP/1.1\r\n${HEAD}\r\n`,
        "GET / HT",
      ];
      const leave = [
        (client: RawClient) => client.socket.destroy(),
        (client: RawClient) => client.socket.resetAndDestroy(),
        (client: RawClient) => client.socket.end(),
        () => {},
      ];
      const holes = setInterval(() => {
        const open = admission.route.to === "generation";
        admission.setRoute(open ? { to: "hold" } : { to: "generation", destination: stage.destination });
      }, 40);
      const all: RawClient[] = [];
      for (let i = 0; i < 400; i++) {
        const client = await stage.client();
        all.push(client);
        client.send(requests[i % requests.length]!);
        const way = leave[random(leave.length)]!;
        setTimeout(() => way(client), random(60));
        const { accepted, ended, inFlight } = tickets.account();
        expect(Object.values(ended).reduce((sum, n) => sum + n, 0) + inFlight).toBe(accepted);
        if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      clearInterval(holes);
      admission.setRoute({ to: "generation", destination: stage.destination });
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const client of all) client.socket.destroy();
      await tickets.whenQuiet();
      const account = tickets.account();
      expect(account.inFlight).toBe(0);
      expect(Object.values(account.ended).reduce((sum, n) => sum + n, 0)).toBe(account.accepted);
      expect(stage.records.length).toBe(account.accepted);
      expect(account.accepted).toBeGreaterThan(350);
      expect(engine.connections).toBeLessThan(all.length);
      const record = stage.records.find(({ code }) => code === "INTERNAL");
      expect(record).toBeUndefined();
    });
  });
}
