// The clients against a real sluice: real processes, real signals.
import { afterEach, beforeAll, expect, it } from "vitest";
import { Child } from "./testing/child.ts";
import { describeEachLanguage } from "./testing/language.ts";
import { scratchFolders } from "./testing/scratch.ts";
import { Sluice } from "./testing/sluice.ts";

/** The client's log line. */
const ACTIVE = /sluice: .*\bactive \(/;

describeEachLanguage("the app's side of a real sluice", (language) => {
  const newFolder = scratchFolders();
  let command: readonly string[] = [];
  let sluices: Sluice[] = [];
  let apps: Child[] = [];

  beforeAll(() => {
    command = language.command(newFolder());
  }, 120_000);
  afterEach(async () => {
    for (const app of apps) app.signal();
    for (const sluice of sluices) await sluice.kill();
    [apps, sluices] = [[], []];
  });

  async function prepare(...flags: string[]): Promise<Sluice> {
    const sluice = await Sluice.prepare(newFolder(), ...flags);
    sluices.push(sluice);
    return sluice;
  }
  async function startSluice(...flags: string[]): Promise<Sluice> {
    const sluice = await prepare(...flags);
    await sluice.start();
    return sluice;
  }
  function startApp(sluice: Sluice, env: Record<string, string> = {}): Child {
    const defaults = { PORT: sluice.appPort, SLUICE_SLOT: "a", SLUICE_CONTROL: sluice.socket, VERSION: "v1" };
    const app = new Child(command, { ...defaults, ...env });
    apps.push(app);
    return app;
  }

  it("is ready and served once it has shaken hands, over the Unix socket", async () => {
    const sluice = await startSluice();
    expect((await sluice.readiness()).status).toBe(503);
    const app = startApp(sluice);
    await app.next(ACTIVE);
    expect((await sluice.readiness()).status).toBe(200);
    expect(await sluice.get("/")).toEqual({ status: 200, text: "v1" });
  });

  it("is ready and served once it has shaken hands, over TCP", async () => {
    const sluice = await startSluice();
    const app = startApp(sluice, { SLUICE_CONTROL: sluice.tcp });
    await app.next(ACTIVE);
    expect((await sluice.readiness()).status).toBe(200);
  });

  it("may start before sluice", async () => {
    const sluice = await prepare();
    const app = startApp(sluice);
    await app.next(/trying again until it works/);
    await sluice.start();
    await app.next(ACTIVE);
    expect((await sluice.readiness()).status).toBe(200);
  });

  it("says stopping on SIGTERM, finishes what is in flight, and does not come back", async () => {
    const sluice = await startSluice();
    const app = startApp(sluice);
    await app.next(ACTIVE);
    const slow = sluice.get("/slow?ms=400");
    await app.next(/^slow/);
    app.signal("SIGTERM");
    expect(await sluice.event("stopping")).toMatchObject({ slot: "a", inFlight: 1 });
    expect((await sluice.readiness()).status).toBe(503);
    expect(await slow).toEqual({ status: 200, text: "v1" });
    expect(await app.exited).toEqual({ code: 0, signal: null });
    await sluice.event("lifeline_lost");
    expect(sluice.countOf("handshake")).toBe(1);
    expect(sluice.countOf("request_failed")).toBe(0);
  });

  it("is lost at once when it is killed", async () => {
    const sluice = await startSluice();
    const app = startApp(sluice);
    await app.next(ACTIVE);
    app.signal("SIGKILL");
    await sluice.event("lifeline_lost");
    expect(await sluice.readiness()).toMatchObject({
      status: 503,
      reason: expect.stringContaining("closed its lifeline"),
    });
  });

  it("reloads by order, and the order hears how it went", async () => {
    const sluice = await startSluice();
    const app = startApp(sluice);
    await app.next(ACTIVE);
    expect((await sluice.order("POST", "/reload")).status).toBe(200);
    await app.next(/^reload/);
    await sluice.get("/break-reload");
    const failed = await sluice.order("POST", "/reload");
    expect(failed).toMatchObject({ status: 502, text: expect.stringContaining("no such file") });
  });

  it("stays away once a newer process has taken its slot, whose service its own SIGTERM does not touch", async () => {
    const sluice = await startSluice();
    const older = startApp(sluice, { PORT: "0", VERSION: "v0" });
    await older.next(/: accepted/);
    const newer = startApp(sluice);
    await newer.next(ACTIVE);
    await older.next(/: superseded/);
    older.signal("SIGTERM");
    expect((await older.exited).code).toBe(0);
    expect(await sluice.get("/")).toEqual({ status: 200, text: "v1" });
    expect((await sluice.readiness()).status).toBe(200);
    expect([sluice.countOf("handshake"), sluice.countOf("stopping")]).toEqual([2, 0]);
  });

  it("comes back as the same instance when sluice was restarted", async () => {
    const sluice = await startSluice();
    const app = startApp(sluice);
    const first = await sluice.event("handshake");
    await app.next(ACTIVE);
    await sluice.kill();
    await app.next(/trying again until it works/);
    await sluice.start();
    expect((await sluice.event("handshake")).instance).toBe(first.instance);
    await app.next(ACTIVE);
    expect((await sluice.readiness()).status).toBe(200);
  });

  it("is refused without a required signal, says why, and the app lives on", async () => {
    const sluice = await startSluice("--require-signals", "SIGTERM,SIGQUIT");
    const app = startApp(sluice);
    expect(await app.next(/refused: 422/)).toContain("SIGQUIT");
    expect(await sluice.readiness()).toMatchObject({
      status: 503,
      reason: expect.stringContaining("SIGQUIT"),
    });
  });

  it("is refused in a slot that does not exist, and says why", async () => {
    const sluice = await startSluice();
    const app = startApp(sluice, { SLUICE_SLOT: "z" });
    expect(await app.next(/refused: 404/)).toContain("z");
  });

  it("counts as ready only with its gate open, also for a sluice that was restarted", async () => {
    const sluice = await startSluice("--gates", "consul");
    const app = startApp(sluice);
    await sluice.event("probe_passed");
    expect(await sluice.readiness()).toMatchObject({
      status: 503,
      reason: expect.stringContaining("consul"),
    });
    const open = await fetch(`http://127.0.0.1:${sluice.appPort}/gate?name=consul&open=true`);
    expect(await open.text()).toBe("true");
    await app.next(ACTIVE);
    await sluice.kill();
    await sluice.start();
    await app.next(ACTIVE);
    expect((await sluice.readiness()).status).toBe(200);
  });
});
