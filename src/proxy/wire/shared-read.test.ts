import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { SharedRead } from "./shared-read.ts";

const open: { destroy?: () => void; close?: () => void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) (one.destroy ?? one.close)?.call(one);
});

async function accept(prepare: (socket: Socket) => void): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true }, prepare);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  open.push(client, server);
  return client;
}

it("this node reads accepted sockets into one buffer, waits while they are paused, and tells of their end", async () => {
  const buffer = Buffer.alloc(1024);
  const reads: string[] = [];
  const seen = Promise.withResolvers<string[]>();
  const client = await accept((socket) => {
    const isShared = new SharedRead(buffer).start(socket, (length, bytes) => {
      expect(bytes).toBe(buffer);
      reads.push(bytes.toString("latin1", 0, length));
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    expect(isShared).toBe(true);
    socket.on("end", () => seen.resolve(reads));
  });
  client.write("one");
  setTimeout(() => client.end("two"), 20);
  expect((await seen.promise).join("")).toBe("onetwo");
});

it("a node with other names inside reads by events", async () => {
  const seen = Promise.withResolvers<string>();
  const client = await accept((socket) => {
    for (const symbol of Object.getOwnPropertySymbols(socket))
      if (symbol.description === "kBufferCb") Reflect.set(socket, symbol, undefined);
    const isShared = new SharedRead(Buffer.alloc(10)).start(socket, (length, bytes) =>
      seen.resolve(bytes.toString("latin1", 0, length)),
    );
    expect(isShared).toBe(false);
  });
  client.write("hello");
  expect(await seen.promise).toBe("hello");
});
