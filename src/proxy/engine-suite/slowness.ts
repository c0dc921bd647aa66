// Promises about what takes long: slow clients lose nothing, wait for nobody in vain, and are not taken for something else.

import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type AppBehaviour, counted } from "./raw-app.ts";
import { type CreateEngine, type Stage, type StageOptions, setStage } from "./stage.ts";

const HEAD = "Host: x\r\n";

export function slownessSuite(create: CreateEngine): void {
  describe("slowness", () => {
    let stage: Stage;
    const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
      stage = await setStage(create, behaviour, options);
      return stage;
    };
    afterEach(() => stage.stop());

    it.each([
      ["large and small", [30_000, 700, 300, 12_000]],
      ["larger than a packet", [40_000, 100]],
      ["small", [100, 5_000]],
    ])(
      "an HTTP/1.0 client that reads slowly gets the whole of an answer in chunks, %s",
      async (_what, sizes) => {
        const chunks: Buffer[] = [];
        let total = 0;
        for (let i = 0; total < 8_000_000; i++) {
          const size = sizes[i % sizes.length]!;
          total += size;
          chunks.push(
            Buffer.from(`${size.toString(16)}\r\n`),
            Buffer.alloc(size, 97 + (i % 26)),
            Buffer.from("\r\n"),
          );
        }
        const answer = Buffer.concat([
          Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
          ...chunks,
          Buffer.from("0\r\n\r\n"),
        ]);
        await set({ onRequest: ({ socket }) => socket.write(answer) });
        const { socket } = await stage.client();
        socket.removeAllListeners("data");
        let got = 0;
        const end = new Promise((resolve) => socket.once("end", resolve));
        socket.on("data", (part: Buffer) => {
          got += part.length;
          socket.pause();
          setImmediate(() => socket.resume());
        });
        socket.write(`GET / HTTP/1.0\r\n${HEAD}\r\n`);
        await end;
        expect(got).toBeGreaterThan(total);
        expect(await stage.ended(1)).toMatchObject([{ ending: "answered" }]);
      },
    );

    it("the app's time for its answer counts from the last byte of the request", async () => {
      await set(
        {
          onRequest: async ({ socket }) => {
            await pause(400);
            socket.write(counted("done"));
          },
        },
        { limits: { responseTimeoutMs: 600, bodyTimeoutMs: 5_000 } },
      );
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 6\r\n\r\nabc`);
      await pause(400);
      client.send("def");
      expect((await client.answer()).status).toBe(200);
    });

    it("a client that had stopped its upload for an early answer had that cut in the middle", async () => {
      let early: Socket | undefined;
      await set(
        {
          onHead: ({ line }, socket) => {
            if (!line.includes("/early")) return;
            early = socket;
            socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo ");
          },
        },
        { limits: { bodyTimeoutMs: 200 } },
      );
      const upload = async (target: string) => {
        const client = await stage.client();
        client.send(`POST ${target} HTTP/1.1\r\n${HEAD}Content-Length: 300000\r\n\r\nabc`);
        return client;
      };
      const client = await upload("/early");
      await client.until("too ");
      // Its silence began later, and has lasted too long.
      expect((await (await upload("/stalls")).answer()).status).toBe(408);
      early?.write("large");
      expect((await client.answer()).body.toString()).toBe("too large");
      const records = await stage.ended(2);
      expect(records.find(({ target }) => target === "/early")).toMatchObject({
        ending: "answered",
        status: 413,
      });
    });

    it("an answer that falls silent is cut, although its request is not whole either", async () => {
      await set(
        { onHead: (_head, socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") },
        { limits: { responseTimeoutMs: 200 } },
      );
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 300000\r\n\r\nabc`);
      await client.ended();
      expect(client.rest).toContain("half");
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed", code: "APP_TIMEOUT" }]);
    });

    it("a head larger than a read is read on", async () => {
      await set(
        { onRequest: ({ socket }) => socket.write(counted("ok")) },
        { limits: { maxHeadBytes: 256 * 1024 } },
      );
      const client = await stage.client();
      const lines = Array.from({ length: 20 }, (_, i) => `X-${i}: ${"v".repeat(5_000)}\r\n`).join("");
      expect((await client.ask(`GET / HTTP/1.1\r\n${HEAD}${lines}\r\n`)).status).toBe(200);
    });

    it("RFC 9112 2.2: an empty line before a request may come in two packets", async () => {
      await set({ onRequest: ({ socket, target }) => socket.write(counted(target)) });
      const client = await stage.client();
      await client.ask(`POST /a HTTP/1.1\r\n${HEAD}Content-Length: 1\r\n\r\na\r`);
      client.send(`\nGET /b HTTP/1.1\r\n${HEAD}\r\n`);
      expect((await client.answer()).body.toString()).toBe("/b");
    });

    it("RFC 9112 8: what is missing of an answer that the end of the connection ends is told by a reset", async () => {
      await set({
        onRequest: ({ socket }) => {
          socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        },
      });
      const client = await stage.client();
      client.send(`GET / HTTP/1.0\r\n${HEAD}\r\n`);
      await client.until("hello");
      for (const socket of stage.app.sockets) socket.destroy();
      expect(await client.ended()).toBe("reset");
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed" }]);
    });
  });
}
