import { createServer as createPlainServer } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { fieldOf as lineOf, valuesOf as linesOf } from "../engine-suite/message-reader.ts";
import { destinationOf, type Stage, type StageOptions } from "../engine-suite/stage.ts";
import {
  answerOn,
  errorCode,
  FRAME,
  FrameApp,
  FrameClient,
  fieldOf,
  frame,
  Http2Client,
  PREFACE,
  postBlock,
  STATUS_200,
} from "./client.fixture.ts";
import { type Answering, Http2App, stageOfHttp1App, stageOfHttp2App } from "./stage.fixture.ts";

const POST = { ":method": "POST", ":path": "/" };

describe("an app that speaks HTTP/2", () => {
  let stage: Stage;
  const ends: (() => unknown)[] = [];
  const later = (end: () => unknown) => void ends.unshift(end);

  const set = async (answer: Answering, options?: StageOptions, settings?: object) => {
    const app = await Http2App.start(answer, settings);
    later(() => app.stop());
    stage = await stageOfHttp2App(app.port, options);
    later(() => stage.stop());
    return app;
  };
  const open = () => {
    const client = new Http2Client(stage.port);
    later(() => client.close());
    return client;
  };
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  const read = async (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };

  it("is asked over HTTP/2, with all that belongs to the request", async () => {
    let seen: readonly string[] = [];
    await set((stream, { raw }) => {
      seen = raw;
      stream.respond([":status", "200", "x-a", "1", "set-cookie", "a", "set-cookie", "b"]);
      stream.end("fine");
    });
    const answer = await open().ask([
      ":method",
      "GET",
      ":path",
      "/a?b",
      ":authority",
      "shop.example",
      ":scheme",
      "http",
      "x-b",
      "1",
      "te",
      "trailers",
      "cookie",
      "a=1",
      "cookie",
      "b=2",
    ]);
    expect(answer).toMatchObject({ status: 200, body: "fine", isWhole: true });
    expect(answer.fields.slice(0, 6)).toEqual(["x-a", "1", "set-cookie", "a", "set-cookie", "b"]);
    expect(fieldOf(seen, ":path")).toBe("/a?b");
    expect(fieldOf(seen, ":authority")).toBe("shop.example");
    expect(fieldOf(seen, "host")).toBeUndefined();
    expect(fieldOf(seen, "te")).toBe("trailers");
    expect(fieldOf(seen, "cookie")).toBe("a=1; b=2");
    expect(fieldOf(seen, "x-forwarded-for")).toBe("127.0.0.1");
    expect((await stage.ended(1))[0]).toMatchObject({ ending: "answered", status: 200, written: true });
  });

  it("is asked by clients of HTTP/1.1 as well, in its own terms", async () => {
    let seen: readonly string[] = [];
    const app = await set(async (stream, { raw }) => {
      seen = raw;
      const body = await read(stream);
      stream.additionalHeaders({ ":status": 103, link: "</a>" });
      stream.respond({ ":status": 200, trailer: "x-sum" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "7" }));
      stream.end(`got ${body}`);
    });
    const client = await stage.client();
    client.send(
      "POST /up HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: 4\r\n\r\nbody",
    );
    expect((await client.next()).status).toBe(103);
    const answer = await client.answer();
    expect(answer).toMatchObject({ status: 200, framing: "chunked", trailers: [["x-sum", "7"]] });
    expect(answer.body.toString()).toBe("got body");
    expect(fieldOf(seen, ":authority")).toBe("x");
    expect(fieldOf(seen, "te")).toBe("trailers");
    expect(fieldOf(seen, "connection")).toBeUndefined();
    expect(fieldOf(seen, "x-hop")).toBeUndefined();
    expect(fieldOf(seen, "x-end")).toBe("2");
    const next = await client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(next.body.toString()).toBe("got ");
    expect(app.sessions.size).toBe(1);
    const old = await stage.client();
    const closing = await old.ask("GET / HTTP/1.0\r\n\r\n");
    expect(closing.body.toString()).toBe("got ");
    expect(lineOf(closing, "connection")).toBe("close");
  });

  it("is told what a client of HTTP/1.1 says twice, and in bytes beyond ASCII, as it came; and the client likewise", async () => {
    let seen: readonly string[] = [];
    await set((stream, { raw }) => {
      seen = raw;
      stream.respond([
        ":status",
        "200",
        "x-back",
        "\xe9",
        "x-back",
        "2",
        "cache-control",
        "a",
        "cache-control",
        "b",
      ]);
      stream.end();
    });
    const client = await stage.client();
    const lines =
      "Authorization: a\r\nAuthorization: b\r\nContent-Type: x\r\nContent-Type: y\r\nX-There: \xe9\xff\r\n";
    const answer = await client.ask(`GET / HTTP/1.1\r\nHost: x\r\n${lines}\r\n`);
    expect(answer.status).toBe(200);
    const sent = (name: string) => seen.filter((_, i) => i % 2 === 1 && seen[i - 1] === name);
    expect(sent("authorization")).toEqual(["a", "b"]);
    expect(sent("content-type")).toEqual(["x", "y"]);
    expect(sent("x-there")).toEqual(["\xe9\xff"]);
    expect(linesOf(answer, "x-back")).toEqual(["\xe9", "2"]);
    expect(linesOf(answer, "cache-control")).toEqual(["a", "b"]);
  });

  it("says itself that a client of HTTP/1.1 may send its body", async () => {
    await set(async (stream) => {
      stream.additionalHeaders({ ":status": 100 });
      const body = await read(stream);
      stream.respond({ ":status": 200 });
      stream.end(`got ${body}`);
    });
    const client = await stage.client();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    expect((await client.next()).status).toBe(100);
    client.send("late");
    expect((await client.answer()).body.toString()).toBe("got late");
  });

  it("passes trailers on that a client of HTTP/1.1 has announced", async () => {
    let trailers: readonly string[] = [];
    await set((stream) => {
      stream.on("trailers", (_headers: unknown, _flags: number, raw: string[]) => {
        trailers = raw;
      });
      stream.on("data", () => {});
      stream.on("end", () => {
        stream.respond({ ":status": 200 });
        stream.end();
      });
    });
    const client = await stage.client();
    await client.ask(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Up\r\n\r\n1\r\na\r\n0\r\nX-Up: 5\r\n\r\n",
    );
    expect(trailers).toEqual(["x-up", "5"]);
  });

  it("is sent bodies and trailers, and answers while they still come", async () => {
    await set((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      let trailers: readonly string[] = [];
      stream.on("trailers", (_headers: unknown, _flags: number, raw: string[]) => {
        trailers = raw;
      });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-back": trailers.join("=") }));
      stream.pipe(stream);
    });
    const stream = open().session.request(POST, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-up": "9" }));
    const answered = answerOn(stream);
    for (const part of ["one ", "two ", "three"]) {
      const came = new Promise((resolve) => stream.once("data", resolve));
      stream.write(part);
      await came;
    }
    stream.end();
    expect(await answered).toMatchObject({
      body: "one two three",
      trailers: ["x-back", "x-up=9"],
      isWhole: true,
    });
  });

  it("may answer with a head alone, and its client sees that nothing follows", async () => {
    await set((stream) => stream.respond({ ":status": 200, "grpc-status": "5" }, { endStream: true }));
    const answer = await open().ask(POST, "x");
    expect(answer).toMatchObject({ status: 200, isHeadOnly: true, isWhole: true });
    expect(fieldOf(answer.fields, "grpc-status")).toBe("5");
  });

  const setFrames = async (onHead: (id: number, socket: Socket) => void) => {
    const app = await FrameApp.start(onHead);
    later(() => app.stop());
    stage = await stageOfHttp2App(app.port);
    later(() => stage.stop());
    return app;
  };
  it("that resets a stream has its code passed on, before and after its head", async () => {
    let reset = 0;
    let begin = false;
    await setFrames((id, socket) => {
      if (begin) socket.write(frame(FRAME.headers, 4, id, STATUS_200));
      if (begin) socket.write(frame(FRAME.data, 0, id, Buffer.from("a")));
      socket.write(frame(FRAME.rst, 0, id, errorCode(reset)));
    });
    const client = open();
    for (reset of [2, 7, 8, 11, 13]) {
      begin = false;
      expect(await client.ask(POST, "x")).toMatchObject({ status: 0, rstCode: reset });
      begin = true;
      expect(await client.ask(POST, "x")).toMatchObject({ status: 200, rstCode: reset, isWhole: false });
    }
    const records = await stage.ended(10);
    expect(records.every(({ ending }) => ending === "failed")).toBe(true);
    const plain = await stage.client();
    begin = false;
    const answer = await plain.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
    expect(answer.status).toBe(502);
  });

  it("whose connection is lost, or that resets with NO_ERROR, in the middle of an answer has not ended it", async () => {
    let how: "reset" | "lost" | "goaway" = "reset";
    await setFrames((id, socket) => {
      socket.write(frame(FRAME.headers, 4, id, STATUS_200));
      socket.write(frame(FRAME.data, 0, id, Buffer.from("a part")));
      if (how === "reset") socket.write(frame(FRAME.rst, 0, id, errorCode(0)));
      if (how === "goaway")
        socket.write(frame(FRAME.goaway, 0, 0, Buffer.concat([errorCode(id), errorCode(0)])));
      if (how !== "reset") setTimeout(() => socket.resetAndDestroy(), 20);
    });
    const client = open();
    for (how of ["reset", "lost", "goaway"] as const) {
      expect(await client.ask(POST, "x")).toMatchObject({ status: 200, isWhole: false, rstCode: 2 });
      const plain = await stage.client();
      plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await expect(plain.answer()).rejects.toThrow("connection ended");
    }
    const records = await stage.ended(6);
    expect(records.every(({ ending, code }) => ending === "failed" && code === "APP_CLOSED")).toBe(true);
  });

  it("never gets the end of an upload that its client has reset", async () => {
    const app = await setFrames(() => {});
    // Where trailers may follow, and where node would end the stream with its last bytes.
    const grpc = ["content-type", "application/grpc"] as const;
    for (const [reset, ...fields] of [[0], [2], [8], [2, grpc], [8, grpc]] as const) {
      const before = app.frames.length;
      const client = new FrameClient(stage.port);
      later(() => client.socket.destroy());
      client.send(PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.headers, 4, 1, postBlock(...fields)));
      client.send(frame(FRAME.data, 0, 1, Buffer.from("a part")));
      await app.until(() => app.frames.slice(before).some(({ type }) => type === FRAME.data));
      client.send(frame(FRAME.rst, 0, 1, errorCode(reset)));
      await app.until(() => app.frames.slice(before).some(({ type }) => type === FRAME.rst));
      const { payload } = app.frames.slice(before).find(({ type }) => type === FRAME.rst)!;
      expect(payload.readUInt32BE()).toBe(reset || 8);
    }
    expect(app.frames.some(({ type, flags }) => type === FRAME.data && (flags & 1) === 1)).toBe(false);
    expect((await stage.ended(5)).every(({ ending }) => ending === "client_aborted")).toBe(true);
  });

  it("that refuses a stream is asked once more, whatever the method: it has looked at nothing", async () => {
    let asked = 0;
    await set((stream) => {
      if (++asked === 1) stream.close(7);
      else {
        stream.respond({ ":status": 200 });
        stream.end("now");
      }
    });
    expect(await open().ask(POST, "x")).toMatchObject({ status: 200, body: "now" });
    expect((await stage.ended(1))[0]).toMatchObject({ ending: "answered", replayed: true });
  });

  it("is told with which code its client has left", async () => {
    const app = await set((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("a");
    });
    const client = open();
    for (const code of [8, 2, 11]) {
      const stream = client.begin(POST, "x");
      await new Promise((resolve) => stream.once("data", resolve));
      stream.close(code);
      const theirs = app.streams.at(-1)!;
      await app.until(() => theirs.closed);
      expect(theirs.rstCode).toBe(code);
    }
    client.begin(POST, "x");
    await app.until(() => app.streams.length === 4);
    client.close();
    await app.until(() => app.streams[3]!.closed);
    expect(app.streams[3]!.rstCode).toBe(8);
    const records = await stage.ended(4);
    expect(records.every(({ ending }) => ending === "client_aborted")).toBe(true);
  });

  it("that goes away in order loses nothing: what it did not look at goes to a new connection", async () => {
    let asked = 0;
    const app = await set(async (stream) => {
      asked++;
      await read(stream);
      stream.respond({ ":status": 200 });
      stream.end("fine");
      if (asked % 10 === 0) stream.session?.close();
    });
    const client = open();
    const answers: string[] = [];
    for (let round = 0; round < 20; round++) {
      const asked = Array.from({ length: 20 }, () => client.ask(POST, "x"));
      for (const { status, body } of await Promise.all(asked)) answers.push(`${status} ${body}`);
    }
    expect(answers).toEqual(Array.from({ length: 400 }, () => "200 fine"));
    expect(app.streams.length).toBe(400);
  });

  it("that dies under its requests fails each of them once", async () => {
    const app = await set(() => {});
    const client = open();
    const asked = Array.from({ length: 10 }, () => client.ask(POST, "x"));
    await app.until(() => app.streams.length === 10);
    for (const session of app.sessions) session.destroy();
    const answers = await Promise.all(asked);
    expect(answers.every(({ status }) => status === 502)).toBe(true);
    const records = await stage.ended(10);
    expect(
      records.every(({ ending, code, written }) => ending === "failed" && code === "APP_CLOSED" && written),
    ).toBe(true);
  });

  it("has no more streams on a connection than it allows", async () => {
    let most = 0;
    let now = 0;
    const app = await set(
      (stream) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          stream.respond({ ":status": 200 });
          stream.end();
        }, 5);
      },
      {},
      { maxConcurrentStreams: 4 },
    );
    const client = open();
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.ask(POST, "x")));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(app.streams.length).toBe(100);
    expect(most).toBeGreaterThan(4);
  });

  it("that does not read holds its client back, and one whose client does not read is held back", async () => {
    const chunk = Buffer.alloc(65_536);
    const settle = async (count: () => number) => {
      for (let before = -1; before !== count(); ) {
        before = count();
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return count();
    };
    let written = 0;
    await set((stream) => {
      stream.pause();
      stream.respond({ ":status": 200 });
      const pump = () => {
        while (written < 64 * 1024 * 1024) {
          written += chunk.length;
          if (!stream.write(chunk)) return;
        }
      };
      stream.on("drain", pump);
      pump();
    });
    const stream = open().begin(POST);
    stream.pause();
    let sent = 0;
    const pump = () => {
      while (sent < 64 * 1024 * 1024) {
        sent += chunk.length;
        if (!stream.write(chunk)) return;
      }
    };
    stream.on("drain", pump);
    pump();
    expect(await settle(() => sent)).toBeLessThan(4 * 1024 * 1024);
    expect(await settle(() => written)).toBeLessThan(4 * 1024 * 1024);
  });

  it("of a generation that is retired is left as soon as its requests have ended", async () => {
    const app = await set((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("a");
    });
    const client = open();
    const stream = client.begin(POST, "x");
    await new Promise((resolve) => stream.once("data", resolve));
    const next = await Http2App.start((other) => {
      other.respond({ ":status": 200 });
      other.end("new");
    });
    later(() => next.stop());
    stage.admission.setRoute({ to: "generation", destination: destinationOf(next.port, 2) });
    stage.engine.retire(1);
    expect((await client.ask(POST, "x")).body).toBe("new");
    expect(app.sessions.size).toBe(1);
    app.streams[0]!.end("b");
    await app.until(() => app.sessions.size === 0);
    const records = await stage.ended(2);
    expect(records.map(({ ending, slot }) => `${ending} ${slot}`).sort()).toEqual([
      "answered a",
      "answered b",
    ]);
  });

  it("that never answers is given up with 504, unless the two speak gRPC", async () => {
    await set(() => {}, { limits: { responseTimeoutMs: 100 } });
    const client = open();
    const grpc = client.begin({ ...POST, "content-type": "application/grpc" }, "x");
    expect((await client.ask(POST, "x")).status).toBe(504);
    expect(grpc.closed).toBe(false);
    expect((await stage.ended(1))[0]).toMatchObject({ ending: "failed", code: "APP_TIMEOUT" });
  });
});

describe("an app that speaks something else than it should", () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  it("HTTP/1.1 where HTTP/2 is configured: 502, and the log can say why", async () => {
    const app = createPlainServer((_request, response) => response.end("plain"));
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    ends.push(() => app.close());
    const stage = await stageOfHttp2App((app.address() as AddressInfo).port);
    ends.push(() => stage.stop());
    const client = await stage.client();
    expect((await client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).status).toBe(502);
    const [record] = await stage.ended(1);
    expect(record).toMatchObject({
      ending: "failed",
      code: "APP_MALFORMED",
      written: false,
      replayed: false,
    });
    expect(record!.cause).toContain("--app-protocol h2c");
  });

  it("nothing at all, or not in time, where HTTP/2 is configured: 502 and 504", async () => {
    let mute = false;
    const app = createServer((socket) => {
      socket.on("error", () => {});
      if (!mute) socket.destroy();
    });
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    ends.push(() => app.close());
    const stage = await stageOfHttp2App((app.address() as AddressInfo).port, {
      limits: { connectTimeoutMs: 100 },
    });
    ends.push(() => stage.stop());
    const client = await stage.client();
    expect((await client.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")).status).toBe(502);
    mute = true;
    expect((await client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).status).toBe(504);
    const records = await stage.ended(2);
    expect(records.map(({ code }) => code)).toEqual(["APP_CLOSED", "APP_CONNECT_TIMEOUT"]);
  });

  it("HTTP/2 where HTTP/1.1 is configured: 502", async () => {
    const app = await Http2App.start((stream) => stream.respond({ ":status": 200 }, { endStream: true }));
    ends.push(() => app.stop());
    const stage = await stageOfHttp1App(
      {},
      { route: { to: "generation", destination: destinationOf(app.port) } },
    );
    ends.push(() => stage.stop());
    const client = new Http2Client(stage.port);
    ends.push(() => client.close());
    expect((await client.ask({ ":path": "/" })).status).toBe(502);
    expect((await stage.ended(1))[0]).toMatchObject({ ending: "failed", code: "APP_MALFORMED" });
    expect(app.streams).toEqual([]);
  });
});
