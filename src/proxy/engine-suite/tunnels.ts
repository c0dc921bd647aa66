// Promises about upgrades: WebSockets are tunnels with a ticket, ended between two frames; everything else is a plain request.

import { createHash } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { closeFrame } from "../websocket-frames.ts";
import { fieldOf } from "./message-reader.ts";
import { type AppBehaviour, type AppRequest, counted } from "./raw-app.ts";
import type { RawClient } from "./raw-client.ts";
import { type CreateEngine, destinationOf, type Stage, type StageOptions, setStage } from "./stage.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const UPGRADE = `GET /a/../chat//b?x=%2F../y HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Protocol: a, b\r\n\r\n`;

function agree(request: AppRequest): void {
  const key = fieldOf(request, "sec-websocket-key");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  request.socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Case: 1\r\n\r\n`,
  );
}

/** A text frame: unmasked as from a server, or masked with zeros as from a client. */
function text(payload: string, masked: boolean): Buffer {
  const data = Buffer.from(payload);
  const size = data.length < 126 ? [data.length] : [126, data.length >> 8, data.length & 0xff];
  if (masked) size[0]! |= 0x80;
  return Buffer.concat([Buffer.from([0x81, ...size]), Buffer.alloc(masked ? 4 : 0), data]);
}

interface Line {
  readonly socket: Socket;
  readonly got: () => Buffer;
  readonly until: (bytes: Buffer | string) => Promise<void>;
  readonly ended: Promise<void>;
}

/** The app's end of the tunnel, after its 101. */
function lineOf(socket: Socket): Line {
  let got = Buffer.alloc(0);
  let wake = () => {};
  socket.removeAllListeners("data");
  socket.on("data", (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
    wake();
  });
  const ended = new Promise<void>((resolve) => socket.once("end", resolve));
  return {
    socket,
    got: () => got,
    ended,
    async until(bytes) {
      while (!got.includes(bytes)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

export function tunnelsSuite(create: CreateEngine): void {
  describe("tunnels", () => {
    let stage: Stage;
    let line: Line;
    const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
      stage = await setStage(create, behaviour, options);
      return stage;
    };
    afterEach(() => stage.stop());
    const agreeing: AppBehaviour = {
      onRequest: (request) => {
        agree(request);
        line = lineOf(request.socket);
      },
    };
    const open = async (): Promise<RawClient> => {
      const client = await stage.client();
      const answer = await upgrade(client);
      expect(answer.status).toBe(101);
      return client;
    };
    const upgrade = async (client: RawClient) => {
      client.send(UPGRADE);
      return await client.next();
    };

    it("a WebSocket goes through with its own head, both ways, and holds a ticket until it ends", async () => {
      const { app, tickets } = await set(agreeing);
      const client = await stage.client();
      const answer = await upgrade(client);
      expect(answer.line).toBe("HTTP/1.1 101 Switching Protocols");
      expect(fieldOf(answer, "sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      expect(fieldOf(answer, "upgrade")).toBe("websocket");
      expect(fieldOf(answer, "connection")).toBe("Upgrade");
      expect(answer.fields.some(([name]) => name === "X-Case")).toBe(true);
      const seen = app.requests[0]!;
      expect(seen.line).toBe("GET /a/../chat//b?x=%2F../y HTTP/1.1");
      expect(fieldOf(seen, "sec-websocket-protocol")).toBe("a, b");
      expect(fieldOf(seen, "x-forwarded-for")).toBe("127.0.0.1");
      client.send(text("to the app", true));
      await line.until("to the app");
      line.socket.write(text("to the client", false));
      await client.until("to the client");
      expect(tickets.inFlight(1)).toBe(1);
      client.send(closeFrame(1000, "", Buffer.alloc(4)));
      await line.until(closeFrame(1000, "", Buffer.alloc(4)));
      line.socket.end(closeFrame(1000, ""));
      expect(await client.ended()).toBe("fin");
      client.socket.end();
      expect(await stage.ended(1)).toMatchObject([
        { ending: "answered", kind: "websocket", status: 101, generation: 1 },
      ]);
    });

    it("a client whose machine had vanished kept its tunnel, and its slot from being drained, for ever", async () => {
      await set(agreeing);
      const client = await open();
      // What the kernel says of the connection's end in sluice: local and remote port, and the timer that runs on it (2: keepalive).
      const port = (number = 0) => number.toString(16).toUpperCase().padStart(4, "0");
      const ends = `:${port(stage.port)} [0-9A-F]+:${port(client.socket.localPort)}`;
      const timer = new RegExp(`${ends} 01 [0-9A-F:]+ 02:([0-9A-F]+)`).exec(
        readFileSync("/proc/net/tcp", "latin1"),
      );
      // In hundredths of a second.
      expect(Number.parseInt(timer?.[1] ?? "", 16)).toBeLessThanOrEqual(3000);
    });

    it("frames that the client sends together with its upgrade are not lost", async () => {
      await set(agreeing);
      const client = await stage.client();
      client.send(Buffer.concat([Buffer.from(UPGRADE), text("early bird", true)]));
      expect((await client.next()).status).toBe(101);
      await line.until("early bird");
    });

    it("endStreams says its code to both sides between two frames, and ends", async () => {
      const { engine } = await set(agreeing);
      const client = await open();
      client.send(text("one", true));
      await line.until("one");
      line.socket.write(text("two", false));
      await client.until("two");
      const ended = engine.endStreams(1, 1012);
      await line.ended;
      line.socket.end();
      client.socket.end();
      await ended;
      expect(client.restBytes).toEqual(Buffer.concat([text("two", false), closeFrame(1012, "")]));
      const toApp = line.got().subarray(text("one", true).length);
      expect(toApp.length).toBe(8);
      const code = [0, 1].map((i) => toApp[6 + i]! ^ toApp[2 + i]!);
      expect(code[0]! * 256 + code[1]!).toBe(1012);
      expect(await stage.ended(1)).toMatchObject([{ ending: "answered", kind: "websocket" }]);
    });

    it("endStreams waits for the end of a frame that is under way", async () => {
      const { engine } = await set(agreeing);
      const client = await open();
      const frame = text("x".repeat(300), false);
      line.socket.write(frame.subarray(0, 100));
      await client.until("xxx");
      const ended = engine.endStreams(undefined, 1001);
      line.socket.write(Buffer.concat([frame.subarray(100), text("never", false)]));
      await client.ended();
      client.socket.end();
      await ended;
      expect(client.restBytes).toEqual(Buffer.concat([frame, closeFrame(1001, "")]));
    });

    it("the app's refusal of an upgrade reaches the client whole", async () => {
      await set({
        onRequest: ({ socket }) =>
          socket.write(counted("who are you?", "401 Unauthorized", "WWW-Authenticate: Basic", "X-Case: 2")),
      });
      const client = await stage.client();
      const answer = await upgrade(client);
      expect([answer.status, answer.body.toString(), fieldOf(answer, "www-authenticate")]).toEqual([
        401,
        "who are you?",
        "Basic",
      ]);
      expect(await client.ended()).toBe("fin");
      expect(await stage.ended(1)).toMatchObject([{ ending: "answered", status: 401 }]);
    });

    it("an upgrade that is refused a connection is held and opens on the next app", async () => {
      const { admission } = await set(agreeing, {
        observer: {
          refused() {
            admission.setRoute({ to: "hold" });
            setImmediate(() => admission.setRoute({ to: "generation", destination: stage.destination }));
          },
        },
      });
      const nobody = destinationOf(1, 9);
      admission.setRoute({ to: "generation", destination: nobody });
      const client = await open();
      client.send(text("hi", true));
      await line.until("hi");
    });

    it("an upgrade that nobody can take is answered like any request", async () => {
      await set({}, { route: { to: "refuse", code: "POD_STOPPING" } });
      const client = await stage.client();
      const answer = await upgrade(client);
      expect([answer.status, fieldOf(answer, "sluice-error")]).toEqual([503, "POD_STOPPING"]);
      expect(await client.ended()).toBe("fin");
      expect(await stage.ended(1)).toMatchObject([{ ending: "refused", code: "POD_STOPPING" }]);
    });

    it("an app that dies takes its tunnels along, counted as failed", async () => {
      await set(agreeing);
      const client = await open();
      line.socket.destroy();
      await client.ended();
      client.socket.end();
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed", code: "APP_CLOSED", status: 101 }]);
    });

    it("a client that vanishes takes its tunnel along", async () => {
      const { app } = await set(agreeing);
      const client = await open();
      client.socket.resetAndDestroy();
      await stage.ended(1);
      await app.until(() => app.sockets.size === 0);
      expect(stage.records).toMatchObject([{ ending: "client_aborted" }]);
    });

    it("a client that leaves while its upgrade is held gives its place up", async () => {
      const { admission } = await set(agreeing, { route: { to: "hold" } });
      const client = await stage.client();
      client.send(UPGRADE);
      while (admission.counts().held < 1) await new Promise((resolve) => setImmediate(resolve));
      client.socket.destroy();
      expect(await stage.ended(1)).toMatchObject([{ ending: "client_aborted", generation: 0 }]);
      expect(admission.counts().held).toBe(0);
    });

    it("cut ends tunnels at once", async () => {
      const { engine, app } = await set(agreeing);
      const client = await open();
      expect(engine.cut()).toBe(1);
      await client.ended();
      await app.until(() => app.sockets.size === 0);
      expect(stage.records).toMatchObject([{ ending: "deadline", status: 101 }]);
    });

    it("any other upgrade goes on as a plain request", async () => {
      const { app } = await set({ onRequest: ({ socket }) => socket.write(counted("plain")) });
      const client = await stage.client();
      for (const protocol of ["h2c", "foo/2", "websocket, h2c"]) {
        const answer = await client.ask(
          `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAA\r\n\r\n`,
        );
        expect(answer.body.toString()).toBe("plain");
      }
      for (const request of app.requests) expect(fieldOf(request, "upgrade")).toBeUndefined();
    });

    /** A tunnel whose client reads nothing, and as much from its app that a little waits in sluice: the end that follows is read. */
    const openAndFill = async () => {
      const accepted: Socket[] = [];
      const onAccepted = (message: unknown) => accepted.push((message as { socket: Socket }).socket);
      channel("net.server.socket").subscribe(onAccepted);
      const client = await open();
      channel("net.server.socket").unsubscribe(onAccepted);
      client.socket.pause();
      const ours = accepted.find(({ localPort }) => localPort === stage.port);
      const frame = Buffer.concat([Buffer.from([0x82, 126, 0x20, 0]), Buffer.alloc(0x2000, 7)]);
      let said = 0;
      while (ours?.writableLength === 0) {
        line.socket.write(frame);
        said += frame.length;
        const { bytesWritten } = ours;
        while (ours.bytesWritten === bytesWritten) await new Promise((resolve) => setImmediate(resolve));
      }
      return { client, said };
    };

    it("the last words of an app were lost on their way to a slow client, which was given a second for them", async () => {
      await set(agreeing);
      const { client, said } = await openAndFill();
      line.socket.end(closeFrame(1000, ""));
      // It has taken all there is, and does not close its side either: its second began later, and has passed.
      await open();
      line.socket.end(closeFrame(1000, ""));
      await stage.ended(1);
      client.socket.resume();
      expect(await client.ended()).toBe("fin");
      expect(client.restBytes.length).toBe(said + closeFrame(1000, "").length);
      client.close();
      expect(await stage.ended(2)).toMatchObject([{ ending: "answered" }, { ending: "answered" }]);
    });

    it("a client that never takes the last words of an app is cut in time, and counted as gone", async () => {
      await set(agreeing, { limits: { clientIdleMs: 300 } });
      await openAndFill();
      line.socket.end(closeFrame(1000, ""));
      expect(await stage.ended(1)).toMatchObject([{ ending: "client_aborted", code: "CLIENT_LEFT" }]);
    });

    it("endStreams does not wait for a client that never takes the last words of an app", async () => {
      await set(agreeing);
      await openAndFill();
      line.socket.end(closeFrame(1000, ""));
      await stage.app.until(() => stage.app.sockets.size === 0);
      await stage.engine.endStreams(undefined, 1001);
      await stage.ended(1);
    });

    it("an app that does not read its WebSocket holds the client back", async () => {
      await set(agreeing);
      const client = await open();
      line.socket.pause();
      const frame = text("x".repeat(60_000), true);
      const total = 4000;
      let sent = 0;
      await new Promise<void>((resolve) => {
        let idle = setTimeout(resolve, 300);
        const pump = () => {
          while (sent < total) {
            sent++;
            if (!client.socket.write(frame)) break;
          }
          clearTimeout(idle);
          idle = setTimeout(resolve, 300);
        };
        client.socket.on("drain", pump);
        pump();
      });
      expect(sent).toBeLessThan(total);
    });

    it("a client that does not read its WebSocket holds the app back", async () => {
      await set(agreeing);
      const client = await open();
      client.socket.pause();
      const block = Buffer.alloc(65_000, 7);
      const frame = Buffer.concat([Buffer.from([0x82, 126, block.length >> 8, block.length & 0xff]), block]);
      let sent = 0;
      const total = 4000;
      await new Promise<void>((resolve) => {
        let idle = setTimeout(resolve, 300);
        const pump = () => {
          while (sent < total) {
            sent++;
            if (!line.socket.write(frame)) break;
          }
          clearTimeout(idle);
          idle = setTimeout(resolve, 300);
        };
        line.socket.on("drain", pump);
        pump();
      });
      expect(sent).toBeLessThan(total);
    });
  });
}
