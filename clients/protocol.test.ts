// The clients against a peer that speaks the contract and can refuse, supersede, close and stall on order.
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Child } from "./testing/child.ts";
import { ControlPeer } from "./testing/control-peer.ts";
import { describeEachLanguage } from "./testing/language.ts";
import { scratchFolders } from "./testing/scratch.ts";

/** The client's log line. */
const ACCEPTED = /sluice: .*\baccepted \(/;
const HANDSHAKE = "POST /v1/slots/a/handshake";

describeEachLanguage("the handshake contract", (language) => {
  const newFolder = scratchFolders();
  let command: readonly string[] = [];
  let peer: ControlPeer;
  let control: string;
  let children: Child[] = [];
  let orphans: number[] = [];

  beforeAll(() => {
    command = language.command(newFolder());
  }, 120_000);
  beforeEach(async () => {
    peer = new ControlPeer();
    control = await peer.listen(join(newFolder(), "control.sock"));
  });
  afterEach(async () => {
    for (const child of children) child.signal();
    for (const pid of orphans) process.kill(pid, "SIGKILL");
    children = [];
    orphans = [];
    await peer.close();
  });

  function start(env: Record<string, string> = {}): Child {
    const child = new Child(command, {
      PORT: "0",
      SLUICE_SLOT: "a",
      SLUICE_CONTROL: control,
      VERSION: "v1",
      ...env,
    });
    children.push(child);
    return child;
  }
  async function startListening(env: Record<string, string> = {}): Promise<{ app: Child; url: string }> {
    const app = start(env);
    const [, port] = (await app.next(/^listening/)).split(" ");
    return { app, url: `http://127.0.0.1:${port}` };
  }
  async function text(url: string): Promise<string> {
    return (await fetch(url, { headers: { connection: "close" } })).text();
  }

  it("says version, instance, signals and pid, with a new instance for each process", async () => {
    const { app } = await startListening();
    const first = await peer.nextLifeline();
    start();
    const second = await peer.nextLifeline();
    expect(first.body).toMatchObject({ version: "v1", pid: app.pid });
    expect(first.body.signals).toEqual(expect.arrayContaining(["SIGTERM", "SIGINT", "reload"]));
    expect(first.body.instance).toMatch(/^[0-9a-f-]{32,36}$/);
    expect(second.body.instance).not.toBe(first.body.instance);
    await app.next(ACCEPTED);
  });

  it("begins the handshake only when the app says that it is ready", async () => {
    const { app } = await startListening({ READY_AFTER_MS: "300" });
    expect(peer.calls).toEqual([]);
    await peer.nextLifeline();
    await app.next(ACCEPTED);
  });

  it("speaks to HOST:PORT and takes the first of a list", async () => {
    const other = new ControlPeer();
    start({ SLUICE_CONTROL: `${await other.listen()},${control}` });
    await other.nextLifeline();
    expect(peer.calls).toEqual([]);
    await other.close();
  });

  it("logs what it hears, but no ping, and does not stumble over a line that it does not know", async () => {
    const { app } = await startListening();
    const lifeline = await peer.nextLifeline();
    lifeline.send({ type: "ping" });
    lifeline.send({ type: "active" });
    lifeline.send({ type: "standby" });
    lifeline.send({ type: "draining", deadlineMs: 5000 });
    await app.next(/sluice: .*draining/);
    const heard = app.lines.flatMap((line) => /sluice: .*?(\w+) \(v1\)/.exec(line)?.[1] ?? []);
    expect(heard).toEqual(["accepted", "active", "standby", "draining"]);
    expect(lifeline.isLost()).toBe(false);
  });

  it("without SLUICE_CONTROL says so in one line and serves", async () => {
    const { app, url } = await startListening({ SLUICE_CONTROL: "" });
    expect(await text(url)).toBe("v1");
    expect(app.lines.filter((line) => line.includes("sluice"))).toHaveLength(1);
    app.signal("SIGTERM");
    expect(await app.exited).toEqual({ code: 0, signal: null });
  });

  it("refuses to start with SLUICE_CONTROL but no SLUICE_SLOT", async () => {
    const app = start({ SLUICE_SLOT: "" });
    expect((await app.exited).code).not.toBe(0);
    expect(app.lines.join("\n")).toContain("SLUICE_SLOT is not");
  });

  it("keeps trying while nobody listens, and says so once", async () => {
    const path = join(newFolder(), "control.sock");
    const { app } = await startListening({ SLUICE_CONTROL: path });
    await app.next(/trying again until it works/);
    const late = new ControlPeer();
    await late.listen(path);
    await late.nextLifeline();
    expect(app.lines.filter((line) => line.includes("trying again"))).toHaveLength(1);
    await late.close();
  });

  it("opens a lost lifeline again as the same instance, after 50 ms and then with growing pauses", async () => {
    await startListening();
    const first = await peer.nextLifeline();
    peer.refusal = { status: 503, body: "not now" };
    const lostAt = performance.now();
    first.end();
    const attempts = [await peer.next(HANDSHAKE), await peer.next(HANDSHAKE), await peer.next(HANDSHAKE)];
    peer.refusal = undefined;
    expect((await peer.nextLifeline()).body.instance).toBe(first.body.instance);
    const times = [lostAt, ...attempts.map((attempt) => attempt.at)];
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    for (const [index, least] of [50, 100, 200].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(least - 5); // clocks and timers round
    }
  });

  it("logs a refused handshake once with its reason, goes on trying and connects when it is taken", async () => {
    peer.refusal = { status: 422, body: "the handshake lacks SIGQUIT" };
    const { app } = await startListening();
    for (let attempt = 0; attempt < 4; attempt += 1) await peer.next(HANDSHAKE);
    peer.refusal = undefined;
    await app.next(ACCEPTED);
    expect(
      app.lines.filter((line) => line.includes("refused: 422 the handshake lacks SIGQUIT")),
    ).toHaveLength(1);
  });

  it("stays away once superseded, and then says nothing of stopping either", async () => {
    const { app, url } = await startListening();
    const lifeline = await peer.nextLifeline();
    lifeline.send({ type: "superseded" });
    await app.next(/sluice: .*\bsuperseded \(/);
    lifeline.end(); // as sluice does
    expect(await text(`${url}/slow?ms=400`)).toBe("v1"); // several pauses long
    app.signal("SIGTERM");
    expect(await app.exited).toEqual({ code: 0, signal: null });
    expect(peer.calls.map((call) => call.target)).toEqual([HANDSHAKE]);
  });

  it("on SIGTERM says stopping first, keeps the lifeline until the work in flight is done, and exits 0", async () => {
    const { app, url } = await startListening();
    const lifeline = await peer.nextLifeline();
    await app.next(ACCEPTED);
    const slow = text(`${url}/slow?ms=500`);
    await app.next(/^slow/);
    app.signal("SIGTERM");
    await peer.next("POST /v1/slots/a/stopping");
    expect(app.lines).not.toContain("stop");
    await app.next(/^stop$/);
    expect(lifeline.isLost()).toBe(false);
    expect(await slow).toBe("v1");
    expect(await app.exited).toEqual({ code: 0, signal: null });
    await lifeline.lost;
  });

  it("never opens a lifeline again after SIGTERM", async () => {
    const { app, url } = await startListening();
    const lifeline = await peer.nextLifeline();
    await app.next(ACCEPTED);
    const slow = text(`${url}/slow?ms=800`);
    await app.next(/^slow/);
    app.signal("SIGTERM");
    await app.next(/^stop$/);
    lifeline.end();
    await slow;
    await app.exited;
    expect(peer.calls.filter((call) => call.target === HANDSHAKE)).toHaveLength(1);
  });

  it("stops although sluice does not take the word", async () => {
    const { app } = await startListening();
    peer.otherStatus = 500;
    await peer.nextLifeline();
    await app.next(ACCEPTED);
    app.signal("SIGTERM");
    expect(await app.exited).toEqual({ code: 0, signal: null });
    expect(app.lines.join("\n")).toMatch(/stopping: refused: 500/);
  });

  it("stops although sluice does not answer the word", async () => {
    const { app } = await startListening();
    peer.otherStatus = undefined;
    await peer.nextLifeline();
    await app.next(ACCEPTED);
    app.signal("SIGTERM");
    expect(await app.exited).toEqual({ code: 0, signal: null });
    expect(peer.calls.map((call) => call.target)).toContain("POST /v1/slots/a/stopping");
  });

  it("gives a handshake without an answer up when SIGTERM comes", async () => {
    peer.isSilent = true;
    const { app } = await startListening();
    const lifeline = await peer.nextLifeline();
    app.signal("SIGTERM");
    await lifeline.lost;
    expect(await app.exited).toEqual({ code: 0, signal: null });
    expect(peer.calls.map((call) => call.target)).toEqual([HANDSHAKE]);
  });

  it("loses the lifeline at once when the process is killed, although a child of it lives on", async () => {
    const { app, url } = await startListening();
    const lifeline = await peer.nextLifeline();
    orphans = [Number(await text(`${url}/spawn`))];
    app.signal("SIGKILL");
    await lifeline.lost;
    expect(process.kill(orphans[0] ?? 0, 0)).toBe(true);
  });

  if (language.name === "python") {
    it("loses the lifeline at once when the process is killed, although a fork without exec lives on", async () => {
      const { app, url } = await startListening();
      const lifeline = await peer.nextLifeline();
      await app.next(ACCEPTED);
      orphans = [Number(await text(`${url}/fork`))];
      expect(lifeline.isLost()).toBe(false);
      app.signal("SIGKILL");
      await lifeline.lost;
      expect(process.kill(orphans[0] ?? 0, 0)).toBe(true);
    });

    it("does not hang in a fork that was made while a gate was being said", async () => {
      const { app, url } = await startListening();
      await peer.nextLifeline();
      await app.next(ACCEPTED);
      peer.otherStatus = undefined;
      const gate = text(`${url}/gate?name=kafka&open=true`);
      await peer.next("PUT /v1/slots/a/gates/kafka");
      orphans = [Number(await text(`${url}/fork`))];
      await app.next(/^gate in a child False/);
      expect(await gate).toBe("false");
    });
  }

  it("calls back on reload and reports how it went", async () => {
    const { app, url } = await startListening();
    const lifeline = await peer.nextLifeline();
    lifeline.send({ type: "reload", id: "r1" });
    expect((await peer.next("POST /v1/slots/a/commands/r1")).body).toEqual({ ok: true, reason: "" });
    await text(`${url}/break-reload`);
    lifeline.send({ type: "reload", id: "r2" });
    expect((await peer.next("POST /v1/slots/a/commands/r2")).body).toEqual({
      ok: false,
      reason: "no such file",
    });
    expect(app.lines.filter((line) => line === "reload")).toHaveLength(2);
  });

  it("without a function for it, reports that a reload failed, and the app lives on", async () => {
    // sluice sends it to whoever declared SIGUSR2, too.
    const { app, url } = await startListening({ NO_RELOAD: "1" });
    const lifeline = await peer.nextLifeline();
    expect(lifeline.body.signals).not.toContain("reload");
    await app.next(ACCEPTED);
    lifeline.send({ type: "reload", id: "r1" });
    expect((await peer.next("POST /v1/slots/a/commands/r1")).body).toEqual({
      ok: false,
      reason: expect.stringMatching(/function|callable/),
    });
    expect(await text(url)).toBe("v1");
    expect(lifeline.isLost()).toBe(false);
  });

  it("says a gate, remembers it over a new handshake, but not one with a time to live", async () => {
    const { app, url } = await startListening();
    const lifeline = await peer.nextLifeline();
    await app.next(ACCEPTED);
    expect(await text(`${url}/gate?name=consul&open=true`)).toBe("true");
    expect((await peer.next("PUT /v1/slots/a/gates/consul")).body).toMatchObject({
      open: true,
      reason: "asked",
    });
    expect(await text(`${url}/gate?name=kafka&open=true&ttl=30s`)).toBe("true");
    expect((await peer.next("PUT /v1/slots/a/gates/kafka")).body.ttl).toMatch(/^(30s|30000ms)$/);
    lifeline.end();
    await peer.nextLifeline();
    expect((await peer.next("PUT /v1/slots/a/gates/consul")).body).toMatchObject({ open: true });
    expect(await text(`${url}/gate?name=consul&open=false`)).toBe("true");
    // One that is said while the handshake is being answered may be said twice; what was said last comes last.
    let said = await peer.next("PUT /v1/slots/a/gates/consul");
    if (said.body.open) said = await peer.next("PUT /v1/slots/a/gates/consul");
    expect(said.body).toMatchObject({ open: false });
    expect(peer.calls.filter((call) => call.target.endsWith("kafka"))).toHaveLength(1);
  });

  it("answers false to a refused gate, and the app lives on", async () => {
    const { app, url } = await startListening();
    await peer.nextLifeline();
    await app.next(ACCEPTED);
    peer.otherStatus = 404;
    expect(await text(`${url}/gate?name=typo&open=true`)).toBe("false");
    expect(await text(url)).toBe("v1");
  });

  it("remembers a gate said before the handshake", async () => {
    const { url } = await startListening({ READY_AFTER_MS: "300" });
    expect(await text(`${url}/gate?name=consul&open=true`)).toBe("false");
    expect((await peer.next("PUT /v1/slots/a/gates/consul")).body).toMatchObject({ open: true });
  });

  it("takes a peer that does not speak the contract for a lost lifeline, and the app lives on", async () => {
    const path = join(newFolder(), "control.sock");
    const garbage = net.createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nnot json\n");
    });
    garbage.listen(path);
    await once(garbage, "listening");
    const { app, url } = await startListening({ SLUICE_CONTROL: path });
    await app.next(/trying again until it works/);
    expect(await text(url)).toBe("v1");
    garbage.close();
  });
});
