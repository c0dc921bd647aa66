// The servers in examples/, behind a real sluice.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Child } from "./testing/child.ts";
import { describeEachExample } from "./testing/language.ts";
import { scratchFolders } from "./testing/scratch.ts";
import { Sluice } from "./testing/sluice.ts";

describeEachExample("the example", (build) => {
  const newFolder = scratchFolders();
  let command: readonly string[] = [];
  let sluice: Sluice;
  let app: Child;
  let config = "";

  beforeAll(() => {
    command = build(newFolder());
  }, 120_000);
  beforeEach(async () => {
    const folder = newFolder();
    config = join(folder, "config.json");
    sluice = await Sluice.prepare(folder);
    await sluice.start();
    const side = { SLUICE_SLOT: "a", SLUICE_CONTROL: sluice.socket, PORT: sluice.appPort };
    app = new Child(command, { ...side, VERSION: "v7", CONFIG: config });
    await sluice.event("switch");
  });
  afterEach(async () => {
    app.signal();
    await sluice.kill();
  });

  const url = (path: string) => `http://${sluice.listen}${path}`;
  async function openWebSocket(): Promise<WebSocket> {
    const socket = new WebSocket(`ws://${sluice.listen}/ws`, { perMessageDeflate: false });
    await once(socket, "open");
    return socket;
  }

  it("says who answers, and echoes a body of 1 MiB", async () => {
    expect(JSON.parse((await sluice.get("/")).text)).toMatchObject({
      version: "v7",
      pid: app.pid,
      slot: "a",
    });
    const body = Buffer.alloc(1 << 20, "sluice");
    const echo = await fetch(url("/echo"), { method: "POST", body });
    expect(Buffer.from(await echo.arrayBuffer()).equals(body)).toBe(true);
    expect((await sluice.get("/nowhere")).status).toBe(404);
  });

  it("echoes WebSocket messages: text, binary, long and in fragments", async () => {
    const socket = await openWebSocket();
    const echo = async (message: string | Buffer) => {
      socket.send(message);
      const [data, isBinary] = await once(socket, "message");
      return isBinary ? data : data.toString();
    };
    expect(await echo("hello")).toBe("hello");
    expect(await echo("x".repeat(40_000))).toBe("x".repeat(40_000));
    expect(await echo(Buffer.from([0, 255]))).toEqual(Buffer.from([0, 255]));
    socket.send("one ", { fin: false });
    socket.send("message", { fin: true });
    expect((await once(socket, "message"))[0].toString()).toBe("one message");
    socket.ping("still there?");
    expect((await once(socket, "pong"))[0].toString()).toBe("still there?");
    socket.close(1000);
    expect((await once(socket, "close"))[0]).toBe(1000);
  });

  it("closes a WebSocket with 1009 when a message is too large", async () => {
    const socket = await openWebSocket();
    socket.send("x".repeat(70_000));
    expect((await once(socket, "close"))[0]).toBe(1009);
  });

  it("on SIGTERM finishes what is in flight, ends the stream, tells WebSockets 1001 and exits 0", async () => {
    const socket = await openWebSocket();
    const closed = once(socket, "close");
    const stream = await fetch(url("/stream"));
    const events: string[] = [];
    const streamed = (async () => {
      for await (const part of stream.body ?? []) events.push(Buffer.from(part).toString());
    })();
    const slow = sluice.get("/slow?ms=700");
    const early = await fetch(url("/healthz"));
    expect(early.status).toBe(200);
    app.signal("SIGTERM");
    expect((await closed)[0]).toBe(1001);
    await streamed;
    expect(events.join("")).toMatch(/event: bye/);
    expect(await slow).toMatchObject({ status: 200, text: expect.stringContaining('"version":"v7"') });
    expect(await app.exited).toEqual({ code: 0, signal: null });
  });

  it("reads its configuration by order and by SIGUSR2, and an order hears what is wrong with it", async () => {
    writeFileSync(config, '{"greeting":"good morning"}');
    expect((await sluice.order("POST", "/reload")).status).toBe(200);
    expect((await sluice.get("/")).text).toContain("good morning");
    writeFileSync(config, '{"greeting":"good evening"}');
    app.signal("SIGUSR2");
    await app.next(/good evening/);
    expect((await sluice.get("/")).text).toContain("good evening");
    writeFileSync(config, "{");
    expect((await sluice.order("POST", "/reload")).status).toBe(502);
    expect((await sluice.get("/")).text).toContain("good evening");
  });
});
