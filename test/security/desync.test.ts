// What a client sends behind a request is a request of its own, or is told that it was not read: it is never lost, never cut, and
// never piled up without bound.

import { afterEach, describe, expect, it } from "vitest";
import { fieldOf } from "../../src/proxy/engine-suite/message-reader.ts";
import { type AppBehaviour, counted } from "../../src/proxy/engine-suite/raw-app.ts";
import { type Stage, type StageOptions, setStage } from "../../src/proxy/engine-suite/stage.ts";
import { ENGINES } from "./engines.ts";

const get = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n";
const echo: AppBehaviour = { onRequest: ({ socket, target }) => socket.write(counted(target)) };

for (const { name, create } of ENGINES) {
  describe(`${name} engine`, () => {
    let stage: Stage;
    afterEach(() => stage.stop());
    const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
      stage = await setStage(create, behaviour, options);
      return stage;
    };

    describe("behind an upgrade that is declined", () => {
      it.each([
        ["without a body", "\r\n"],
        ["with a counted body", "Content-Length: 5\r\n\r\nhello"],
        ["with a chunked body", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
      ])(
        "RFC 9110 7.8: a request %s: what is pipelined is answered, or the client told that it was not read",
        async (_how, rest) => {
          await set(echo);
          const client = await stage.client();
          client.send(`GET /a HTTP/1.1\r\nHost: x\r\n${H2C}${rest}${get("/b")}${get("/c")}`);
          const first = await client.answer();
          expect(first.body.toString()).toBe("/a");
          if (fieldOf(first, "connection") === "close") {
            await client.ended();
            expect(stage.app.requests.map(({ target }) => target)).toEqual(["/a"]);
            return;
          }
          expect((await client.answer()).body.toString()).toBe("/b");
          expect((await client.answer()).body.toString()).toBe("/c");
        },
      );

      it("RFC 9110 7.8: a request that is half there is not cut: its body is never a request", async () => {
        await set(echo);
        const client = await stage.client();
        client.send(
          `${get("/a", H2C)}POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: ${get("/smuggled").length}\r\n\r\n`,
        );
        expect((await client.answer()).body.toString()).toBe("/a");
        client.send(get("/smuggled"));
        await Promise.race([client.answer().catch(() => undefined), client.ended()]);
        expect(stage.app.requests.some(({ target }) => target === "/smuggled")).toBe(false);
      });

      it("a client that asks for h2c each time keeps its connection", async () => {
        await set(echo);
        const client = await stage.client();
        for (let i = 0; i < 3; i++) {
          const answer = await client.ask(get(`/${i}`, H2C));
          expect([answer.body.toString(), fieldOf(answer, "connection")]).toEqual([`/${i}`, undefined]);
        }
        const post = `POST /p HTTP/1.1\r\nHost: x\r\n${H2C}Content-Length: 5\r\n\r\nhello`;
        expect(fieldOf(await client.ask(post), "connection")).toBeUndefined();
        expect((await client.ask(get("/last"))).body.toString()).toBe("/last");
      });
    });

    it.each([
      ["at once", "", 0],
      ["before its body", "", 20],
      ["before its body, and the body was expected", "Expect: 100-continue\r\n", 20],
    ])(
      "RFC 9110 5.5: obs-text in a value arrives byte by byte when the head goes out %s",
      async (_when, expect100, pauseMs) => {
        const value = "caf\xe9 \xc3\xa9 \xff\x80";
        await set({
          onHead: (head, socket) => {
            if (fieldOf(head, "expect")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
          },
          onRequest: ({ socket }) => {
            const answer = counted("ok", "200 OK", `X-Value: ${value}`);
            const at = pauseMs === 0 ? answer.length : answer.length - 2;
            socket.write(Buffer.from(answer.slice(0, at), "latin1"));
            setTimeout(() => socket.write(answer.slice(at)), pauseMs);
          },
        });
        const client = await stage.client();
        client.send(
          `POST /a HTTP/1.1\r\nHost: x\r\nX-Value: ${value}\r\n${expect100}Content-Length: 2\r\n\r\n`,
        );
        setTimeout(() => client.send("hi"), pauseMs);
        expect(fieldOf(await client.answer(), "x-value")).toBe(value);
        expect(fieldOf(stage.app.requests[0]!, "x-value")).toBe(value);
      },
    );

    it("RFC 9110 5.5: whitespace behind an answer's value is not part of it", async () => {
      await set({
        onRequest: ({ socket }) =>
          socket.write("HTTP/1.1 200 OK\r\nX-A: b \t \r\nContent-Length: 2 \r\n\r\nok"),
      });
      const client = await stage.client();
      const answer = await client.ask(get("/"));
      expect([answer.body.toString(), fieldOf(answer, "x-a")]).toEqual(["ok", "b"]);
    });

    it("a client that leaves an answer unread does not cut the next request on that connection to the app", async () => {
      let release: () => void = () => {};
      await set({
        onRequest: ({ socket, target }) => {
          if (target === "/slow") release = () => socket.write(counted("slow"));
          else socket.write(counted("x".repeat(60_000)));
        },
      });
      const leaving = await stage.client();
      leaving.socket.pause();
      leaving.send(get("/unread").repeat(1000));
      // Until the client's buffers are full: an answer is whole then, and its connection to the app free, but it is not taken.
      for (let before = -1; before !== stage.app.requests.length || before === 0; ) {
        before = stage.app.requests.length;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const client = await stage.client();
      client.send(get("/slow"));
      await stage.app.until(() => stage.app.requests.at(-1)?.target === "/slow");
      leaving.socket.resetAndDestroy();
      while (!stage.records.some(({ ending }) => ending === "client_aborted"))
        await new Promise((resolve) => setImmediate(resolve));
      release();
      expect((await client.answer()).body.toString()).toBe("slow");
      expect(stage.app.requests.filter(({ target }) => target === "/slow").length).toBe(1);
    });

    it("RFC 9112 9.6: what stands behind Connection: close is neither executed nor answered", async () => {
      await set(echo);
      for (const behind of [get("/b"), "garbage\r\n\r\n"]) {
        const client = await stage.client();
        client.send(get("/a", "Connection: close\r\n") + behind);
        expect((await client.answer()).body.toString()).toBe("/a");
        expect([await client.ended(), client.rest]).toEqual(["fin", ""]);
      }
      expect(stage.app.requests.map(({ target }) => target)).toEqual(["/a", "/a"]);
    });

    it.each(["Expect: 100-continue\r\n", ""])(
      "RFC 9112 9.2: what an app sends behind its answer does not spoil it (%j)",
      async (fields) => {
        await set({
          onHead: (head, socket) => {
            if (fieldOf(head, "expect")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
          },
          onRequest: ({ socket }) => socket.write(`${counted("whole")}\xff\x00`),
        });
        const client = await stage.client();
        for (let i = 0; i < 3; i++) {
          client.send(`POST /a HTTP/1.1\r\nHost: x\r\n${fields}Content-Length: 2\r\n\r\nhi`);
          expect((await client.answer()).body.toString()).toBe("whole");
        }
        expect(await stage.ended(3)).toMatchObject([
          { ending: "answered" },
          { ending: "answered" },
          { ending: "answered" },
        ]);
      },
    );

    it.each(["CHUNKED", "Chunked", "\tchunked "])(
      "RFC 9112 7: a coding (%j) goes on in the one spelling that everybody reads, in both directions",
      async (coding) => {
        const body = `Transfer-Encoding:${coding}\r\n\r\n2\r\nhi\r\n0\r\n\r\n`;
        await set({ onRequest: ({ socket }) => socket.write(`HTTP/1.1 200 OK\r\n${body}`) });
        const client = await stage.client();
        const answer = await client.ask(`POST /a HTTP/1.1\r\nHost: x\r\n${body}`);
        expect([answer.body.toString(), fieldOf(answer, "transfer-encoding")]).toEqual(["hi", "chunked"]);
        const [seen] = stage.app.requests;
        expect([seen?.body.toString(), seen && fieldOf(seen, "transfer-encoding")]).toEqual([
          "hi",
          "chunked",
        ]);
      },
    );

    it.each([
      ["two uploads", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"],
      [
        "chunks and an upload",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      ],
    ])("RFC 9112 9.6: %s and FIN, all in one, are answered", async (_what, first) => {
      await set(echo);
      const client = await stage.client();
      client.socket.end(`${first}POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`);
      expect((await client.answer()).body.toString()).toBe("/a");
      expect((await client.answer()).body.toString()).toBe("/b");
      expect(await client.ended()).toBe("fin");
    });

    it("RFC 9110 9.3.2: a refusal of HEAD has no body", async () => {
      await set(echo);
      const client = await stage.client();
      client.send("HEAD /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
      expect((await client.answer("HEAD")).status).toBe(400);
      expect([await client.ended(), client.rest]).toEqual(["fin", ""]);
    });

    it("a malformed request behind one in flight is refused and counted, though its client has sent FIN", async () => {
      await set({ onRequest: ({ socket }) => socket.end("HTTP/1.1 200 OK\r\n\r\nto the end") });
      const client = await stage.client();
      const all = `POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.2\r\nHost: x\r\nX-A: b\r\n\r\n`;
      for (const [from, to] of [
        [0, 40],
        [40, 60],
        [60, 80],
        [80, all.length],
      ]) {
        client.send(all.slice(from, to));
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.socket.end();
      expect((await client.answer()).body.toString()).toBe("to the end");
      expect([400, 505]).toContain((await client.answer()).status);
      expect(await client.ended()).toBe("fin");
      expect((await stage.ended(2)).map(({ ending }) => ending)).toEqual(["answered", "refused"]);
    });

    it("RFC 9112 9.3: what is pipelined behind an HTTP/1.0 answer that ends with its connection ends, too, though what is no request follows", async () => {
      await set({ onRequest: ({ socket }) => socket.end("HTTP/1.1 200 OK\r\n\r\nto the end") });
      const client = await stage.client();
      const kept = "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
      const next = (target: string) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
      client.send(`${kept}${next("/2")}${next("/3")}no request\r`);
      client.socket.end();
      expect(await client.ended()).toBe("fin");
      expect(client.rest.endsWith("to the end")).toBe(true);
      const ends = (await stage.ended(3)).map(({ ending }) => ending);
      expect(ends.toSorted()).toEqual(["answered", "client_aborted", "client_aborted"]);
      expect(stage.tickets.account().inFlight).toBe(0);
    });

    it("RFC 9112 9.3.2: who pipelines without end and reads nothing costs a bounded number of requests, and is cut", async () => {
      // So large that the buffers of the kernel are soon full.
      await set(
        { onRequest: ({ socket }) => socket.write(counted("x".repeat(30_000))) },
        { limits: { clientIdleMs: 500 } },
      );
      const client = await stage.client();
      client.socket.pause();
      const block = get("/x").repeat(2000);
      let most = 0;
      while (!client.end && client.socket.writable && stage.records.length < 200_000) {
        if (client.socket.writableLength < 500_000) client.send(block);
        most = Math.max(most, stage.tickets.account().inFlight);
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (stage.tickets.account().accepted > 0 && stage.tickets.account().inFlight === 0) break;
      }
      client.close();
      // Two reads of 64 KiB, full of the smallest requests.
      expect(most).toBeLessThan(10_000);
      expect(stage.tickets.account().accepted).toBe(stage.records.length + stage.tickets.account().inFlight);
    });
  });
}
