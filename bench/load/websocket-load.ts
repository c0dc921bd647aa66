// WebSockets that each send a message as soon as the last one was answered: `node websocket-load.ts '{"port":…}'` with an
// Order as JSON. Says when all are open, and after the warm-up and at the end how many answers have come.

import { connect } from "node:net";
import { ANSWER, MESSAGE } from "./websocket-message.ts";

export interface Order {
  readonly port: number;
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const HANDSHAKE =
  "GET /ws HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const order = JSON.parse(process.argv[2] ?? "") as Order;
let answered = 0;
let failed = 0;

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: order.port, noDelay: true });
    socket.write(HANDSHAKE);
    let head = "";
    let bytes = 0;
    let isOpen = false;
    socket.on("data", (chunk: Buffer) => {
      if (isOpen) {
        bytes += chunk.length;
        for (; bytes >= ANSWER.length; bytes -= ANSWER.length) {
          answered++;
          socket.write(MESSAGE);
        }
        return;
      }
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      if (!head.startsWith("HTTP/1.1 101 ")) {
        socket.destroy();
        return;
      }
      isOpen = true;
      resolve();
      socket.write(MESSAGE);
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      failed++;
      resolve();
    });
  });
}

function say(event: string): void {
  process.stdout.write(`${JSON.stringify({ event, answered, failed })}\n`);
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

await Promise.all(Array.from({ length: order.connections }, open));
await pause(order.warmUpSeconds);
say("begun");
await pause(order.seconds);
say("done");
