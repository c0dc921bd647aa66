// An app that closes idle connections at random, as one does that restarts workers or whose keep-alive time is short:
// `node closing-app.ts PORT`. A request that is on its way when its connection closes is lost, unless the proxy knows better.

import { createServer } from "node:http";
import type { Socket } from "node:net";

/** A connection is closed after 0 to so many ms without a request. */
const LONGEST_IDLE_MS = 20;

const closing = new Map<Socket, NodeJS.Timeout>();

const server = createServer((request, answer) => {
  const { socket } = request;
  clearTimeout(closing.get(socket));
  request.resume();
  request.once("end", () => answer.end("done"));
  answer.once("finish", () => {
    closing.set(
      socket,
      setTimeout(() => socket.destroy(), Math.random() * LONGEST_IDLE_MS),
    );
  });
});
server.on("connection", (socket) => {
  socket.once("close", () => {
    clearTimeout(closing.get(socket));
    closing.delete(socket);
  });
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4_096 });
