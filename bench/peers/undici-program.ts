// The least proxy that node:http and undici make together: `node undici-program.ts PORT APP_PORT`. It drops the
// hop-by-hop fields, tells the app who asked, and passes both bodies on with backpressure. No upgrades.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Pool } from "undici";

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const [port, app] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${app}`, { connections: 1_024, pipelining: 1 });

function forwarded({ rawHeaders, socket, headers }: IncomingMessage): string[] {
  const fields: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (!HOP_BY_HOP.has(name.toLowerCase())) fields.push(name, rawHeaders[at + 1] ?? "");
  }
  fields.push("X-Forwarded-For", socket.remoteAddress ?? "", "X-Forwarded-Proto", "http");
  fields.push("X-Forwarded-Host", headers.host ?? "");
  return fields;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

function exchange(request: IncomingMessage, answer: ServerResponse): void {
  pool.dispatch(
    {
      path: request.url ?? "/",
      method: request.method ?? "GET",
      headers: forwarded(request),
      body: hasBody(request) ? request : null,
    },
    {
      onRequestStart() {},
      onResponseStart(controller, status, headers) {
        for (const name of HOP_BY_HOP) delete headers[name];
        answer.writeHead(status, headers);
        answer.on("drain", () => controller.resume());
        answer.once("close", () => {
          if (!answer.writableFinished) controller.abort(new Error("the client has left"));
        });
      },
      onResponseData(controller, chunk) {
        if (!answer.write(chunk)) controller.pause();
      },
      onResponseEnd() {
        answer.end();
      },
      onResponseError() {
        if (answer.headersSent) answer.destroy();
        else answer.writeHead(502).end();
      },
    },
  );
}

const server = createServer(exchange);
server.keepAliveTimeout = 650_000;
server.headersTimeout = 10_000;
server.listen({ host: "127.0.0.1", port, backlog: 4_096 });
