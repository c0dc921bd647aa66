// What a hostile or broken app may try: answers that split in two, answers that nobody asked for, answers without end. A
// client must never get what was meant for another, and never more than one answer to one request.

import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { fieldOf } from "../../src/proxy/engine-suite/message-reader.ts";
import { type AppBehaviour, counted } from "../../src/proxy/engine-suite/raw-app.ts";
import { type Stage, type StageOptions, setStage } from "../../src/proxy/engine-suite/stage.ts";
import { BROKEN_BODIES, BROKEN_HEADS, HARMLESS, STANDARD_FORGIVES } from "./answer-corpus.ts";
import { ENGINES } from "./engines.ts";

const ask = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const POST = "POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
const EVIL = counted("evil", "200 OK", "Set-Cookie: evil=1");

for (const { name, create } of ENGINES) {
  describe(`${name} engine`, () => {
    let stage: Stage;
    afterEach(() => stage.stop());
    const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
      stage = await setStage(create, behaviour, options);
      return stage;
    };
    /** Another client is served, with what is its own. */
    async function othersAreServed(): Promise<void> {
      stage.app.behaviour = { onRequest: ({ socket, target }) => socket.write(counted(target)) };
      for (let i = 0; i < 3; i++) {
        const victim = await stage.client();
        expect((await victim.ask(ask(`/victim/${i}`))).body.toString()).toBe(`/victim/${i}`);
      }
      expect(stage.tickets.account().inFlight).toBe(0);
    }

    describe("answer splitting", () => {
      it.each(BROKEN_HEADS)("%s: %s is answered with 502", async (_reference, what, bytes) => {
        await set({ onRequest: ({ socket }) => socket.write(Buffer.from(bytes, "latin1")) });
        const client = await stage.client();
        const answer = await client.ask(POST);
        if (name === "standard" && STANDARD_FORGIVES.has(what)) {
          expect([answer.line.slice(0, 12), answer.body.length]).toEqual(["HTTP/1.1 200", 0]);
          expect(answer.line).not.toContain("\0");
        } else expect([answer.status, fieldOf(answer, "sluice-error")]).toEqual([502, "APP_MALFORMED"]);
        expect(fieldOf(answer, "set-cookie")).toBeUndefined();
        await othersAreServed();
        expect(client.rest).toBe("");
      });

      it.each(BROKEN_BODIES)("%s: %s is cut, never ended", async (_reference, _what, bytes) => {
        await set({ onRequest: ({ socket }) => socket.write(Buffer.from(bytes, "latin1")) });
        const client = await stage.client();
        client.send(POST);
        // Whether the fault is seen before the head is sent on is a matter of packets.
        const answer = await client.answer().catch(() => undefined);
        if (answer) expect(fieldOf(answer, "sluice-error")).toBe("APP_MALFORMED");
        else expect(client.rest.endsWith("0\r\n\r\n"), client.rest).toBe(false);
        expect(await stage.ended(1)).toMatchObject([{ ending: "failed" }]);
        await othersAreServed();
      });

      it.each(HARMLESS)("%s: %s is one answer", async (_reference, _what, bytes, body) => {
        await set({ onRequest: ({ socket }) => socket.write(Buffer.from(bytes, "latin1")) });
        const client = await stage.client();
        expect((await client.ask(POST)).body.toString()).toBe(body);
        await othersAreServed();
        expect(client.rest).toBe("");
      });

      it.each([204, 304])(
        "RFC 9112 6.3, 1: what follows a %i is not its body and no answer",
        async (status) => {
          await set({
            onRequest: ({ socket }) =>
              socket.write(`HTTP/1.1 ${status} Odd\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`),
          });
          const client = await stage.client();
          client.send(POST);
          expect([status, 502]).toContain((await client.answer()).status);
          await othersAreServed();
          expect(client.rest).toBe("");
        },
      );
    });

    describe("unasked answers", () => {
      it.each([
        ["a whole answer", EVIL],
        ["one byte", "H"],
        ["a 408 that says goodbye", counted("", "408 Request Timeout", "Connection: close")],
        ["an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: </evil>\r\n\r\n"],
      ])("RFC 9112 9.2: %s on an idle connection is for nobody", async (_what, bytes) => {
        const sockets = new Set<Socket>();
        await set({
          onRequest: ({ socket, target }) => {
            sockets.add(socket);
            socket.write(counted(target));
          },
        });
        const client = await stage.client();
        for (let i = 0; i < 3; i++) {
          expect((await client.ask(ask(`/${i}`))).body.toString()).toBe(`/${i}`);
          const spoilt = [...sockets];
          for (const socket of spoilt) socket.write(bytes);
          // Such a connection is given up as soon as it is seen: nothing it says can be trusted.
          await stage.app.until(() => spoilt.every((socket) => !stage.app.sockets.has(socket)));
          sockets.clear();
        }
        await othersAreServed();
      });

      it("RFC 9112 9.2: an answer that comes before its request does not shift the answers of others", async () => {
        await set({
          onConnection: (socket) => socket.write(counted("greeting")),
          onRequest: ({ socket, target }) => socket.write(counted(target)),
        });
        for (let i = 0; i < 10; i++) {
          const client = await stage.client();
          const answer = await client.ask(ask(`/${i}`));
          // A greeting that comes while its first request is sent cannot be told from a hasty answer; no other may be got.
          if (answer.status === 200) expect(["greeting", `/${i}`]).toContain(answer.body.toString());
          else expect(answer.status).toBe(502);
        }
      });

      it("RFC 9112 9.3.2: two answers to one request leave nothing for the next, of whichever client", async () => {
        await set({ onRequest: ({ socket, target }) => socket.write(counted(target) + EVIL) });
        const clients = await Promise.all(Array.from({ length: 8 }, () => stage.client()));
        for (let round = 0; round < 5; round++) {
          await Promise.all(
            clients.map(async (client, i) => {
              const answer = await client.ask(ask(`/${round}/${i}`));
              expect(answer.body.toString()).toBe(`/${round}/${i}`);
            }),
          );
        }
      });

      it("CVE-2022-22720: an app that answers an upload early gets none of its rest as a request", async () => {
        await set({
          onHead: ({ line }, socket) => {
            if (line.startsWith("POST")) socket.write(counted("early", "404 Not Found"));
          },
          onRequest: ({ socket, method, target }) => {
            if (method === "GET") socket.write(counted(target));
          },
        });
        const inside = ask("/smuggled");
        const client = await stage.client();
        client.send(
          `POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: ${10 + inside.length}\r\n\r\n0123456789`,
        );
        expect((await client.answer()).status).toBe(404);
        client.send(inside);
        const victim = await stage.client();
        for (let i = 0; i < 5; i++)
          expect((await victim.ask(ask(`/victim/${i}`))).body.toString()).toBe(`/victim/${i}`);
        expect(stage.app.requests.some(({ target }) => target === "/smuggled")).toBe(false);
      });
    });

    describe("floods from the app", () => {
      /** Writes for as long as there is somebody to write to. */
      function pour(socket: Socket, head: string, more: string): void {
        const block = Buffer.from(more.repeat(Math.ceil(16_384 / more.length)), "latin1");
        const pump = () => {
          while (socket.writable && socket.write(block));
        };
        socket.on("drain", pump);
        socket.write(Buffer.from(head, "latin1"));
        pump();
      }

      it.each([
        ["a head of fields that never ends", "HTTP/1.1 200 OK\r\n", "X-Flood: yyyyyyyyyyyyyyyyyyyy\r\n"],
        ["a value that never ends", "HTTP/1.1 200 OK\r\nX: ", "yyyyyyyyyyyyyyyy"],
        ["a status line that never ends", "HTTP/1.1 200 ", "OKOKOKOKOKOKOKOK"],
      ])("RFC 9112 3: %s is answered with 502", async (_what, head, more) => {
        await set(
          { onRequest: ({ socket }) => pour(socket, head, more) },
          { limits: { responseTimeoutMs: 500 } },
        );
        const client = await stage.client();
        const answer = await client.ask(POST);
        // node's parser keeps nothing of a status line, so there the end of the wait is the limit.
        const codes = name === "standard" ? ["APP_MALFORMED", "APP_TIMEOUT"] : ["APP_MALFORMED"];
        expect(codes).toContain(fieldOf(answer, "sluice-error"));
        await stage.app.until(() => stage.app.sockets.size === 0);
        await othersAreServed();
      });

      it.each([
        ["trailers that never end", "5\r\nhello\r\n0\r\n", "X-Flood: yyyyyyyyyyyyyyyyyyyy\r\n"],
        ["a chunk extension that never ends", "5;", "xxxxxxxxxxxxxxxx"],
      ])("RFC 9112 7.1: %s cut the answer", async (_what, body, more) => {
        const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        await set({ onRequest: ({ socket }) => pour(socket, head + body, more) });
        const client = await stage.client();
        client.send(POST);
        // Whether the limit is passed before the head is sent on is a matter of packets; a 502 leaves the connection.
        const answer = await client.answer().catch(() => undefined);
        if (answer) expect(fieldOf(answer, "sluice-error")).toBe("APP_MALFORMED");
        else await client.ended();
        await stage.app.until(() => stage.app.sockets.size === 0);
        await othersAreServed();
      });

      it("RFC 9110 15.2: interim answers without end, to a client that reads none, are cut", async () => {
        await set(
          {
            onRequest: ({ socket }) => pour(socket, "", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"),
          },
          { limits: { clientIdleMs: 500 } },
        );
        const client = await stage.client();
        client.socket.pause();
        client.send(POST);
        const [record] = await stage.ended(1);
        expect(record).toMatchObject({ ending: "failed" });
        client.close();
        await stage.app.until(() => stage.app.sockets.size === 0);
      });
    });

    describe("upgrades", () => {
      const UPGRADE =
        "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

      it("RFC 9110 7.8: bytes sent before the 101 do not reach the app before it", async () => {
        let got = "";
        let agree: () => void = () => {};
        await set({
          onHead: (_head, socket) => {
            socket.on("data", (chunk: Buffer) => {
              got += chunk.toString("latin1");
            });
            agree = () =>
              socket.write(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
              );
          },
        });
        const client = await stage.client();
        client.send(UPGRADE + ask("/smuggled"));
        await stage.app.until(() => stage.app.connections === 1);
        while (stage.tickets.account().inFlight < 1) await new Promise((resolve) => setImmediate(resolve));
        await pause(50);
        expect(got).not.toContain("/smuggled");
        expect(stage.app.requests.map(({ target }) => target)).toEqual(["/chat"]);
        agree();
        await client.until("101");
        client.close();
      });

      it.each([
        ["200", counted("no", "200 OK")],
        ["426", counted("no", "426 Upgrade Required", "Upgrade: websocket", "Connection: Upgrade")],
        ["400", counted("no", "400 Bad Request")],
      ])(
        "WebSocket smuggling: an app that answers %s instead gets no byte of a tunnel",
        async (_status, refusal) => {
          let got = "";
          await set({
            onConnection: (socket) => socket.on("data", (chunk: Buffer) => (got += chunk.toString("latin1"))),
            onRequest: ({ socket, target }) => socket.write(target === "/chat" ? refusal : counted(target)),
          });
          const client = await stage.client();
          client.send(UPGRADE);
          await client.answer();
          // To a proxy that believes in a tunnel this goes straight to the app, past every rule.
          client.send("GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
          await Promise.race([client.ended(), client.answer().catch(() => undefined)]);
          expect(got).not.toContain("6.6.6.6");
          await othersAreServed();
        },
      );

      it("WebSocket smuggling: a 101 to a request that asked for no upgrade opens no tunnel", async () => {
        let got = "";
        await set({
          onConnection: (socket) => socket.on("data", (chunk: Buffer) => (got += chunk.toString("latin1"))),
          onHead: (_head, socket) =>
            socket.write(
              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            ),
        });
        const client = await stage.client();
        expect((await client.ask(POST)).status).toBe(502);
        client.send("GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
        await Promise.race([client.ended(), client.answer().catch(() => undefined)]);
        expect(got).not.toContain("6.6.6.6");
      });
    });

    describe("fields that would change the next hop", () => {
      it("RFC 9110 6.5.1: trailers that route, authenticate or change the connection go no further, in either direction", async () => {
        const trailers =
          "Connection: close\r\nUpgrade: x\r\nHost: evil\r\nAuthorization: evil\r\nContent_Length: 5\r\nX-Ok: 1\r\n";
        const chunked = `Trailer: X-Ok\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`;
        await set({ onRequest: ({ socket }) => socket.write(`HTTP/1.1 200 OK\r\n${chunked}`) });
        const client = await stage.client();
        const answer = await client.ask(`POST / HTTP/1.1\r\nHost: x\r\n${chunked}`);
        expect(answer.trailers).toEqual([["X-Ok", "1"]]);
        expect(stage.app.requests[0]?.trailers).toEqual([["X-Ok", "1"]]);
      });

      it.each(["Content-Length: 50", "Transfer-Encoding: chunked"])(
        "RFC 9110 6.5.1: a request's trailer that frames (%s) is dropped, or its request refused",
        async (trailer) => {
          await set({ onRequest: ({ socket, target }) => socket.write(counted(target)) });
          const client = await stage.client();
          client.send(
            `POST /a HTTP/1.1\r\nHost: x\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailer}\r\n\r\n${ask("/b")}`,
          );
          const answer = await client.answer();
          if (answer.status === 200) expect((await client.answer()).body.toString()).toBe("/b");
          else expect([answer.status, await client.ended()]).toEqual([400, "fin"]);
          for (const seen of stage.app.requests) expect(seen.trailers).toEqual([]);
          await othersAreServed();
        },
      );

      it("RFC 9112 7.1.2: announced trailers beyond the fields of a head do not reach the app", async () => {
        await set({ onRequest: ({ socket, body }) => socket.write(counted(`${body}`)) });
        const client = await stage.client();
        const answer = await client.ask(
          `POST / HTTP/1.1\r\nHost: x\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${"X: y\r\n".repeat(1000)}\r\n`,
        );
        expect([200, 400, 431]).toContain(answer.status);
        for (const { trailers } of stage.app.requests) expect(trailers.length).toBeLessThanOrEqual(100);
      });

      it("CVE-2022-31813: Connection takes away nothing that a proxy or the framing has said", async () => {
        await set({ onRequest: ({ socket }) => socket.write(counted("ok")) });
        const client = await stage.client();
        const names =
          "X-Forwarded-For, X-Forwarded-Host, X-Request-Id, Authorization, Cookie, Host, Content-Type";
        await client.ask(
          `POST / HTTP/1.1\r\nHost: x\r\nConnection: ${names}, X-Gone\r\nX-Gone: 1\r\nX-Request-Id: mine\r\nAuthorization: a\r\nCookie: b\r\nContent-Type: c\r\nContent-Length: 2\r\n\r\nhi`,
        );
        const seen = stage.app.requests[0]!;
        for (const field of names.split(", ")) expect(fieldOf(seen, field), field).toBeDefined();
        expect([fieldOf(seen, "x-gone"), seen.body.toString()]).toEqual([undefined, "hi"]);
      });

      it("RFC 9110 7.6.1: the app's Connection takes away nothing that frames its answer", async () => {
        await set({
          onRequest: ({ socket }) =>
            socket.write(
              counted("abc", "200 OK", "Connection: Content-Length, Set-Cookie", "Set-Cookie: a=b"),
            ),
        });
        const client = await stage.client();
        const answer = await client.ask(ask("/"));
        expect([answer.body.toString(), fieldOf(answer, "set-cookie")]).toEqual(["abc", "a=b"]);
      });
    });
  });
}
