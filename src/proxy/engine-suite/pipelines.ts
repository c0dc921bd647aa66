// Promises about a client's connection over several requests: what is behind an answer that closes it is never begun, and
// what can still be answered is.

import { afterEach, describe, expect, it } from "vitest";
import { fieldOf } from "./message-reader.ts";
import { type AppBehaviour, counted } from "./raw-app.ts";
import type { RawClient } from "./raw-client.ts";
import { type CreateEngine, type Stage, type StageOptions, setStage } from "./stage.ts";

const HEAD = "Host: x\r\n";
const get = (target: string) => `GET ${target} HTTP/1.1\r\n${HEAD}\r\n`;
const EMPTY_POST = `POST /behind HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`;
const BAD_CHUNK = "3\r\nabc\r\nzz\r\n";

export function pipelinesSuite(create: CreateEngine): void {
  let stage: Stage;
  const set = async (behaviour: AppBehaviour, options?: StageOptions) => {
    stage = await setStage(create, behaviour, options);
    return stage;
  };
  const answering: AppBehaviour = { onRequest: ({ socket, target }) => socket.write(counted(target)) };
  const targets = () => stage.app.requests.map(({ target }) => target);

  describe("pipelines", () => {
    afterEach(() => stage.stop());

    it("a whole request was aborted, since its client had closed its side in the middle of the one behind it", async () => {
      let answer: () => void = () => {};
      const { app } = await set({
        onRequest: ({ socket, target }) => {
          answer = () => socket.write(counted(target));
        },
      });
      const client = await stage.client();
      const post = (target: string, length: number, body: string) =>
        `POST ${target} HTTP/1.1\r\n${HEAD}Content-Length: ${length}\r\n\r\n${body}`;
      client.send(`${post("/whole", 70_000, "x".repeat(70_000))}${post("/half", 70_000, "half")}`);
      client.socket.end();
      await app.until(() => app.requests.length === 1);
      // The end of the client's side is read meanwhile.
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
      answer();
      expect((await client.answer()).body.toString()).toBe("/whole");
      await client.ended();
      const records = await stage.ended(2);
      expect(records.map(({ target, ending }) => [target, ending]).sort()).toEqual([
        ["/half", "client_aborted"],
        ["/whole", "answered"],
      ]);
    });

    it("a request behind one that is refused with Connection: close is not executed", async () => {
      await set(answering);
      // So that an idle connection to the app could take it at once.
      await (await stage.client()).ask(get("/warm"));
      const client = await stage.client();
      client.send(`GET /no-host HTTP/1.1\r\n\r\n${EMPTY_POST}${get("/third")}`);
      expect((await client.answer()).status).toBe(400);
      await client.ended();
      await stage.ended(4);
      expect(targets()).toEqual(["/warm"]);
      expect(stage.tickets.account().inFlight).toBe(0);
    });

    it("a request behind the last answer of a lame duck is not executed", async () => {
      let answer: () => void = () => {};
      await set({
        onRequest({ socket, target }) {
          if (target === "/first") answer = () => socket.write(counted("first"));
          else socket.write(counted(target));
        },
      });
      const client = await stage.client();
      client.send(get("/first") + EMPTY_POST);
      while (stage.tickets.account().accepted < 2 || stage.app.requests.length < 1)
        await new Promise((resolve) => setImmediate(resolve));
      await (await stage.client()).ask(get("/warm"));
      stage.engine.windDown(0);
      answer();
      expect(fieldOf(await client.answer(), "connection")).toBe("close");
      await client.ended();
      const records = await stage.ended(3);
      expect(targets()).toEqual(["/first", "/warm"]);
      expect(records.find(({ target }) => target === "/behind")).toMatchObject({
        generation: 0,
        written: false,
      });
    });

    it("CONNECT behind a request is refused after that has been answered, and nothing breaks", async () => {
      let answer: () => void = () => {};
      await set({
        onRequest: ({ socket }) => {
          answer = () => socket.write(counted("x".repeat(4_000_000)));
        },
      });
      const client = await stage.client();
      client.send(`${get("/first")}CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n`);
      await stage.app.until(() => stage.app.requests.length === 1);
      answer();
      expect((await client.answer()).body.length).toBe(4_000_000);
      expect(fieldOf(await client.answer(), "sluice-error")).toBe("METHOD_REFUSED");
      await client.ended();
      expect(await stage.ended(2)).toMatchObject([{ ending: "answered" }, { ending: "refused" }]);
    });

    it("CONNECT with a body is answered and counted", async () => {
      await set(answering);
      const client = await stage.client();
      client.send("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nContent-Length: 10\r\n\r\nabc");
      expect((await client.answer()).status).toBe(501);
      expect(await stage.ended(1)).toMatchObject([{ ending: "refused", code: "METHOD_REFUSED" }]);
    });

    it("a request that breaks while it is held, or waits behind another, never goes to the app", async () => {
      await set(answering, { route: { to: "hold" } });
      const held = await stage.client();
      held.send(`POST /held HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n${BAD_CHUNK}`);
      expect((await held.answer()).status).toBe(400);
      expect(stage.admission.counts().held).toBe(0);
      const queued = await stage.client();
      queued.send(
        `${get("/first")}POST /queued HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n${BAD_CHUNK}`,
      );
      while (stage.admission.counts().held < 1) await new Promise((resolve) => setImmediate(resolve));
      stage.admission.setRoute({ to: "generation", destination: stage.destination });
      expect((await queued.answer()).body.toString()).toBe("/first");
      expect((await queued.answer()).status).toBe(400);
      await queued.ended();
      const records = await stage.ended(3);
      expect(records.map(({ target, generation }) => [target, generation])).toEqual([
        ["/held", 0],
        ["/first", 1],
        ["/queued", 0],
      ]);
    });

    it("a good answer that comes before its request is whole keeps the connection for the next request", async () => {
      await set({
        onHead: ({ line }, socket) => {
          if (line.startsWith("POST")) socket.write(counted("early"));
        },
        onRequest: ({ method, socket }) => {
          if (method === "GET") socket.write(counted("second"));
        },
      });
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 300000\r\n\r\nfirst`);
      const early = await client.answer();
      expect([early.body.toString(), fieldOf(early, "connection")]).toEqual(["early", undefined]);
      client.send(Buffer.alloc(300_000 - "first".length));
      expect((await client.ask(get("/second"))).body.toString()).toBe("second");
    });

    it.each<[string, (client: RawClient) => void]>([
      ["breaks off", (client) => client.socket.end()],
      ["garbles", (client) => client.send("zz\r\nwhat?")],
      ["stops", () => {}],
    ])(
      "a client that %s the rest of an upload after its answer is answered and counted once",
      async (_how, spoil) => {
        await set({ onHead: (_head, socket) => socket.write(counted("early")) });
        const client = await stage.client();
        client.send(`POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`);
        expect((await client.answer()).body.toString()).toBe("early");
        await stage.ended(1);
        spoil(client);
        await client.ended();
        expect(client.rest).toBe("");
        expect(stage.tickets.account()).toMatchObject({ accepted: 1, inFlight: 0, ended: { answered: 1 } });
      },
    );

    it("a client that leaves its upload in an answer that ends with its connection breaks nothing", async () => {
      await set({
        onHead: ({ line }, socket) => {
          if (line.startsWith("POST")) socket.write("HTTP/1.1 200 OK\r\n\r\nwithout an end");
        },
        ...answering,
      });
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 300000\r\n\r\nfirst`);
      await client.until("without an end");
      client.socket.resetAndDestroy();
      expect(await stage.ended(1)).toMatchObject([{ ending: "client_aborted" }]);
      await stage.app.until(() => stage.app.sockets.size === 0);
      expect((await (await stage.client()).ask(get("/next"))).body.toString()).toBe("/next");
    });

    it("a request that comes behind one that was cut is not executed", async () => {
      await set({});
      const client = await stage.client();
      client.send(get("/cut"));
      await stage.app.until(() => stage.app.requests.length === 1);
      stage.app.behaviour = answering;
      client.send(`${EMPTY_POST}CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n`);
      while (stage.tickets.account().accepted < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(stage.engine.cut()).toBeGreaterThan(0);
      await client.ended();
      expect(targets()).toEqual(["/cut"]);
      expect(stage.tickets.account().inFlight).toBe(0);
    });

    it("the end of lame duck spares a connection of whose next request a part came with the last one", async () => {
      let answer: () => void = () => {};
      await set({
        onRequest: ({ socket, target }) => {
          if (target === "/first") answer = () => socket.write(counted("first"));
          else socket.write(counted("second"));
        },
      });
      const client = await stage.client();
      client.send(`${get("/first")}POST /sec`);
      await stage.app.until(() => stage.app.requests.length === 1);
      answer();
      await client.answer();
      const idler = await stage.client();
      await idler.ask(get("/idler"));
      stage.engine.windDown(0);
      await idler.ended();
      const second = await client.ask(`ond HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`);
      expect([second.body.toString(), fieldOf(second, "connection")]).toEqual(["second", "close"]);
    });
  });

  describe("requests for node's client", () => {
    afterEach(() => stage.stop());
    const EXPECTING = `POST / HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 9000000\r\n\r\n`;

    it("an app that reads nothing of an upload with Expect is given up with 504", async () => {
      await set({ onConnection: (socket) => setImmediate(() => socket.pause()) }, short);
      const client = await stage.client();
      client.send(EXPECTING);
      client.send(Buffer.alloc(9_000_000));
      expect(fieldOf(await client.answer(), "sluice-error")).toBe("APP_TIMEOUT");
    });

    it("a client that waits for its 100 is not blamed for an app that never says it", async () => {
      await set({}, { limits: { responseTimeoutMs: 300, bodyTimeoutMs: 50 } });
      const client = await stage.client();
      client.send(EXPECTING);
      expect(fieldOf(await client.answer(), "sluice-error")).toBe("APP_TIMEOUT");
    });

    it.each([
      "Expect: 100-continue\r\nContent-Length: 0\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket\r\n",
    ])("101 without Upgrade is no answer (%j)", async (fields) => {
      await set({ onRequest: ({ socket }) => socket.write("HTTP/1.1 101 Sure\r\n\r\n") });
      const client = await stage.client();
      client.send(`GET / HTTP/1.1\r\n${HEAD}${fields}\r\n`);
      expect((await client.next()).status).toBe(502);
      expect(await stage.ended(1)).toMatchObject([{ ending: "failed", code: "APP_MALFORMED" }]);
    });
  });
}

const short: StageOptions = { limits: { responseTimeoutMs: 300 } };
