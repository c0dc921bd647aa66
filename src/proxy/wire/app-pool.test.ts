// Those who wait for a connection to the app, and the connections of a generation that traffic has left.

import { afterEach, describe, expect, it, vi } from "vitest";
import { fieldOf } from "../engine-suite/message-reader.ts";
import { type AppBehaviour, counted, RawApp } from "../engine-suite/raw-app.ts";
import { destinationOf, type Stage, type StageOptions, setStage } from "../engine-suite/stage.ts";
import type { RequestTrace } from "../trace.ts";
import { createWireEngine } from "./engine.ts";

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
const post = (target: string) => `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody`;
const ok: AppBehaviour = { onRequest: ({ socket }) => socket.write(counted("ok")) };

let stage: Stage;
const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
  stage = await setStage(createWireEngine, behaviour, options);
  return stage;
};
afterEach(() => stage.stop());

/** Clients that the engine knows already, so that what they send together is read together. */
async function known(count: number) {
  const clients = await Promise.all(Array.from({ length: count }, () => stage.client()));
  while (stage.engine.connections < count) await new Promise((resolve) => setImmediate(resolve));
  return clients;
}

type Client = Awaited<ReturnType<Stage["client"]>>;

describe("who waits for a connection to the app", () => {
  /** One whose answer the test gives; the connection is idle then, in the turn in which others wait. */
  async function holder(client: Client) {
    client.send(get("/held"));
    await stage.app.until(() => stage.app.requests.at(-1)?.target === "/held");
    return stage.app.requests.at(-1)!.socket;
  }

  it("was sent over a connection of a generation known to be dead, and lost", async () => {
    const next = await RawApp.start(ok);
    await set(
      { onRequest: ({ socket, target }) => target !== "/held" && socket.write(counted("ok")) },
      {
        observer: {
          ended({ target }) {
            if (target !== "/held") return;
            stage.admission.setRoute({ to: "hold" });
            stage.engine.retire(1);
          },
        },
      },
    );
    const [first, one, two, last] = (await known(4)) as [Client, Client, Client, Client];
    for (let i = 0; i < 40; i++) await first.ask(get("/"));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const socket = await holder(first);
    one.send(get("/one"));
    two.send(get("/two"));
    last.send(post("/last"));
    socket.end(counted("held"));
    stage.app.server.close();
    expect(await first.answer()).toMatchObject({ status: 200 });
    stage.admission.setRoute({ to: "generation", destination: destinationOf(next.port, 2) });
    expect((await last.answer()).status).toBe(200);
    await next.stop();
  });

  it("was forgotten when the one before it met a defect", async () => {
    const troubles: string[] = [];
    let traced = 0;
    const bad = {
      waits() {},
      boards() {},
      answers() {},
      fields() {
        throw new Error("defect");
      },
    } as unknown as RequestTrace;
    await set(
      { onRequest: ({ socket, target }) => target !== "/held" && socket.write(counted("ok")) },
      {
        observer: { trouble: (_error, what) => troubles.push(what) },
        parts: { trace: () => (++traced === 4 ? bad : undefined) },
      },
    );
    const [first, ...others] = (await known(6)) as [Client, ...Client[]];
    const socket = await holder(first);
    for (const [index, client] of others.entries()) client.send(get(`/${index}`));
    socket.write(counted("held"));
    const answers = await Promise.all(others.map((client) => client.answer()));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 500, 200, 200]);
    expect(fieldOf(answers[2]!, "sluice-error")).toBe("INTERNAL");
    expect(troubles).toHaveLength(1);
    expect(stage.tickets.account().inFlight).toBe(0);
  });

  it("was sent to a generation that traffic had left, while its app closed its listener", async () => {
    const next = await RawApp.start(ok);
    let ids = 0;
    const { app } = await set(
      {
        ...ok,
        onConnection() {
          if (app.connections === 5) setImmediate(() => app.server.close());
        },
      },
      {
        parts: {
          newRequestId() {
            if (++ids === 20) {
              stage.admission.setRoute({ to: "generation", destination: destinationOf(next.port, 2) });
              stage.engine.retire(1);
            }
            return ids.toString(16).padStart(32, "0");
          },
        },
      },
    );
    const clients = await known(20);
    for (const client of clients) client.send(post("/"));
    const answers = await Promise.all(clients.map((client) => client.answer()));
    expect(answers.map(({ status }) => status)).toEqual(clients.map(() => 200));
    expect(app.requests.length).toBeLessThan(10);
    await next.stop();
  });

  it("waited for ever behind connections that could not even be begun", async () => {
    await set(ok, {
      route: { to: "generation", destination: destinationOf(70_000) },
      observer: { trouble() {} },
    });
    const clients = await known(4);
    for (const client of clients) client.send(get("/"));
    const records = await stage.ended(4);
    expect(records.map(({ code }) => code)).toEqual(clients.map(() => "INTERNAL"));
  });
});

describe("a generation that traffic has left", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(["destroy", "close"] as const)(
    "kept its idle connections when the engine was told to %s",
    async (how) => {
      const { app, engine } = await set(ok);
      const clients = await known(30);
      await Promise.all(clients.map((client) => client.ask(get("/"))));
      vi.useFakeTimers({ toFake: ["setInterval"] });
      engine.retire(1);
      for (const client of clients) client.close();
      void engine[how]();
      await app.until(() => app.sockets.size === 0);
    },
  );
});
