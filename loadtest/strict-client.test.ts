import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { createPattern } from "./pattern.ts";
import { EMPTY_SHA256 } from "./question.ts";
import { createRandom } from "./random.ts";
import { createStrictClient, type LoadOptions, type StrictClient } from "./strict-client.ts";

const pattern = createPattern();
let server: Server | undefined;
let client: StrictClient | undefined;

afterEach(async () => {
  await client?.stop();
  server?.close();
  client = undefined;
  server = undefined;
});

/** The bytes of a right answer from version v1 to a GET. */
function right(number: number, download = 8): { head: string; body: Buffer } {
  const body = Buffer.concat([Buffer.from(`v1 ${number} ${EMPTY_SHA256}\n`), pattern(number, download)]);
  const head = `HTTP/1.1 200 OK\r\nX-Version: v1\r\nX-Number: ${number}\r\nX-Upload-Sha256: ${EMPTY_SHA256}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { head, body };
}

/** A peer that answers each request by hand; `nth` counts the requests of one connection from 1. */
async function serve(onRequest: (socket: Socket, number: number, nth: number) => void): Promise<number> {
  server = createServer((socket) => {
    let nth = 0;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      for (const match of chunk.toString("latin1").matchAll(/(?:GET|HEAD|POST) \/n\/(\d+)/g))
        onRequest(socket, Number(match[1]), ++nth);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Sends until `count` requests have ended, and hands back the client when all is settled. */
async function load(port: number, count: number, more: Partial<LoadOptions> = {}): Promise<StrictClient> {
  let number = 0;
  let reached: (() => void) | undefined;
  const done = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const made = createStrictClient({
    host: "127.0.0.1",
    port,
    run: "test",
    nextNumber: () => {
      if (number >= count) reached?.();
      return ++number;
    },
    random: createRandom(1),
    pattern,
    mix: { methods: { GET: 1 }, upload: [0, 0], download: [8, 8], chunked: 0 },
    check: "app",
    connections: 1,
    rate: 500,
    keepAlive: true,
    answerTimeoutMs: 400,
    ...more,
  });
  client = made;
  made.start();
  await done;
  await made.stop();
  return made;
}

const failures = (made: StrictClient) => made.entries.map((entry) => entry.failure);
const first = (made: StrictClient) => made.entries[0]?.failure;

describe("a strict client", () => {
  it("accepts right answers over one kept-alive connection", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number);
      socket.write(head);
      socket.write(body);
    });
    const made = await load(port, 20);
    expect(failures(made).every((failure) => failure === undefined)).toBe(true);
    expect(made.ends.map(({ end }) => end)).toEqual(["closed by client"]);
  });

  it("takes 1xx answers, chunks of one byte and slices anywhere for what they are", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number);
      const chunks = [...body].map((byte) => `1;x=y\r\n${String.fromCharCode(byte)}\r\n`).join("");
      const text = `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head.replace(/Content-Length: \d+/, "Transfer-Encoding: chunked")}${chunks}0\r\nX-T: 1\r\n\r\n`;
      for (let at = 0; at < text.length; at += 37)
        socket.write(Buffer.from(text.slice(at, at + 37), "latin1"));
    });
    const made = await load(port, 5);
    expect(made.entries.length).toBeGreaterThanOrEqual(5);
    expect(failures(made).every((failure) => failure === undefined)).toBe(true);
  });

  it("notices FIN in the middle of a counted body", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number);
      socket.end(Buffer.concat([Buffer.from(head), body.subarray(0, -1)]));
    });
    const made = await load(port, 3);
    expect(new Set(failures(made))).toEqual(new Set(["cut"]));
  });

  it("notices FIN in place of the last chunk", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number);
      const chunked = head.replace(/Content-Length: \d+/, "Transfer-Encoding: chunked");
      socket.end(
        Buffer.concat([Buffer.from(`${chunked}${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")]),
      );
    });
    expect(first(await load(port, 1))).toBe("cut");
  });

  it("notices RST in the middle of a head", async () => {
    const port = await serve((socket, number) => {
      socket.write(right(number).head.slice(0, 40), () => socket.resetAndDestroy());
    });
    expect(first(await load(port, 1))).toBe("cut by reset");
  });

  it("notices FIN and RST in place of an answer", async () => {
    const port = await serve((socket, number) => {
      if (number % 2 === 0) socket.end();
      else socket.resetAndDestroy();
    });
    const made = await load(port, 6);
    expect(new Set(failures(made))).toEqual(new Set(["closed unanswered", "reset unanswered"]));
  });

  it("names a request that met the idle close of its connection, and counts it", async () => {
    const port = await serve((socket, number, nth) => {
      const { head, body } = right(number);
      if (nth === 1) socket.write(Buffer.concat([Buffer.from(head), body]));
      else socket.end();
    });
    const made = await load(port, 4);
    expect(failures(made).slice(0, 4)).toEqual([
      undefined,
      "raced with idle close",
      undefined,
      "raced with idle close",
    ]);
  });

  it("takes an idle close for what it is when no request is on its way", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number);
      socket.end(Buffer.concat([Buffer.from(head), body]));
    });
    const made = await load(port, 3, { rate: 20 });
    expect(failures(made).every((failure) => failure === undefined)).toBe(true);
    expect(made.ends.some(({ end }) => end === "idle close")).toBe(true);
  });

  it("opens another connection after Connection: close, and says that the close was announced", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number);
      socket.end(Buffer.concat([Buffer.from(head.replace("\r\n", "\r\nConnection: close\r\n")), body]));
    });
    const made = await load(port, 3);
    expect(failures(made).every((failure) => failure === undefined)).toBe(true);
    expect(made.ends.filter(({ end }) => end === "closed as announced").length).toBeGreaterThanOrEqual(3);
  });

  it("notices a doubled answer, glued to the right one or late", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number);
      const whole = Buffer.concat([Buffer.from(head), body]);
      if (number === 1) socket.write(Buffer.concat([whole, whole]));
      else socket.write(whole, () => setTimeout(() => socket.write(whole), 10));
    });
    const made = await load(port, 2, { rate: 20 });
    expect(failures(made)).toContain("unasked bytes");
    expect(new Set(failures(made))).toEqual(new Set(["unasked bytes"]));
  });

  it("notices another request's answer, a wrong byte, a short body, a wrong version line and an upload that arrived changed", async () => {
    const port = await serve((socket, number) => {
      const { head, body } = right(number === 1 ? 7 : number);
      const changed = Buffer.from(body);
      changed[changed.length - 1] = changed.at(-1)! ^ 1;
      const short = body.subarray(0, -1);
      if (number === 1) socket.write(Buffer.concat([Buffer.from(head), body]));
      else if (number === 2) socket.write(Buffer.concat([Buffer.from(head), changed]));
      else if (number === 3)
        socket.write(
          Buffer.concat([Buffer.from(head.replace(/Length: \d+/, `Length: ${short.length}`)), short]),
        );
      else if (number === 4)
        socket.write(Buffer.concat([Buffer.from(head.replace("X-Version: v1", "X-Version: v2")), body]));
      else socket.write(Buffer.concat([Buffer.from(head.replace(EMPTY_SHA256, "0".repeat(64))), body]));
    });
    const made = await load(port, 5);
    expect(failures(made).slice(0, 5)).toEqual([
      "wrong number",
      "wrong body",
      "wrong body",
      "wrong body",
      "wrong upload",
    ]);
  });

  it("notices an answer that does not come", async () => {
    const port = await serve(() => {});
    const made = await load(port, 1);
    expect(first(made)).toBe("timed out");
  });

  it("notices that nobody listens, and that nothing was written", async () => {
    const port = await serve(() => {});
    server?.close();
    const made = await load(port, 2);
    expect(made.entries[0]).toMatchObject({ failure: "refused", written: false });
  });

  it("counts every request that was in flight on a connection that is lost", async () => {
    const port = await serve((socket, number, nth) => {
      const { head, body } = right(number);
      if (nth === 1) socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, 3)]));
      if (nth === 4) socket.resetAndDestroy();
    });
    const made = await load(port, 4, { pipelining: 4 });
    expect(failures(made).slice(0, 4)).toEqual([
      "cut by reset",
      "closed unanswered",
      "closed unanswered",
      "closed unanswered",
    ]);
  });

  it.each([
    ["garbage", "SSH-2.0-OpenSSH\r\n"],
    ["a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"],
    [
      "a length with chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a folded line", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"],
    ["a bad chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"],
    ["no CRLF after a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"],
    ["status 099", "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n"],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ])("refuses an answer with %s", async (_what, text) => {
    const port = await serve((socket) => socket.write(text));
    expect(first(await load(port, 1))).toBe("malformed");
  });

  it("counts an error status as a failure and keeps its text", async () => {
    const port = await serve((socket) =>
      socket.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nHOLD_FULL"),
    );
    const made = await load(port, 1);
    expect(made.entries[0]).toMatchObject({ failure: "bad status", detail: "503 HOLD_FULL", status: 503 });
  });

  it("reads what came while its process could not run, before it asks again", async () => {
    // Its peer answers with a connection's only answer and closes it 80 ms later, in a thread of its own.
    const { head, body } = right(0);
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const server = require("node:net").createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", (chunk) => {
          const number = /\\/n\\/(\\d+)/.exec(chunk.toString("latin1"))[1];
          socket.write(workerData.replaceAll(/(X-Number: |v1 )0/g, "$1" + number), "latin1");
          setTimeout(() => socket.end(), 80);
        });
      });
      server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;
    const peer = new Worker(source, { eval: true, workerData: `${head}${body.toString("latin1")}` });
    const [port] = (await once(peer, "message")) as [number];
    const stall = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    setTimeout(() => setImmediate(stall), 50);
    const made = await load(port, 2, { connections: 1, rate: 5 });
    await peer.terminate();
    expect(failures(made).filter((failure) => failure === "raced with idle close")).toEqual([]);
    expect(made.ends.map(({ end }) => end)).toContain("idle close");
  });
});
