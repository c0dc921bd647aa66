import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Stage, StageOptions } from "../engine-suite/stage.ts";
import { answerOn, fieldOf, Http2Client } from "./client.fixture.ts";
import { GrpcMessages, grpcStatusOf, grpcTrailers, isGrpc } from "./grpc.ts";
import { type Answering, Http2App, stageOfHttp2App } from "./stage.fixture.ts";

const message = (bytes: number) => {
  const out = Buffer.alloc(5 + bytes, 1);
  out.writeUInt8(0, 0);
  out.writeUInt32BE(bytes, 1);
  return out;
};

it("knows gRPC by its content type, and gRPC-Web for something else", () => {
  const of = (type: string) => isGrpc(["content-type", type]);
  expect(
    ["application/grpc", "application/grpc+proto", "application/grpc;charset=x", "APPLICATION/GRPC"].map(of),
  ).toEqual([true, true, true, true]);
  expect(["application/grpc-web", "application/grpcx", "text/plain", "application/json"].map(of)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

it("says what a client would make of the HTTP status", () => {
  expect([400, 408, 431, 500, 502, 503, 504].map(grpcStatusOf)).toEqual([13, 2, 2, 2, 14, 14, 14]);
  expect(grpcTrailers("CLIENT_LEFT", "a%b\u00e9")[3]).toMatch(/\(a%25b%C3%A9\)$/);
});

it("finds the ends of messages however they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(300), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 50 }),
      (lengths, cuts) => {
        const bytes = Buffer.concat(lengths.map(message));
        const ends = new Set<number>([0]);
        let end = 0;
        for (const length of lengths) {
          end += 5 + length;
          ends.add(end);
        }
        const messages = new GrpcMessages();
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          const next = Math.min(bytes.length, at + cuts[i % cuts.length]!);
          messages.take(bytes.subarray(at, next));
          at = next;
          expect(messages.isBetween).toBe(ends.has(at));
        }
        expect(messages.whole).toBe(lengths.length);
      },
    ),
  );
});

describe("a gRPC client", () => {
  let stage: Stage;
  const ends: (() => unknown)[] = [];
  const set = async (answer: Answering, options?: StageOptions) => {
    const app = await Http2App.start(answer);
    ends.unshift(() => app.stop());
    stage = await stageOfHttp2App(app.port, options);
    ends.unshift(() => stage.stop());
    return app;
  };
  const open = () => {
    const client = new Http2Client(stage.port);
    ends.unshift(() => client.close());
    return client;
  };
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  const CALL = { ":method": "POST", ":path": "/s/m", "content-type": "application/grpc", te: "trailers" };

  it("is refused in its own terms, and by a head alone", async () => {
    await set(() => {}, { route: { to: "hold" }, holdTimeoutMs: 50 });
    const answer = await open().ask(CALL, message(1));
    expect(answer).toMatchObject({ status: 200, isHeadOnly: true, isWhole: true, body: "" });
    expect(fieldOf(answer.fields, "content-type")).toBe("application/grpc");
    expect(fieldOf(answer.fields, "grpc-status")).toBe("14");
    expect(fieldOf(answer.fields, "grpc-message")).toMatch(/^HOLD_TIMEOUT: .* \([0-9a-f]{32}\)$/);
    expect(fieldOf(answer.fields, "sluice-error")).toBe("HOLD_TIMEOUT");
    expect((await stage.ended(1))[0]).toMatchObject({ ending: "refused", code: "HOLD_TIMEOUT", status: 503 });
  });

  it("that comes when the Pod is going has its stream refused, so that it asks another Pod by itself", async () => {
    await set(() => {}, { route: { to: "refuse", code: "POD_STOPPING" } });
    const client = open();
    expect(await client.ask(CALL, message(1))).toMatchObject({ status: 0, rstCode: 7 });
    expect((await client.ask({ ":path": "/" })).status).toBe(503);
    expect((await stage.ended(2))[0]).toMatchObject({ ending: "refused", code: "POD_STOPPING" });
  });

  it("gets the trailers of its call, and a silence of any length is no fault", async () => {
    await set(
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": "ok" }));
        stream.resume();
        stream.on("end", () => setTimeout(() => stream.end(message(3)), 300));
      },
      { limits: { responseTimeoutMs: 50, bodyTimeoutMs: 50 } },
    );
    const stream = open().begin(CALL);
    const answered = answerOn(stream);
    stream.write(message(1));
    setTimeout(() => stream.end(message(1)), 300);
    expect(await answered).toMatchObject({
      status: 200,
      isWhole: true,
      trailers: ["grpc-status", "0", "grpc-message", "ok"],
    });
  });

  it("whose app dies learns it as UNAVAILABLE between two messages, and as a reset within one", async () => {
    const app = await set((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(message(3));
      if (stream.id === 3) stream.write(message(9).subarray(0, 7));
    });
    const client = open();
    const streams = [client.begin(CALL), client.begin(CALL)];
    const answers = streams.map(answerOn);
    await Promise.all(
      streams.map(
        (stream, i) =>
          new Promise<void>((resolve) => {
            let got = 0;
            stream.on("data", (chunk: Buffer) => {
              got += chunk.length;
              if (got === (i === 0 ? 8 : 15)) resolve();
            });
          }),
      ),
    );
    for (const session of app.sessions) session.destroy();
    const [between, within] = await Promise.all(answers);
    expect(between).toMatchObject({ status: 200, isWhole: true });
    expect(fieldOf(between!.trailers, "grpc-status")).toBe("14");
    expect(fieldOf(between!.trailers, "grpc-message")).toMatch(/^APP_CLOSED/);
    expect(within).toMatchObject({ status: 200, isWhole: false, rstCode: 2 });
    expect((await stage.ended(2)).every(({ ending }) => ending === "failed")).toBe(true);
  });

  it("has its streams ended in order at their time: UNAVAILABLE, and the app sees them cancelled", async () => {
    const app = await set((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      if (stream.id !== 3) stream.write(message(3));
    });
    const client = open();
    const stream = client.begin(CALL);
    const silent = client.begin(CALL);
    const answered = answerOn(stream);
    await new Promise((resolve) => stream.once("data", resolve));
    await app.until(() => app.streams.length === 2);
    await stage.engine.endStreams(1, 1012);
    const answer = await answered;
    expect(answer).toMatchObject({ status: 200, isWhole: true });
    expect(fieldOf(answer.trailers, "grpc-status")).toBe("14");
    await app.until(() => app.streams[0]!.closed);
    expect(app.streams[0]!.rstCode).toBe(8);
    expect((await stage.ended(1))[0]).toMatchObject({ ending: "answered", status: 200 });
    expect(silent.closed).toBe(false);
    const cut = answerOn(silent);
    expect(stage.engine.cut()).toBe(1);
    expect(fieldOf((await cut).trailers, "grpc-status")).toBe("14");
    expect((await stage.ended(2))[1]).toMatchObject({ ending: "deadline", code: "CUT_AT_DEADLINE" });
  });
});
