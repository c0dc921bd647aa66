// @fastify/http-proxy as a server of its own: `node fastify-program.ts PORT APP_PORT`.

import proxy from "@fastify/http-proxy";
import { fastify } from "fastify";

const [port, app] = process.argv.slice(2).map(Number);
const server = fastify({ keepAliveTimeout: 650_000, http: { headersTimeout: 10_000 } });
await server.register(proxy, {
  upstream: `http://127.0.0.1:${app}`,
  websocket: true,
  undici: { connections: 1_024, pipelining: 1 },
  // Left to itself it passes the app's `Connection: keep-alive` on to clients whose connections it then closes.
  replyOptions: { rewriteHeaders: ({ connection: _, ...headers }) => headers },
});
await server.listen({ host: "127.0.0.1", port: port ?? 0, backlog: 4_096 });
