// http-proxy-3 as a server of its own: `node http-proxy-program.ts PORT APP_PORT`.

import { Agent, createServer, ServerResponse } from "node:http";
import { createProxyServer } from "http-proxy-3";

const [port, app] = process.argv.slice(2).map(Number);
const proxy = createProxyServer({
  target: `http://127.0.0.1:${app}`,
  agent: new Agent({ keepAlive: true, maxFreeSockets: 1_024 }),
  xfwd: true,
});
proxy.on("error", (_error, _request, answer) => {
  if (!(answer instanceof ServerResponse)) answer.destroy();
  else if (answer.headersSent) answer.destroy();
  else answer.writeHead(502).end();
});
const server = createServer((request, answer) => void proxy.web(request, answer));
server.on("upgrade", (request, socket, head) => void proxy.ws(request, socket, head));
server.keepAliveTimeout = 650_000;
server.headersTimeout = 10_000;
server.listen({ host: "127.0.0.1", port, backlog: 4_096 });
