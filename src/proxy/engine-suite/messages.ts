// Promises about messages: what goes in comes out, in both directions, with unambiguous framing.

import { createHash, randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { fieldOf, valuesOf } from "./message-reader.ts";
import { type AppRequest, counted } from "./raw-app.ts";
import { type CreateEngine, type Stage, type StageOptions, setStage } from "./stage.ts";

const HEAD = "Host: shop.example\r\n";

/** Tells in its answer what it got. */
function echo(request: AppRequest): void {
  request.socket.write(
    counted(
      JSON.stringify({ line: request.line, framing: request.framing, body: request.body.toString("latin1") }),
    ),
  );
}

export function messagesSuite(create: CreateEngine): void {
  describe("messages", () => {
    let stage: Stage;
    const set = async (behaviour: Parameters<typeof setStage>[1], options?: StageOptions) => {
      stage = await setStage(create, behaviour, options);
      return stage;
    };
    afterEach(() => stage.stop());

    it("keeps the order and case of end-to-end fields in both directions, and hop-by-hop fields go", async () => {
      const { app } = await set({
        onRequest: ({ socket }) =>
          socket.write(
            counted(
              "ok",
              "200 Fine",
              "X-UPPER: 1",
              "x-lower: 2",
              "Set-Cookie: a=1",
              "Set-Cookie: b=2",
              "Keep-Alive: timeout=9",
              "Connection: X-Hop",
              "X-Hop: 1",
            ),
          ),
      });
      const client = await stage.client();
      const answer = await client.ask(
        `GET /a?b=c HTTP/1.1\r\n${HEAD}X-One: 1\r\nx-TWO: 2\r\nConnection: X-Secret\r\nX-Secret: 3\r\nTE: gzip\r\n\r\n`,
      );
      expect(answer.line).toBe("HTTP/1.1 200 Fine");
      const names = answer.fields.map(([name]) => name);
      expect(names.slice(0, 4)).toEqual(["X-UPPER", "x-lower", "Set-Cookie", "Set-Cookie"]);
      expect(names).not.toContain("X-Hop");
      expect(valuesOf(answer, "keep-alive")).toEqual([]);
      const seen = app.requests[0]!;
      expect(seen.line).toBe("GET /a?b=c HTTP/1.1");
      expect(fieldOf(seen, "host")).toBe("shop.example");
      expect(fieldOf(seen, "x-one")).toBe("1");
      expect(seen.fields.some(([name]) => name === "x-TWO")).toBe(true);
      expect(fieldOf(seen, "x-secret")).toBeUndefined();
      expect(fieldOf(seen, "te")).toBeUndefined();
      expect(fieldOf(seen, "x-forwarded-for")).toBe("127.0.0.1");
      expect(fieldOf(seen, "x-request-id")).toMatch(/^[0-9a-f]{32}$/);
    });

    it.each([
      ["POST", "counted", "Content-Length: 5\r\n\r\nhello", "counted"],
      ["POST", "chunked", "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "chunked"],
      ["DELETE", "counted", "Content-Length: 5\r\n\r\nhello", "counted"],
      ["DELETE", "chunked", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "chunked"],
      ["OPTIONS", "counted", "Content-Length: 5\r\n\r\nhello", "counted"],
      ["OPTIONS", "chunked", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "chunked"],
      ["GET", "counted", "Content-Length: 5\r\n\r\nhello", "counted"],
      ["GET", "chunked", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "chunked"],
      ["PATCH", "counted", "Content-Length: 5\r\n\r\nhello", "counted"],
      ["REPORT", "counted", "Content-Length: 5\r\n\r\nhello", "counted"],
    ])(
      "a %s with a %s body arrives whole, and the next request is a request of its own",
      async (method, _kind, rest, _framing) => {
        const { app } = await set({ onRequest: echo });
        const client = await stage.client();
        client.send(`${method} /x HTTP/1.1\r\n${HEAD}${rest}GET /next HTTP/1.1\r\n${HEAD}\r\n`);
        const first = JSON.parse((await client.answer()).body.toString());
        expect(first.body).toBe("hello");
        expect(["counted", "chunked"]).toContain(first.framing);
        const second = JSON.parse((await client.answer()).body.toString());
        expect(second.line).toBe("GET /next HTTP/1.1");
        expect(app.requests.map((request) => request.line)).toEqual([
          `${method} /x HTTP/1.1`,
          "GET /next HTTP/1.1",
        ]);
      },
    );

    it.each(["POST", "DELETE", "GET", "OPTIONS"])(
      "an empty body of a %s is no body, however it is framed",
      async (method) => {
        const { app } = await set({ onRequest: echo });
        const client = await stage.client();
        await client.ask(`${method} /1 HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`);
        await client.ask(`${method} /2 HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
        await client.ask(`${method} /3 HTTP/1.1\r\n${HEAD}\r\n`);
        expect(app.requests.map((request) => [request.target, request.body.length])).toEqual([
          ["/1", 0],
          ["/2", 0],
          ["/3", 0],
        ]);
      },
    );

    it("serves pipelined requests in order, one after the other", async () => {
      let running = 0;
      let most = 0;
      await set({
        onRequest: ({ socket, target }) => {
          most = Math.max(most, ++running);
          setImmediate(() => {
            running--;
            socket.write(counted(target));
          });
        },
      });
      const client = await stage.client();
      const targets = Array.from({ length: 50 }, (_, i) => `/${i}`);
      client.send(targets.map((target) => `GET ${target} HTTP/1.1\r\n${HEAD}\r\n`).join(""));
      for (const target of targets) expect((await client.answer()).body.toString()).toBe(target);
      expect(most).toBe(1);
    });

    it("keeps the framing of answers: counted, chunked, and until the connection closes", async () => {
      await set({
        onRequest: ({ socket, target }) => {
          if (target === "/counted") socket.write(counted("abc"));
          if (target === "/chunked")
            socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
          if (target === "/close") socket.end("HTTP/1.1 200 OK\r\n\r\nabc");
          if (target === "/1.0") socket.end("HTTP/1.0 200 OK\r\n\r\nabc");
        },
      });
      const client = await stage.client();
      for (const [target, framing] of [
        ["/counted", "counted"],
        ["/chunked", "chunked"],
        ["/close", "chunked"],
        ["/1.0", "chunked"],
      ]) {
        const answer = await client.ask(`GET ${target} HTTP/1.1\r\n${HEAD}\r\n`);
        expect([answer.framing, answer.body.toString()]).toEqual([framing, "abc"]);
        expect(fieldOf(answer, "connection")).toBeUndefined();
      }
    });

    it("answers HEAD, 204 and 304 without a body and keeps what they say of the length", async () => {
      await set({
        onRequest: ({ socket, method, target }) => {
          if (method === "HEAD") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n");
          else if (target === "/204") socket.write("HTTP/1.1 204 No Content\r\n\r\n");
          else socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: "x"\r\n\r\n');
        },
      });
      const client = await stage.client();
      const head = await client.ask(`HEAD / HTTP/1.1\r\n${HEAD}\r\n`, "HEAD");
      expect([head.status, fieldOf(head, "content-length"), fieldOf(head, "transfer-encoding")]).toEqual([
        200,
        "123",
        undefined,
      ]);
      const none = await client.ask(`GET /204 HTTP/1.1\r\n${HEAD}\r\n`);
      expect([none.status, fieldOf(none, "content-length"), fieldOf(none, "transfer-encoding")]).toEqual([
        204,
        undefined,
        undefined,
      ]);
      const same = await client.ask(`GET /304 HTTP/1.1\r\n${HEAD}\r\n`);
      expect([same.status, fieldOf(same, "content-length"), fieldOf(same, "etag")]).toEqual([
        304,
        "77",
        '"x"',
      ]);
    });

    it("serves HTTP/1.0 clients: no chunks, the end of the connection is the end of the answer", async () => {
      await set({
        onRequest: ({ socket }) =>
          socket.write(
            "HTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
          ),
      });
      const client = await stage.client();
      const answer = await client.ask("GET / HTTP/1.0\r\n\r\n");
      expect([answer.framing, answer.body.toString()]).toEqual(["until-close", "abc"]);
      expect(fieldOf(answer, "trailer")).toBeUndefined();
      expect(await client.ended()).toBe("fin");
    });

    it.each(["GET /", "OPTIONS *"])(
      "%s of an HTTP/1.0 client without Host goes on with one (RFC 9112 3.2)",
      async (line) => {
        const { app } = await set({ onRequest: ({ socket }) => socket.write(counted("ok")) });
        const client = await stage.client();
        expect((await client.ask(`${line} HTTP/1.0\r\nX-A: 1\r\n\r\n`)).status).toBe(200);
        expect(fieldOf(app.requests[0]!, "host")).toBe(`127.0.0.1:${app.port}`);
      },
    );

    it("keeps an HTTP/1.0 connection that asks for it and gets a counted answer", async () => {
      await set({ onRequest: echo });
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        const answer = await client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        expect(fieldOf(answer, "connection")).toBe("keep-alive");
      }
    });

    it("passes trailers on in both directions", async () => {
      const { app } = await set({
        onRequest: ({ socket }) =>
          socket.write(
            "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\nSet-Cookie: evil=1\r\n\r\n",
          ),
      });
      const client = await stage.client();
      const answer = await client.ask(
        `POST / HTTP/1.1\r\n${HEAD}Trailer: X-Digest\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Digest: 7\r\nHost: evil\r\n\r\n`,
      );
      expect(answer.trailers).toEqual([["X-Sum", "42"]]);
      expect(app.requests[0]!.trailers).toEqual([["X-Digest", "7"]]);
      expect(app.requests[0]!.body.toString()).toBe("hi");
    });

    it("a Trailer field on an answer that cannot carry trailers is dropped, and the answer arrives", async () => {
      await set({ onRequest: ({ socket }) => socket.write(counted("abc", "200 OK", "Trailer: X-Sum")) });
      const client = await stage.client();
      const answer = await client.ask(`GET / HTTP/1.1\r\n${HEAD}\r\n`);
      expect([answer.body.toString(), fieldOf(answer, "trailer")]).toEqual(["abc", undefined]);
    });

    it("passes 103 on to HTTP/1.1 clients only, and 100 only to those who wait for it", async () => {
      await set({
        onRequest: ({ socket }) =>
          socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${counted("abc")}`),
      });
      const client = await stage.client();
      client.send(`GET / HTTP/1.1\r\n${HEAD}\r\n`);
      const hints = await client.next();
      expect([hints.status, fieldOf(hints, "link")]).toEqual([103, "</a.css>; rel=preload"]);
      expect((await client.next()).status).toBe(200);
      const old = await stage.client();
      old.send("GET / HTTP/1.0\r\n\r\n");
      expect((await old.next()).status).toBe(200);
    });

    it("Expect: 100-continue reaches the app, and the body comes after its 100", async () => {
      const order: string[] = [];
      await set({
        onHead: (head, socket) => {
          order.push(`head ${fieldOf(head, "expect")}`);
          socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        },
        onRequest: (request) => {
          order.push(`body ${request.body}`);
          request.socket.write(counted("done"));
        },
      });
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
      expect((await client.next()).status).toBe(100);
      client.send("abc");
      expect((await client.answer()).body.toString()).toBe("done");
      expect(order).toEqual(["head 100-continue", "body abc"]);
    });

    it("an app that refuses an expected body is heard, and the connection closes in order", async () => {
      await set({
        onHead: (_head, socket) =>
          socket.write("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"),
      });
      const client = await stage.client();
      const answer = await client.ask(
        `POST / HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`,
      );
      expect([answer.status, fieldOf(answer, "connection")]).toEqual([417, "close"]);
      expect(await client.ended()).toBe("fin");
      const [record] = await stage.ended(1);
      expect(record).toMatchObject({ ending: "answered", status: 417 });
    });

    it("an early answer during an upload reaches the client whole, and then its connection closes in order", async () => {
      let answered = false;
      await set({
        onConnection: (socket) =>
          socket.on("data", () => {
            if (answered) return;
            answered = true;
            socket.write(counted("too much", "413 Content Too Large"));
          }),
      });
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 100000000\r\n\r\n`);
      const block = Buffer.alloc(64 * 1024, 1);
      const pump = () => {
        while (!client.socket.destroyed && client.socket.writable && client.socket.write(block));
      };
      client.socket.on("drain", pump);
      pump();
      const answer = await client.answer();
      expect([answer.status, answer.body.toString(), fieldOf(answer, "connection")]).toEqual([
        413,
        "too much",
        "close",
      ]);
      await client.ended();
      const [record] = await stage.ended(1);
      expect(record).toMatchObject({ ending: "answered", status: 413 });
    });

    it("an early answer outlives an upload that goes on: the client that reads late still gets it", async () => {
      await set({
        onHead: (_head, socket) => socket.write(counted("too much", "413 Content Too Large")),
      });
      const client = await stage.client();
      client.socket.pause();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 100000000\r\n\r\nfirst`);
      await stage.ended(1);
      // A connection closed with unread bytes in it is reset, and the reset destroys what the client has not read yet.
      for (let i = 0; i < 20; i++) {
        client.send(Buffer.alloc(16 * 1024));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      client.socket.resume();
      expect((await client.answer()).body.toString()).toBe("too much");
    });

    it("8 MiB go through whole in both directions", async () => {
      const hash = (data: Buffer) => createHash("sha256").update(data).digest("hex");
      const down = randomBytes(8 * 1024 * 1024);
      await set({
        onRequest: ({ socket, body }) => {
          socket.write(`HTTP/1.1 200 OK\r\nX-Hash: ${hash(body)}\r\nContent-Length: ${down.length}\r\n\r\n`);
          socket.write(down);
        },
      });
      const up = randomBytes(8 * 1024 * 1024);
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: ${up.length}\r\n\r\n`);
      client.send(up);
      const answer = await client.answer();
      expect(fieldOf(answer, "x-hash")).toBe(hash(up));
      expect(hash(answer.body)).toBe(hash(down));
    });

    it("a client that does not read holds the app back, and little is kept", async () => {
      let sent = 0;
      let stalled: () => void = () => {};
      const quiet = new Promise<void>((resolve) => {
        stalled = resolve;
      });
      const total = 256 * 1024 * 1024;
      await set({
        onRequest: ({ socket }) => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
          const block = Buffer.alloc(64 * 1024);
          const pump = () => {
            while (sent < total) {
              sent += block.length;
              if (!socket.write(block)) break;
            }
            clearTimeout(idle);
            idle = setTimeout(stalled, 300);
          };
          let idle = setTimeout(stalled, 300);
          socket.on("drain", pump);
          pump();
        },
      });
      const client = await stage.client();
      client.socket.pause();
      client.send(`GET / HTTP/1.1\r\n${HEAD}\r\n`);
      await quiet;
      // Kernel buffers of four sockets and ours; far from the 256 MiB that an unbounded proxy would take.
      expect(sent).toBeLessThan(48 * 1024 * 1024);
    });

    it("an app that does not read holds the client back, and little is kept", async () => {
      await set({ onConnection: (socket) => socket.pause() });
      const client = await stage.client();
      client.send(`PUT / HTTP/1.1\r\n${HEAD}Content-Length: 268435456\r\n\r\n`);
      const block = Buffer.alloc(64 * 1024);
      let sent = 0;
      await new Promise<void>((resolve) => {
        let idle = setTimeout(resolve, 300);
        const pump = () => {
          while (sent < 268_435_456) {
            sent += block.length;
            if (!client.socket.write(block)) break;
          }
          clearTimeout(idle);
          idle = setTimeout(resolve, 300);
        };
        client.socket.on("drain", pump);
        pump();
      });
      expect(sent).toBeLessThan(48 * 1024 * 1024);
    });

    it("a client that closes its side after its request still gets its answer", async () => {
      let answer: () => void = () => {};
      const { app } = await set({
        onRequest: ({ socket }) => {
          answer = () => socket.write(counted("late"));
        },
      });
      const client = await stage.client();
      client.socket.end(`GET / HTTP/1.1\r\n${HEAD}\r\n`);
      await app.until(() => app.requests.length === 1);
      // The interim answer shows that the engine has noticed the FIN.
      await client.until("HTTP/1.1 100");
      answer();
      expect((await client.answer()).body.toString()).toBe("late");
      expect(await client.ended()).toBe("fin");
    });

    it.each(["destroy", "resetAndDestroy"] as const)(
      "a client that leaves (%s) is noticed, and the app is told at once",
      async (how) => {
        const { app } = await set({ onRequest() {} });
        const client = await stage.client();
        client.send(`GET / HTTP/1.1\r\n${HEAD}\r\n`);
        await app.until(() => app.requests.length === 1);
        client.socket[how]();
        const [record] = await stage.ended(1);
        expect(record).toMatchObject({
          ending: "client_aborted",
          code: "CLIENT_LEFT",
          status: 499,
          written: true,
        });
        await app.until(() => app.sockets.size === 0);
      },
    );

    it("a client that leaves in the middle of its upload takes the app's request with it", async () => {
      const { app } = await set({ onHead() {} });
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 1000\r\n\r\nabc`);
      await app.until(() => app.connections === 1);
      client.socket.destroy();
      const [record] = await stage.ended(1);
      expect(record).toMatchObject({ ending: "client_aborted", code: "CLIENT_LEFT" });
      await app.until(() => app.sockets.size === 0);
    });

    it("sends the head of an answer whose body is still to come", async () => {
      let go: () => void = () => {};
      await set({
        onRequest: ({ socket }) => {
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
          go = () => socket.write("abc");
        },
      });
      const client = await stage.client();
      client.send(`GET / HTTP/1.1\r\n${HEAD}\r\n`);
      await client.until("\r\n\r\n");
      go();
      expect((await client.answer()).body.toString()).toBe("abc");
    });

    it("OPTIONS * and absolute targets reach the app as an origin server gets them", async () => {
      const { app } = await set({ onRequest: echo });
      const client = await stage.client();
      await client.ask(`OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`);
      await client.ask(`GET http://shop.example/x?y HTTP/1.1\r\n${HEAD}\r\n`);
      expect(app.requests.map((request) => request.line)).toEqual([
        "OPTIONS * HTTP/1.1",
        "GET /x?y HTTP/1.1",
      ]);
    });

    it("the app's Connection: close is not the client's, and the client's is not the app's", async () => {
      const { app } = await set({
        onRequest: ({ socket, target }) =>
          target === "/a"
            ? socket.end(counted("a", "200 OK", "Connection: close"))
            : socket.write(counted("b")),
      });
      const client = await stage.client();
      expect(fieldOf(await client.ask(`GET /a HTTP/1.1\r\n${HEAD}\r\n`), "connection")).toBeUndefined();
      const last = await client.ask(`GET /b HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
      expect(fieldOf(last, "connection")).toBe("close");
      expect(await client.ended()).toBe("fin");
      expect(fieldOf(app.requests[1]!, "connection")).not.toBe("close");
    });
  });
}
