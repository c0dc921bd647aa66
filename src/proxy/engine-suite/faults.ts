// Promises about bad input and faults: refused, or failed with a code, always counted, and nothing inside leaks.

import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../errors.ts";
import type { Limits } from "../limits.ts";
import { fieldOf } from "./message-reader.ts";
import { type AppBehaviour, counted, RawApp } from "./raw-app.ts";
import type { Answer } from "./raw-client.ts";
import { type CreateEngine, destinationOf, type Stage, type StageOptions, setStage } from "./stage.ts";

const HEAD = "Host: x\r\n";
const GOOD = `GET / HTTP/1.1\r\n${HEAD}\r\n`;

function expectError(answer: Answer, code: ErrorCode, status: number): void {
  const id = fieldOf(answer, "x-request-id");
  expect(answer.status).toBe(status);
  expect(fieldOf(answer, "sluice-error")).toBe(code);
  expect(JSON.parse(answer.body.toString())).toEqual({ error: code, requestId: id });
  expect(fieldOf(answer, "retry-after")).toBe(status === 503 ? "1" : undefined);
}

export function faultsSuite(create: CreateEngine): void {
  let stage: Stage;
  const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
    stage = await setStage(create, behaviour, options);
    return stage;
  };
  const limits = (some: Partial<Limits>): StageOptions => ({ limits: some });

  describe("bad requests", () => {
    afterEach(() => stage.stop());
    const answering: AppBehaviour = { onRequest: ({ socket }) => socket.write(counted("ok")) };

    it.each<[string, string]>([
      ["no Host", "GET / HTTP/1.1\r\n\r\n"],
      ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
      [
        "Content-Length with Transfer-Encoding",
        `POST / HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
      ["two Content-Lengths", `POST / HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
      ["a list of Content-Lengths", `POST / HTTP/1.1\r\n${HEAD}Content-Length: 3, 3\r\n\r\nabc`],
      ["a signed Content-Length", `POST / HTTP/1.1\r\n${HEAD}Content-Length: +3\r\n\r\nabc`],
      ["an unknown coding", `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
      ["a bent coding", `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
      ["Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
      ["a folded field line", `GET / HTTP/1.1\r\n${HEAD}X-A: 1\r\n  2\r\n\r\n`],
      ["a space before the colon", `GET / HTTP/1.1\r\n${HEAD}X-A : 1\r\n\r\n`],
      ["a bare LF in the head", "GET / HTTP/1.1\nHost: x\n\n"],
      ["a NUL in a value", `GET / HTTP/1.1\r\n${HEAD}X-A: a\x00b\r\n\r\n`],
      ["a target without a slash", `GET x HTTP/1.1\r\n${HEAD}\r\n`],
      ["garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
    ])("%s is refused, counted, and the connection closes", async (_what, bytes) => {
      const { app } = await set(answering);
      const client = await stage.client();
      client.send(bytes);
      const answer = await client.answer();
      expectError(answer, "MALFORMED_REQUEST", 400);
      expect(fieldOf(answer, "connection")).toBe("close");
      expect(await client.ended()).toBe("fin");
      expect(app.requests).toEqual([]);
      const [record] = await stage.ended(1);
      expect(record).toMatchObject({
        ending: "refused",
        code: "MALFORMED_REQUEST",
        status: 400,
        generation: 0,
        written: false,
      });
    });

    it.each<[string, string]>([
      ["a bad chunk size", "zz\r\nabc\r\n0\r\n\r\n"],
      ["a chunk longer than said", "3\r\nabcdef\r\n0\r\n\r\n"],
      ["a bare LF after a chunk size", "3\nabc\r\n0\r\n\r\n"],
    ])("%s is refused, and the app does not see the request end", async (_what, body) => {
      const { app } = await set(answering);
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n${body}`);
      expectError(await client.answer(), "MALFORMED_REQUEST", 400);
      await client.ended();
      expect(app.requests).toEqual([]);
      expect(await stage.ended(1)).toMatchObject([{ ending: "refused", code: "MALFORMED_REQUEST" }]);
    });

    it.each<[ErrorCode, number, string]>([
      ["METHOD_REFUSED", 501, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"],
      ["TARGET_TOO_LONG", 414, `GET /${"a".repeat(9000)} HTTP/1.1\r\n${HEAD}\r\n`],
      ["HEAD_TOO_LARGE", 431, `GET / HTTP/1.1\r\n${HEAD}X: ${"a".repeat(20_000)}\r\n\r\n`],
      ["HEAD_TOO_LARGE", 431, `GET / HTTP/1.1\r\n${HEAD}${"X: a\r\n".repeat(101)}\r\n`],
    ])("%s is answered with %i", async (code, status, bytes) => {
      await set(answering);
      const client = await stage.client();
      client.send(bytes);
      expectError(await client.answer(), code, status);
      expect(await client.ended()).toBe("fin");
      expect(await stage.ended(1)).toMatchObject([{ ending: "refused", code, status }]);
    });

    it("a good request followed by garbage gets its answer before the garbage gets its own", async () => {
      let answer: () => void = () => {};
      const { app } = await set({
        onRequest: ({ socket }) => {
          answer = () => socket.write(counted("good"));
        },
      });
      const client = await stage.client();
      client.send(`${GOOD}\x00\x01garbage\r\n\r\n`);
      await app.until(() => app.requests.length === 1);
      answer();
      expect((await client.answer()).body.toString()).toBe("good");
      expectError(await client.answer(), "MALFORMED_REQUEST", 400);
      await client.ended();
      expect((await stage.ended(2)).map(({ ending }) => ending)).toEqual(["answered", "refused"]);
    });

    it("a body longer than announced is a second, malformed request", async () => {
      await set(answering);
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 3\r\n\r\nabcdef\r\n\r\n`);
      expect((await client.answer()).status).toBe(200);
      expectError(await client.answer(), "MALFORMED_REQUEST", 400);
    });

    it("a client that ends in the middle of its body is counted as gone, and the app's request is cut", async () => {
      const { app } = await set(answering);
      const client = await stage.client();
      client.socket.end(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 10\r\n\r\nabc`);
      await client.ended();
      expect(await stage.ended(1)).toMatchObject([{ ending: "client_aborted", code: "CLIENT_LEFT" }]);
      expect(app.requests).toEqual([]);
    });

    it("TLS is refused, counted, and named", async () => {
      const heard: string[] = [];
      await set(answering, { observer: { oddity: (what, client) => heard.push(`${what} ${client}`) } });
      const client = await stage.client();
      client.send(Buffer.from("160301020001000 1fc0303".replaceAll(" ", ""), "hex"));
      expect((await client.answer()).status).toBe(400);
      expect(heard).toEqual(["TLS on the plain port 127.0.0.1"]);
      expect(await stage.ended(1)).toMatchObject([
        { code: "MALFORMED_REQUEST", cause: "TLS on the plain port" },
      ]);
    });

    it("a PROXY protocol header is no request", async () => {
      await set(answering);
      const client = await stage.client();
      client.send(`PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${GOOD}`);
      expect((await client.answer()).status).toBe(400);
      expect(stage.app.requests).toEqual([]);
    });

    it("half a head and FIN is refused", async () => {
      await set(answering);
      const client = await stage.client();
      client.socket.end("GET / HTTP/1.1\r\nHo");
      expectError(await client.answer(), "MALFORMED_REQUEST", 400);
      expect(await stage.ended(1)).toMatchObject([{ ending: "refused" }]);
    });

    it("a head that does not come in time is answered with 408; one that never began is just closed", async () => {
      await set(answering, limits({ headTimeoutMs: 300 }));
      const silent = await stage.client();
      const slow = await stage.client();
      slow.send("GET / HTTP/1.1\r\nHost");
      expectError(await slow.answer(), "HEAD_TIMEOUT", 408);
      await silent.ended();
      expect(silent.bytes).toBe(0);
      expect(await stage.ended(1)).toMatchObject([{ ending: "refused", code: "HEAD_TIMEOUT" }]);
      expect(stage.tickets.account().accepted).toBe(1);
    });

    it("a body that stalls is answered with 408", async () => {
      const { app } = await set(answering, limits({ bodyTimeoutMs: 200 }));
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 10\r\n\r\nabc`);
      expectError(await client.answer(), "BODY_TIMEOUT", 408);
      await client.ended();
      expect(await stage.ended(1)).toMatchObject([{ ending: "refused", code: "BODY_TIMEOUT" }]);
      await app.until(() => app.sockets.size === 0);
    });

    it("a connection beyond the limit gets 503 for its first request and is closed", async () => {
      await set(answering, limits({ maxConnections: 1 }));
      const first = await stage.client();
      await first.ask(GOOD);
      const second = await stage.client();
      expectError(await second.ask(GOOD), "TOO_MANY_CONNECTIONS", 503);
      expect(await second.ended()).toBe("fin");
      expect((await first.ask(GOOD)).status).toBe(200);
    });

    it("an idle connection is closed after its time", async () => {
      await set(answering, limits({ clientIdleMs: 200 }));
      const client = await stage.client();
      await client.ask(GOOD);
      expect(await client.ended()).toBe("fin");
    });
  });

  describe("bad apps", () => {
    afterEach(() => stage.stop());
    it.each<[string, ErrorCode, number, string]>([
      ["garbage", "APP_MALFORMED", 502, "this is not HTTP\r\n\r\n"],
      ["a status below 100", "APP_MALFORMED", 502, "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n"],
      ["status 000", "APP_MALFORMED", 502, "HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n"],
      ["status 600", "APP_MALFORMED", 502, "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n"],
      [
        "two lengths",
        "APP_MALFORMED",
        502,
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      ],
      [
        "length and chunks",
        "APP_MALFORMED",
        502,
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
      [
        "too large a head",
        "APP_MALFORMED",
        502,
        `HTTP/1.1 200 OK\r\nX: ${"a".repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`,
      ],
      [
        "an unasked 101",
        "APP_MALFORMED",
        502,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
      ],
    ])("%s is answered with %s", async (_what, code, status, bytes) => {
      await set({ onRequest: ({ socket }) => socket.write(bytes) });
      const client = await stage.client();
      expectError(await client.ask(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`), code, status);
      expect(await stage.ended(1)).toMatchObject([
        { ending: "failed", code, status, written: true, generation: 1 },
      ]);
    });

    it("an app that dies in its head is answered with 502, and the client's connection lives", async () => {
      await set({
        onRequest: ({ socket, target }) => {
          if (target === "/die") socket.end("HTTP/1.1 200 OK\r\nConte");
          else socket.write(counted("ok"));
        },
      });
      const client = await stage.client();
      expectError(
        await client.ask(`POST /die HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`),
        "APP_CLOSED",
        502,
      );
      expect((await client.ask(GOOD)).status).toBe(200);
    });

    it.each([
      ["a counted body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"],
      ["a chunked body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"],
      ["its trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n"],
    ])("an app that dies in %s has its answer cut, never ended", async (_what, bytes) => {
      await set({ onRequest: ({ socket }) => socket.end(bytes) });
      const client = await stage.client();
      await expect(client.ask(GOOD)).rejects.toThrow("connection ended");
      expect(client.rest.endsWith("0\r\n\r\n")).toBe(false);
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed", code: "APP_CLOSED", status: 200 }]);
    });

    it("the reset of an app that had answered OPTIONS * with 101 went unheard, which ends a process", async () => {
      const { app } = await set({
        onRequest: ({ socket }) =>
          socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
      });
      const client = await stage.client();
      expectError(await client.ask(`OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`), "APP_MALFORMED", 502);
      // Nobody keeps the connection, so that there is none to break.
      await app.until(() => app.sockets.size === 0);
    });

    it("an app that never answers is given up with 504", async () => {
      const { app } = await set({ onRequest() {} }, limits({ responseTimeoutMs: 300 }));
      const client = await stage.client();
      expectError(await client.ask(GOOD), "APP_TIMEOUT", 504);
      await app.until(() => app.sockets.size === 0);
      // A slow app was asked for the same work twice, and its client waited for twice the time-out.
      expect(app.requests.length).toBe(1);
    });

    it("a GET to an app that has fallen silent is sent to the next one, where there is one by then", async () => {
      const next = await RawApp.start({ onRequest: ({ socket }) => socket.write(counted("next")) });
      const { admission } = await set(
        {
          onRequest: () => admission.setRoute({ to: "generation", destination: destinationOf(next.port, 2) }),
        },
        limits({ responseTimeoutMs: 300 }),
      );
      const client = await stage.client();
      expect((await client.ask(GOOD)).body.toString()).toBe("next");
      await next.stop();
    });

    it("an app that falls silent in its answer has it cut", async () => {
      await set(
        { onRequest: ({ socket }) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") },
        limits({ responseTimeoutMs: 300 }),
      );
      const client = await stage.client();
      await expect(client.ask(GOOD)).rejects.toThrow("connection ended");
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed", code: "APP_TIMEOUT" }]);
    });

    it("an app that does not accept is given up with 504", async () => {
      // A listener whose backlog is full takes no more connections.
      const full = createServer();
      await new Promise<void>((resolve) => full.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, resolve));
      const { port } = full.address() as { port: number };
      await set({}, { ...limits({ connectTimeoutMs: 300 }) });
      full.close();
      const blackHole = { ...destinationOf(port), host: "192.0.2.1" };
      stage.admission.setRoute({ to: "generation", destination: blackHole });
      const client = await stage.client();
      const answer = await client.ask(GOOD);
      expect([502, 504]).toContain(answer.status);
    });

    it("what the app sends after its answer is not taken for another", async () => {
      await set({
        onRequest: ({ socket }) =>
          socket.write(`${counted("ok")}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
      });
      const client = await stage.client();
      for (let i = 0; i < 5; i++) expect((await client.ask(GOOD)).body.toString()).toBe("ok");
    });

    it("a body that the app sends to HEAD is not taken for the next answer", async () => {
      await set({
        onRequest: ({ socket, method }) =>
          socket.write(
            method === "HEAD" ? counted("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil") : counted("good"),
          ),
      });
      const client = await stage.client();
      await client.ask(`HEAD / HTTP/1.1\r\n${HEAD}\r\n`, "HEAD");
      expect((await client.ask(GOOD)).body.toString()).toBe("good");
    });
  });
}
