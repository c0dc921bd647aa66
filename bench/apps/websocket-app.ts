// Answers each WebSocket message by one of the same size: `node websocket-app.ts PORT`. The clients' messages all have the
// size of MESSAGE, so that counting bytes is enough, and the app stays cheap.

import { createServer } from "node:http";
import { acceptOf } from "../../loadtest/websocket-frame.ts";
import { ANSWER, MESSAGE } from "../load/websocket-message.ts";

const server = createServer((_request, answer) => answer.end("a WebSocket app"));
server.on("upgrade", (request, socket) => {
  const accept = acceptOf(request.headers["sec-websocket-key"] ?? "");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    for (; bytes >= MESSAGE.length; bytes -= MESSAGE.length) socket.write(ANSWER);
  });
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
});
server.listen(Number(process.argv[2]), "127.0.0.1");
