// The three kinds of probe against real servers, well-behaved and hostile.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { ProbeAttempt, ProbeOutcome } from "./probe-attempt.ts";
import { encodeCheckRequest, probeGrpc, readServingStatus } from "./probe-grpc.ts";
import { probeHttp } from "./probe-http.ts";
import { probeTcp } from "./probe-tcp.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUps.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that does what it is told with each connection. */
function listenRaw(onConnection: (socket: Socket) => void): Promise<number> {
  return listen(
    createServer((socket) => {
      socket.on("error", () => {});
      cleanUps.push(() => socket.destroy());
      onConnection(socket);
    }),
  );
}

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

type Probe = (attempt: ProbeAttempt) => () => void;
const http: Probe = (attempt) => probeHttp(attempt, "/healthz");
const grpc: Probe = (attempt) => probeGrpc(attempt, "");

function outcomeOf(probe: Probe, port: number, timeoutMs = 10_000): Promise<ProbeOutcome> {
  return new Promise((onOutcome) => {
    cleanUps.push(probe({ host: "127.0.0.1", port, timeoutMs, onOutcome }));
  });
}

function answering(bytes: string): Promise<number> {
  return listenRaw((socket) => {
    socket.once("data", () => socket.write(bytes));
  });
}

describe.each([
  ["tcp", probeTcp],
  ["http", http],
  ["grpc", grpc],
] as const)("%s", (_, probe) => {
  test("nobody listens: refused", async () => {
    expect(await outcomeOf(probe, await closedPort())).toEqual({
      ok: false,
      refused: true,
      detail: "connection refused",
    });
  });

  test("an attempt that was ended has no outcome", async () => {
    const port = await closedPort();
    let outcomes = 0;
    probe({ host: "127.0.0.1", port, timeoutMs: 10_000, onOutcome: () => outcomes++ })();
    // A second attempt at the same address has its outcome after the first one would have had.
    await outcomeOf(probe, port);
    expect(outcomes).toBe(0);
  });
});

test("tcp: an accepted connection passes, and is closed", async () => {
  let closed: Promise<unknown> | undefined;
  const port = await listenRaw((socket) => {
    closed = once(socket.resume(), "close");
  });
  expect(await outcomeOf(probeTcp, port)).toEqual({
    ok: true,
    refused: false,
    detail: "accepts connections",
  });
  await closed;
});

describe("http", () => {
  test("asks as documented", async () => {
    let seen = "";
    const port = await listenRaw((socket) => {
      socket.once("data", (chunk) => {
        seen = chunk.toString();
        socket.end("HTTP/1.1 204 No Content\r\n\r\n");
      });
    });
    await outcomeOf(http, port);
    expect(seen).toMatch(/^GET \/healthz HTTP\/1\.1\r\n/);
    for (const line of ["Host: 127.0.0.1", "User-Agent: sluice-probe/1", "Connection: close"]) {
      expect(seen.split("\r\n")).toContain(line);
    }
  });

  test.each([
    [200, true],
    [204, true],
    [302, true],
    [399, true],
    [400, false],
    [404, false],
    [503, false],
  ])("%d: passes %s", async (status, ok) => {
    const port = await answering(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 0\r\n\r\n`);
    expect(await outcomeOf(http, port)).toEqual({
      ok,
      refused: false,
      detail: `answered ${status} to GET /healthz`,
    });
  });

  test("the answer counts as soon as its head is there; a body without end is not waited for", async () => {
    const port = await answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    expect((await outcomeOf(http, port)).ok).toBe(true);
  });

  test("the app writes its body without an error", async () => {
    let failure: Error | undefined;
    const server = createHttpServer((_, response) => {
      response.on("error", (error) => {
        failure = error;
      });
      response.flushHeaders();
      setImmediate(() => response.end("x".repeat(60_000)));
    });
    const ended = new Promise((resolve) => {
      server.on("connection", (socket) => {
        socket.on("error", (error) => {
          failure = error;
        });
        socket.on("close", resolve);
      });
    });
    expect((await outcomeOf(http, await listen(server))).ok).toBe(true);
    await ended;
    expect(failure).toBeUndefined();
  });

  test("answers 1xx before the answer are skipped", async () => {
    const port = await answering("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 503 No\r\n\r\n");
    expect((await outcomeOf(http, port)).detail).toBe("answered 503 to GET /healthz");
  });

  test("a head that comes byte by byte is read", async () => {
    const port = await listenRaw((socket) => {
      socket.setNoDelay(true);
      const bytes = [..."HTTP/1.0 200\r\nA: b\r\n\r\n"];
      const next = () => {
        const byte = bytes.shift();
        if (byte) socket.write(byte, () => setImmediate(next));
      };
      socket.once("data", next);
    });
    expect((await outcomeOf(http, port)).ok).toBe(true);
  });

  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP/1.1"],
    ["garbage without a line's end", "\u0000\u0001\u0002", "does not speak HTTP/1.1"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "does not speak HTTP/1.1"],
    ["a status that is none", "HTTP/1.1 000 OK\r\n\r\n", "does not speak HTTP/1.1"],
    ["another version", "HTTP/2 200 OK\r\n\r\n", "does not speak HTTP/1.1"],
    [
      "a head without end",
      `HTTP/1.1 200 OK\r\nA: ${"a".repeat(20_000)}`,
      "sent a head of more than 16384 bytes",
    ],
  ])("%s fails in plain words", async (_, bytes, detail) => {
    const outcome = await outcomeOf(http, await answering(bytes));
    expect(outcome).toMatchObject({ ok: false, refused: false });
    expect(outcome.detail).toContain(detail);
  });

  test("an app that closes without a word", async () => {
    const port = await listenRaw((socket) => socket.once("data", () => socket.end("HTTP/1.1 20")));
    expect((await outcomeOf(http, port)).detail).toBe("closed the connection before an answer");
  });

  test("an app that resets", async () => {
    const port = await listenRaw((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect((await outcomeOf(http, port)).detail).toBe("connection reset before an answer");
  });

  test("an app that accepts and never answers", async () => {
    const port = await listenRaw(() => {});
    expect(await outcomeOf(http, port, 50)).toEqual({
      ok: false,
      refused: false,
      detail: "no answer within 50ms",
    });
  });
});

describe("grpc", () => {
  function listenGrpc(
    onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer) => void,
  ) {
    const server = createHttp2Server();
    server.on("session", (session) => cleanUps.push(() => session.destroy()));
    server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", () => {});
      stream.on("end", () => onStream(stream, headers, Buffer.concat(chunks)));
    });
    return listen(server);
  }

  function answerWith(stream: ServerHttp2Stream, message: readonly number[], grpcStatus = "0") {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": grpcStatus }));
    stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
  }

  test.each([
    ["SERVING", [0x08, 1], true, "the server is SERVING"],
    ["NOT_SERVING", [0x08, 2], false, "the server is NOT_SERVING"],
    ["UNKNOWN, which proto3 leaves out", [], false, "the server is UNKNOWN"],
    ["a status that there is not", [0x08, 9], false, "sent something else than a health answer"],
    ["another message", [0x12, 1, 65], false, "sent something else than a health answer"],
  ])("%s", async (_, message, ok, detail) => {
    const port = await listenGrpc((stream) => answerWith(stream, message));
    expect(await outcomeOf(grpc, port)).toEqual({ ok, refused: false, detail });
  });

  test("asks for the service by name, as gRPC has it", async () => {
    let seen: { headers: IncomingHttpHeaders; body: Buffer } | undefined;
    const port = await listenGrpc((stream, headers, body) => {
      seen = { headers, body };
      answerWith(stream, [0x08, 1]);
    });
    const outcome = await outcomeOf((attempt) => probeGrpc(attempt, "shop.Cart"), port);
    expect(outcome.detail).toBe("service shop.Cart is SERVING");
    expect(seen?.headers).toMatchObject({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    expect(seen?.body).toEqual(Buffer.from([0, 0, 0, 0, 11, 0x0a, 9, ...Buffer.from("shop.Cart")]));
  });

  test.each([
    ["5", "gRPC health check of the server failed: the health service does not know it"],
    ["12", "gRPC health check of the server failed: no health service is registered (grpc.health.v1.Health)"],
    ["14", "gRPC health check of the server failed: gRPC status 14"],
  ])("grpc-status %s without a message (trailers only)", async (status, detail) => {
    const port = await listenGrpc((stream) =>
      stream.respond({ ":status": 200, "grpc-status": status }, { endStream: true }),
    );
    expect(await outcomeOf(grpc, port)).toEqual({ ok: false, refused: false, detail });
  });

  test("an HTTP/2 server without gRPC", async () => {
    const port = await listenGrpc((stream) => stream.respond({ ":status": 404 }, { endStream: true }));
    expect((await outcomeOf(grpc, port)).detail).toBe("answered HTTP status 404 to the gRPC health check");
  });

  test("an answer without end", async () => {
    const port = await listenGrpc((stream) => {
      stream.respond({ ":status": 200 });
      stream.write(Buffer.alloc(8_192));
    });
    expect((await outcomeOf(grpc, port)).detail).toBe("sent something else than a health answer");
  });

  test("an HTTP/1.1 server", async () => {
    const port = await answering("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    expect((await outcomeOf(grpc, port)).detail).toBe("does not speak HTTP/2, which gRPC needs");
  });

  test("an app that accepts and never answers", async () => {
    const port = await listenRaw(() => {});
    expect((await outcomeOf(grpc, port, 50)).detail).toBe("no answer within 50ms");
  });

  test("a long service name is encoded with a length of two bytes", () => {
    const request = encodeCheckRequest("s".repeat(200));
    expect(request.readUInt32BE(1)).toBe(request.length - 5);
    expect([...request.subarray(5, 8)]).toEqual([0x0a, 0xc8, 0x01]);
  });

  test("half an answer is none", () => {
    expect(readServingStatus(Buffer.from([0, 0, 0, 0, 2, 0x08]))).toBeUndefined();
    expect(readServingStatus(Buffer.from([1, 0, 0, 0, 2, 0x08, 1]))).toBeUndefined();
    expect(readServingStatus(Buffer.alloc(3))).toBeUndefined();
  });
});
