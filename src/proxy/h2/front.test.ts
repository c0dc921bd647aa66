import { afterEach, describe, expect, it } from "vitest";
import { fieldOf as lineOf, valuesOf } from "../engine-suite/message-reader.ts";
import { type AppBehaviour, counted } from "../engine-suite/raw-app.ts";
import type { Stage, StageOptions } from "../engine-suite/stage.ts";
import {
  answerOn,
  errorCode,
  FRAME,
  FrameClient,
  fieldOf,
  frame,
  Http2Client,
  headBlock,
  PREFACE,
  postBlock,
} from "./client.fixture.ts";
import { stageOfHttp1App } from "./stage.fixture.ts";

describe.each(["standard", "wire"] as const)(
  "beside the %s engine: an HTTP/2 client of an HTTP/1.1 app",
  (engine) => {
    let stage: Stage;
    const clients: { close(): void }[] = [];
    const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
      stage = await stageOfHttp1App(behaviour, options, engine);
      return stage;
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

    const ok: AppBehaviour = {
      onRequest: ({ socket }) => socket.write(counted("fine", "200 OK", "X-Seen: 1")),
    };

    it("gets its answer, on the port of HTTP/1.1", async () => {
      const { app } = await set(ok);
      const answer = await open().ask({ ":path": "/a?b=c", "x-one": "1" });
      expect(answer).toMatchObject({ status: 200, body: "fine", isWhole: true });
      expect(fieldOf(answer.fields, "x-seen")).toBe("1");
      expect(fieldOf(answer.fields, "content-length")).toBe("4");
      const seen = app.requests[0]!;
      expect(seen.line).toBe("GET /a?b=c HTTP/1.1");
      expect(lineOf(seen, "host")).toBe(`127.0.0.1:${stage.port}`);
      expect(lineOf(seen, "x-one")).toBe("1");
      expect(lineOf(seen, "x-forwarded-for")).toBe("127.0.0.1");
      expect(lineOf(seen, "x-forwarded-host")).toBe(`127.0.0.1:${stage.port}`);
      expect(lineOf(seen, "x-request-id")).toMatch(/^[0-9a-f]{32}$/);
      const plain = await stage.client();
      expect((await plain.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).body.toString()).toBe("fine");
      const [record] = await stage.ended(2);
      expect(record).toMatchObject({
        ending: "answered",
        status: 200,
        method: "GET",
        target: "/a?b=c",
        slot: "a",
      });
    });

    it("has its preface recognized however it is cut", async () => {
      await set(ok);
      for (const cuts of [[1], [3, 4], [14, 18, 23], [...PREFACE].map((_, i) => i)]) {
        const client = raw();
        client.socket.setNoDelay();
        let from = 0;
        for (const to of [...cuts, PREFACE.length]) {
          client.send(PREFACE.slice(from, to));
          from = to;
          // Each piece shall arrive alone; that they do not run together is no matter of correctness.
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        client.send(frame(FRAME.settings, 0, 0), frame(FRAME.headers, 5, 1, headBlock()));
        await client.frame(({ type, id }) => type === FRAME.data && id === 1);
      }
    });

    it("that speaks something else behind the preface is closed, and nothing of it is counted", async () => {
      await set(ok);
      const client = raw(PREFACE, "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3));
      await client.closed();
      expect(client.frames.some(({ type }) => type === FRAME.goaway)).toBe(true);
      expect(stage.tickets.account().accepted).toBe(0);
    });

    it("may not begin HTTP/2 behind a request of HTTP/1.1", async () => {
      await set(ok);
      const client = await stage.client();
      client.send(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${PREFACE}`);
      expect((await client.answer()).status).toBe(200);
      expect((await client.answer()).status).toBe(400);
    });

    it("Upgrade: h2c is neither taken nor passed on", async () => {
      const { app } = await set(ok);
      const client = await stage.client();
      const answer = await client.ask(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n",
      );
      expect(answer.line).toBe("HTTP/1.1 200 OK");
      expect(answer.body.toString()).toBe("fine");
      expect(lineOf(app.requests[0]!, "upgrade")).toBeUndefined();
      expect(lineOf(app.requests[0]!, "http2-settings")).toBeUndefined();
    });

    it("has its cookies joined, and TE: trailers said in HTTP/1.1's way", async () => {
      const { app } = await set(ok);
      const head = [
        ":path",
        "/",
        "cookie",
        "a=1",
        "x-between",
        "1",
        "cookie",
        "b=2",
        "cookie",
        "c=3",
        "te",
        "trailers",
      ];
      await open().ask([":method", "GET", ":scheme", "http", ":authority", "shop.example", ...head]);
      const seen = app.requests[0]!;
      expect(valuesOf(seen, "cookie")).toEqual(["a=1; b=2; c=3"]);
      expect(valuesOf(seen, "te")).toEqual(["trailers"]);
      expect(valuesOf(seen, "host")).toEqual(["shop.example"]);
    });

    it("sends bodies, with and without a length", async () => {
      const { app } = await set({
        onRequest: ({ socket, framing, body }) => socket.write(counted(`${framing} ${body.length}`)),
      });
      const client = open();
      const big = Buffer.alloc(1_000_000, "x");
      const post = { ":method": "POST", ":path": "/" };
      expect((await client.ask({ ...post, "content-length": big.length }, big)).body).toMatch(/ 1000000$/);
      expect((await client.ask(post, big)).body).toMatch(/ 1000000$/);
      expect((await client.ask({ ...post, "content-length": 0 })).body).toMatch(/ 0$/);
      expect(app.requests.map((request) => lineOf(request, "transfer-encoding"))).toEqual([
        undefined,
        "chunked",
        undefined,
      ]);
    });

    it("gets interim answers, and trailers in both directions", async () => {
      const { app } = await set({
        onRequest: ({ socket }) => {
          socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
          socket.write(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
          );
        },
      });
      const client = open();
      const stream = client.session.request(
        { ":method": "POST", ":path": "/", trailer: "x-up", te: "trailers" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-up": "9", host: "no" }));
      stream.end("body");
      const answer = await answerOn(stream);
      expect(answer.interims).toEqual([{ status: 103, fields: ["link", "</a>"] }]);
      expect(answer).toMatchObject({ status: 200, body: "abc", isWhole: true, trailers: ["x-sum", "7"] });
      expect(app.requests[0]!.trailers).toEqual([["x-up", "9"]]);
    });

    it("waits for a 100 where it said so", async () => {
      await set({
        onHead: (_head, socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\n"),
        onRequest: ({ socket, body }) => socket.write(counted(body.toString())),
      });
      const stream = open().begin({
        ":method": "POST",
        ":path": "/",
        expect: "100-continue",
        "content-length": 4,
      });
      stream.on("continue", () => stream.end("late"));
      expect(await answerOn(stream)).toMatchObject({ status: 200, body: "late" });
    });

    it("HEAD, 204 and 304 have no body", async () => {
      await set({
        onRequest: ({ socket, method, target }) =>
          socket.write(
            method === "HEAD"
              ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
              : `HTTP/1.1 ${target.slice(1)} X\r\n\r\n`,
          ),
      });
      const client = open();
      const head = await client.ask({ ":method": "HEAD", ":path": "/" });
      expect(head).toMatchObject({ status: 200, body: "", isWhole: true });
      expect(fieldOf(head.fields, "content-length")).toBe("5");
      for (const status of [204, 304])
        expect(await client.ask({ ":path": `/${status}` })).toMatchObject({ status, isWhole: true });
      const records = await stage.ended(3);
      expect(records.map(({ ending }) => ending)).toEqual(["answered", "answered", "answered"]);
    });

    it("is refused where its head contradicts itself or asks for what is not served", async () => {
      const { app } = await set(ok);
      const head = (fields: string[]) => [":method", "GET", ":scheme", "http", ":path", "/", ...fields];
      const cases: [string[], number, string][] = [
        [head([":authority", "a", "host", "b"]), 400, "MALFORMED_REQUEST"],
        [[":method", "GET", ":scheme", "ftp", ":path", "/", ":authority", "a"], 400, "MALFORMED_REQUEST"],
        [[":method", "CONNECT", ":authority", "a:1"], 501, "METHOD_REFUSED"],
        [
          [":method", "GET", ":scheme", "http", ":authority", "a", ":path", `/${"x".repeat(9000)}`],
          414,
          "TARGET_TOO_LONG",
        ],
        [head([":authority", "a", "x-big", "x".repeat(17_000)]), 431, "HEAD_TOO_LARGE"],
        [
          head([":authority", "a", ...Array.from({ length: 120 }, (_, i) => [`x-${i}`, "1"]).flat()]),
          431,
          "HEAD_TOO_LARGE",
        ],
      ];
      const client = open();
      for (const [fields, status, code] of cases) {
        const answer = await client.ask(fields);
        expect(answer).toMatchObject({ status, isWhole: true });
        expect(fieldOf(answer.fields, "sluice-error")).toBe(code);
        expect(JSON.parse(answer.body)).toMatchObject({ error: code });
      }
      const records = await stage.ended(cases.length);
      expect(records.every(({ ending }) => ending === "refused")).toBe(true);
      expect(app.requests).toEqual([]);
    });

    it("whose head breaks HTTP/2 itself, or is a bomb, has its stream reset before there is a request", async () => {
      const { app } = await set(ok);
      const client = open();
      const head = (fields: string[]) => [":method", "GET", ":scheme", "http", ":path", "/", ...fields];
      const fields = Array.from({ length: 600 }, (_, i) => [`x-${i}`, "1"]).flat();
      const cases: [string[], number][] = [
        [head([":authority", "user@a"]), 1],
        [[":method", "GET", ":scheme", "http", ":path", "http://b/", ":authority", "a"], 1],
        [head([":authority", "a", "x-big", "x".repeat(57_000)]), 11],
        [head([":authority", "a", ...fields]), 11],
      ];
      for (const [sent, rstCode] of cases)
        expect(await client.ask(sent)).toMatchObject({ status: 0, rstCode });
      expect((await client.ask({ ":path": "/" })).status).toBe(200);
      expect(app.requests.length).toBe(1);
      expect((await stage.ended(1)).length).toBe(1);
      expect(stage.tickets.account()).toMatchObject({ accepted: 1, inFlight: 0 });
    });

    it("may not name fields of the connection (RFC 9113 8.2.2)", async () => {
      const { app } = await set(ok);
      const fields = [
        ["connection", "x"],
        ["transfer-encoding", "chunked"],
        ["upgrade", "h2c"],
        ["te", "gzip"],
        ["keep-alive", "1"],
        ["proxy-connection", "x"],
        ["X-Upper", "1"],
      ] as const;
      for (const field of fields) {
        const client = raw(
          PREFACE,
          frame(FRAME.settings, 0, 0),
          frame(FRAME.headers, 5, 1, headBlock(field)),
        );
        const { payload } = await client.frame(({ type, id }) => type === FRAME.rst && id === 1);
        expect(payload.readUInt32BE()).toBe(1);
      }
      expect(app.requests).toEqual([]);
    });

    it("is told when the app breaks off, and cannot take what it has for the whole", async () => {
      await set({
        onRequest: ({ socket }) =>
          socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
      });
      const answer = await open().ask({ ":path": "/" });
      expect(answer).toMatchObject({ status: 200, body: "abc", isWhole: false, rstCode: 2 });
      expect((await stage.ended(1))[0]).toMatchObject({ ending: "failed", code: "APP_CLOSED", status: 200 });
    });

    it("gets 502 from an app that closes without an answer, and its GET is sent once more", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.destroy() });
      const client = open();
      const post = await client.ask({ ":method": "POST", ":path": "/" }, "x");
      expect(post.status).toBe(502);
      expect(app.requests.length).toBe(1);
      expect((await client.ask({ ":path": "/" })).status).toBe(502);
      expect(app.requests.length).toBe(3);
      const records = await stage.ended(2);
      expect(records.map(({ replayed }) => replayed)).toEqual([false, true]);
    });

    it("that leaves closes the app's connection, and is counted as having left", async () => {
      const { app } = await set({});
      const client = open();
      const stream = client.begin({ ":path": "/" }, "");
      await app.until(() => app.requests.length === 1);
      stream.close(8);
      expect((await stage.ended(1))[0]).toMatchObject({
        ending: "client_aborted",
        code: "CLIENT_LEFT",
        status: 499,
        written: true,
      });
      await app.until(() => app.sockets.size === 0);
      expect(await client.ask({ ":method": "CONNECT", ":authority": "x:1" })).toMatchObject({ status: 501 });
    });

    it("that resets its upload, or goes, leaves the app with a body that is visibly not whole", async () => {
      const { app } = await set({});
      const head = [PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.headers, 4, 1, postBlock())];
      const part = frame(FRAME.data, 0, 1, Buffer.from("a part"));
      const resetting = raw(...head, part);
      const leaving = raw(...head, part);
      await app.until(() => app.connections === 2);
      resetting.send(frame(FRAME.rst, 0, 1, errorCode(0)));
      await app.until(() => app.sockets.size === 1);
      leaving.socket.destroy();
      await app.until(() => app.sockets.size === 0);
      expect(app.requests).toEqual([]);
      expect((await stage.ended(2)).every(({ ending }) => ending === "client_aborted")).toBe(true);
    });

    it("that goes with its connection ends each of its requests once", async () => {
      const { app } = await set({});
      const client = open();
      for (let i = 0; i < 20; i++) client.begin({ ":path": "/" }, "");
      await app.until(() => app.requests.length === 20);
      client.close();
      const records = await stage.ended(20);
      expect(records.every(({ ending }) => ending === "client_aborted")).toBe(true);
      expect(stage.tickets.account()).toMatchObject({ accepted: 20, inFlight: 0 });
      await app.until(() => app.sockets.size === 0);
    });

    it("has many requests under way at a time", async () => {
      const { app } = await set({
        onRequest: ({ socket, target }) => void setImmediate(() => socket.write(counted(target))),
      });
      const client = open();
      const answers = await Promise.all(
        Array.from({ length: 400 }, (_, i) => client.ask({ ":path": `/${i}` })),
      );
      expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 400 }, (_, i) => `/${i}`));
      expect(app.requests.length).toBe(400);
      expect((await stage.ended(400)).every(({ ending }) => ending === "answered")).toBe(true);
    });

    it("is told to stop an upload that has its answer already", async () => {
      await set({ onHead: (_head, socket) => socket.write(counted("no", "413 Too Large")) });
      const stream = open().begin({ ":method": "POST", ":path": "/" });
      stream.write("a little");
      expect(await answerOn(stream)).toMatchObject({ status: 413, body: "no", rstCode: 0 });
      expect((await stage.ended(1))[0]).toMatchObject({ ending: "answered", status: 413 });
    });

    it("whose upload stalls is answered with 408", async () => {
      await set({}, { limits: { bodyTimeoutMs: 100 } });
      const stream = open().begin({ ":method": "POST", ":path": "/" });
      stream.write("a little");
      expect((await answerOn(stream)).status).toBe(408);
      expect((await stage.ended(1))[0]).toMatchObject({ ending: "refused", code: "BODY_TIMEOUT" });
    });

    it("that does not read holds the app back, and little is kept", async () => {
      const total = 32 * 1024 * 1024;
      let written = 0;
      const { app } = await set({
        onRequest: ({ socket }) => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
          const pump = () => {
            while (written < total) {
              written += 65_536;
              if (!socket.write(Buffer.alloc(65_536))) {
                socket.once("drain", pump);
                return;
              }
            }
          };
          pump();
        },
      });
      const stream = open().begin({ ":path": "/" }, "");
      stream.pause();
      await app.until(() => app.requests.length === 1);
      let before = -1;
      while (before !== written) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect(written).toBeLessThan(8 * 1024 * 1024);
      let got = 0;
      stream.on("data", (chunk: Buffer) => {
        got += chunk.length;
      });
      stream.resume();
      await new Promise((resolve) => stream.once("close", resolve));
      expect(got).toBe(total);
    });

    it("is held back by an app that does not read", async () => {
      const { app } = await set({ onHead: (_head, socket) => socket.pause() });
      const stream = open().begin({ ":method": "POST", ":path": "/" });
      let sent = 0;
      const pump = () => {
        while (sent < 64 * 1024 * 1024) {
          sent += 65_536;
          if (!stream.write(Buffer.alloc(65_536))) return;
        }
      };
      stream.on("drain", pump);
      pump();
      await app.until(() => app.connections === 1);
      let before = -1;
      while (before !== sent) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect(sent).toBeLessThan(16 * 1024 * 1024);
    });

    it("is held while no slot can take its request", async () => {
      const { app } = await set(ok, { route: { to: "hold" } });
      const client = open();
      const answer = client.ask({ ":path": "/" });
      const leaving = client.begin({ ":path": "/" }, "");
      while (stage.admission.counts().held < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      leaving.close(8);
      await stage.ended(1);
      expect(stage.admission.counts().held).toBe(1);
      stage.admission.setRoute({ to: "generation", destination: stage.destination });
      expect((await answer).status).toBe(200);
      expect(app.requests.length).toBe(1);
      expect((await stage.ended(2))[1]!.heldMs).toBeGreaterThan(0);
    });

    it("may have as many requests under way as there may be connections", async () => {
      const { app } = await set({}, { limits: { maxConnections: 3 } });
      const client = open();
      for (let i = 0; i < 3; i++) client.begin({ ":path": "/" }, "");
      await app.until(() => app.requests.length === 3);
      const answer = await client.ask({ ":path": "/" });
      expect(answer.status).toBe(503);
      expect(fieldOf(answer.fields, "sluice-error")).toBe("TOO_MANY_CONNECTIONS");
      app.requests[0]!.socket.write(counted("fine"));
      await stage.ended(2);
      const last = client.ask({ ":path": "/" });
      await app.until(() => app.requests.length === 4);
      for (const { socket } of app.requests.slice(1)) socket.write(counted("late"));
      expect((await last).body).toBe("late");
    });

    it("has bytes beyond ASCII in its fields passed on as they came, in both directions", async () => {
      const { app } = await set({
        onRequest: ({ socket }) =>
          socket.write(Buffer.from(counted("", "200 OK", "X-Back: \xe9\xff"), "latin1")),
      });
      const client = raw(
        PREFACE,
        frame(FRAME.settings, 0, 0),
        frame(FRAME.headers, 5, 1, headBlock(["x-there", "\xe9\xff"])),
      );
      await client.frame(({ type, id }) => type === FRAME.headers && id === 1);
      expect(lineOf(app.requests[0]!, "x-there")).toBe("\xe9\xff");
      const answer = await open().ask({ ":path": "/" });
      expect(fieldOf(answer.fields, "x-back")).toBe("\xe9\xff");
    });

    it("beyond the most connections is refused and closed", async () => {
      await set(ok, { limits: { maxConnections: 1 } });
      const first = await open().greeted();
      const second = open();
      const answer = await second.ask({ ":path": "/" });
      expect(answer.status).toBe(503);
      expect(fieldOf(answer.fields, "sluice-error")).toBe("TOO_MANY_CONNECTIONS");
      await new Promise((resolve) => second.session.once("close", resolve));
      expect((await first.ask({ ":path": "/" })).status).toBe(200);
      expect(stage.engine.connections).toBe(1);
    });
  },
);
