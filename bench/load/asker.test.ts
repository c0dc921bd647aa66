import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { answerIn, createAsker } from "./asker.ts";

test.each([
  ["counted", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true],
  ["without a body", "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", true],
  ["chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true],
  ["a failure", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad", false],
  ["without framing", "HTTP/1.1 200 OK\r\n\r\nok", false],
])("an answer that is %s ends where it ends", (_what, text, isGood) => {
  expect(answerIn(text)).toEqual({ bytes: text.length, isGood });
});

test.each([
  "HTTP/1.1 200 OK\r\nContent-Le",
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
])("an answer that is not whole is waited for", (text) => {
  expect(answerIn(text)).toBeUndefined();
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(onRequest: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => onRequest(socket));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const REQUEST = Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

test("a connection is asked again; one that was closed is dialled anew", async () => {
  const connections = new Set<Socket>();
  let asked = 0;
  const port = await serve((socket) => {
    connections.add(socket);
    const close = ++asked === 2 ? "Connection: close\r\n" : "";
    socket.write(`HTTP/1.1 200 OK\r\n${close}Content-Length: 2\r\n\r\nok`);
  });
  const asker = createAsker(port, REQUEST);
  expect([await asker.ask(), await asker.ask()]).toEqual([true, true]);
  expect(connections.size).toBe(1);
  expect(await asker.ask()).toBe(true);
  expect(connections.size).toBe(2);
  for (const socket of connections) socket.destroy();
});

test("a connection that ends in an answer has failed the request, once", async () => {
  const port = await serve((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"));
  const asker = createAsker(port, REQUEST);
  expect(await asker.ask()).toBe(false);
  expect(asker.isWaiting).toBe(false);
});
