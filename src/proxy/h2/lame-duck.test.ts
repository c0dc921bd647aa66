import { afterEach, describe, expect, it } from "vitest";
import { type AppRequest, counted } from "../engine-suite/raw-app.ts";
import type { Stage, StageOptions } from "../engine-suite/stage.ts";
import { answerOn, FRAME, FrameClient, frame, Http2Client, headBlock, PREFACE } from "./client.fixture.ts";
import { stageOfHttp1App } from "./stage.fixture.ts";

const HIGHEST = 2 ** 31 - 1;

describe.each(["standard", "wire"] as const)(
  "beside the %s engine: at lame duck an HTTP/2 connection",
  (engine) => {
    let stage: Stage;
    const clients: { close(): void }[] = [];
    let waiting: AppRequest[] = [];
    const set = async (options?: StageOptions) => {
      waiting = [];
      stage = await stageOfHttp1App(
        {
          onRequest: (request) => {
            if (request.target === "/wait") waiting.push(request);
            else request.socket.write(counted("fine"));
          },
        },
        options,
        engine,
      );
    };
    const open = () => {
      const client = new Http2Client(stage.port);
      clients.push(client);
      return client;
    };
    const raw = (...parts: (string | Buffer)[]) => {
      const client = new FrameClient(stage.port);
      clients.push({ close: () => client.socket.destroy() });
      client.send(...parts);
      return client;
    };
    afterEach(async () => {
      for (const client of clients.splice(0)) client.close();
      await stage.stop();
    });

    const isGoaway = (lastStreamId: number | undefined) => (found: { type: number; payload: Buffer }) =>
      found.type === FRAME.goaway &&
      (lastStreamId === undefined || found.payload.readUInt32BE() === lastStreamId);

    it("is told in two steps, and what was on its way between them is served", async () => {
      await set();
      const client = raw(PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.headers, 5, 1, headBlock()));
      await client.frame(({ type, id }) => type === FRAME.data && id === 1);
      stage.engine.windDown(0);
      await client.frame(isGoaway(HIGHEST));
      // As if it had been sent before the first step arrived: the ping of sluice is not answered yet.
      client.send(frame(FRAME.headers, 5, 3, headBlock()));
      await client.frame(({ type, id }) => type === FRAME.data && id === 3);
      const { payload } = await client.frame(({ type, flags }) => type === FRAME.ping && flags === 0);
      client.send(frame(FRAME.ping, 1, 0, payload));
      await client.frame(isGoaway(3));
      await client.closed();
      expect((await stage.ended(2)).map(({ ending }) => ending)).toEqual(["answered", "answered"]);
    });

    it("gets the second step after a second, if its client does not answer pings", async () => {
      await set();
      const client = raw(PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.headers, 5, 1, headBlock()));
      await client.frame(({ type, id }) => type === FRAME.data && id === 1);
      stage.engine.windDown(0);
      await client.frame(isGoaway(1));
      await client.closed();
    });

    it("finishes what is under way, and closes then", async () => {
      await set();
      const client = open();
      const asked = [client.ask({ ":path": "/wait" }), client.ask({ ":path": "/wait" })];
      await stage.app.until(() => waiting.length === 2);
      stage.engine.windDown(0);
      await new Promise((resolve) => client.session.once("goaway", resolve));
      for (const { socket } of waiting) socket.write(counted("late"));
      for (const answer of await Promise.all(asked))
        expect(answer).toMatchObject({ status: 200, body: "late" });
      if (!client.session.destroyed) await new Promise((resolve) => client.session.once("close", resolve));
      expect(client.goaways[0]).toEqual({ code: 0, lastStreamId: HIGHEST });
    });

    it("is told at its own time, so that not all clients come to the others at once", async () => {
      await set();
      const told: number[] = [];
      const began = performance.now();
      const all = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const client = open();
          await client.ask({ ":path": "/" });
          return client;
        }),
      );
      // Its last two seconds are for those who hear of it late.
      stage.engine.windDown(3000);
      await Promise.all(
        all.map(async ({ session }) => {
          await new Promise((resolve) => session.once("goaway", resolve));
          told.push(performance.now() - began);
        }),
      );
      const first = told[0]!;
      expect(told.filter((at) => at - first > 300).length).toBeGreaterThan(5);
      expect(told.filter((at) => at - first < 500).length).toBeGreaterThan(5);
    });

    it("that has asked nothing so far is told as well", async () => {
      await set();
      const client = await open().greeted();
      stage.engine.windDown(60_000);
      await new Promise((resolve) => setTimeout(resolve, 120));
      stage.engine.windDown(0);
      await new Promise((resolve) => client.session.once("goaway", resolve));
      expect(client.goaways[0]).toEqual({ code: 0, lastStreamId: HIGHEST });
    });

    it("that is new may ask once: there may be nowhere else to go", async () => {
      await set();
      stage.engine.windDown(0);
      for (let i = 0; i < 3; i++) {
        const client = open();
        expect((await client.ask({ ":path": "/" })).status).toBe(200);
        if (!client.session.destroyed) await new Promise((resolve) => client.session.once("close", resolve));
      }
    });

    it("stays when lame duck has ended before its time came", async () => {
      await set();
      const client = open();
      await client.ask({ ":path": "/" });
      stage.engine.windDown(60_000);
      stage.engine.windUp();
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(client.goaways).toEqual([]);
      expect((await client.ask({ ":path": "/" })).status).toBe(200);
    });

    it("does not outlive the engine: close waits for what is under way, and closes what is idle", async () => {
      await set();
      const idle = await open().greeted();
      const busy = open();
      const asked = busy.ask({ ":path": "/wait" });
      await stage.app.until(() => waiting.length === 1);
      let isClosed = false;
      const closed = stage.engine.close().then(() => {
        isClosed = true;
      });
      if (!idle.session.destroyed) await new Promise((resolve) => idle.session.once("close", resolve));
      expect(isClosed).toBe(false);
      waiting[0]!.socket.write(counted("late"));
      expect((await asked).body).toBe("late");
      await closed;
      // A server has closed a few turns before the last of its sockets says so.
      while (stage.engine.connections > 0) await new Promise((resolve) => setImmediate(resolve));
    });

    it("is cut at the deadline: every request is counted, and none passes for whole", async () => {
      await set();
      const client = open();
      const asked = [client.ask({ ":path": "/wait" }), client.ask({ ":path": "/wait" })];
      await stage.app.until(() => waiting.length === 2);
      waiting[0]!.socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(stage.engine.cut()).toBe(2);
      const answers = await Promise.all(asked);
      expect(answers.map(({ status, isWhole }) => [status, isWhole])).toEqual([
        [200, false],
        [503, true],
      ]);
      expect(
        (await stage.ended(2)).every(
          ({ ending, code }) => ending === "deadline" && code === "CUT_AT_DEADLINE",
        ),
      ).toBe(true);
    });

    it("has its event streams ended in order", async () => {
      await set();
      const client = open();
      const stream = client.begin({ ":path": "/wait" }, "");
      const answered = answerOn(stream);
      await stage.app.until(() => waiting.length === 1);
      waiting[0]!.socket.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n",
      );
      await new Promise((resolve) => stream.once("data", resolve));
      await stage.engine.endStreams(1, 1012);
      expect(await answered).toMatchObject({ status: 200, body: "data: 1\n\n", isWhole: true });
      expect((await stage.ended(1))[0]).toMatchObject({ ending: "answered", kind: "event-stream" });
    });

    it("that idles for too long is told to go", async () => {
      await set({ limits: { clientIdleMs: 200 } });
      const client = await open().greeted();
      await new Promise((resolve) => client.session.once("close", resolve));
      expect(client.goaways.length).toBeGreaterThan(0);
    });
  },
);
