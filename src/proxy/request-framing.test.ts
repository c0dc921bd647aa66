import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { framingOf } from "./framing.ts";
import { checkHead } from "./request-check.ts";

// node's own parser as the oracle: whatever passes our check, it must read with the same end of the message, since an
// app may well be a node server. The request after it on the connection shows where it saw the end.

let server: Server;
/** What the server saw on the present connection: one "METHOD target body" a request, or "refused". */
let seen: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      seen.push(`${request.method} ${request.url} ${Buffer.concat(parts).toString("latin1")}`);
      response.end();
    });
  });
  server.on("clientError", (_error, socket) => {
    seen.push("refused");
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function whatNodeReads(bytes: string): Promise<string[]> {
  seen = [];
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  socket.end(Buffer.from(bytes, "latin1"));
  await once(socket, "close");
  return seen;
}

const field = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom("Content-Length: 5", "content-length: 0", "Transfer-Encoding: chunked"),
  },
  fc.constantFrom(
    ...[
      "Content-Length: 5, 5",
      "Content-Length: +5",
      "Content-Length: 05",
      "Transfer-Encoding: Chunked",
      "X: y",
    ],
    ...[
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: identity",
      "Accept: */*",
      "Connection: keep-alive",
    ],
    ...[
      "Connection: Content-Length",
      "Trailer: X-Sum",
      "TE: trailers",
      "Host: b",
      "Content-Length : 5",
      "X-\x80: y",
    ],
  ),
);
const request = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE", "OPTIONS", "PUT", "HEAD"),
  target: fc.constantFrom("/", "/a?b", "*", "http://a/x", "/a|b", "http://b/"),
  httpVersion: fc.constantFrom("1.1", "1.1", "1.0"),
  fields: fc.array(field, { maxLength: 4 }),
});

it("what passes the check is read by node with the same end of the message", async () => {
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(request, async ({ method, target, httpVersion, fields }) => {
      const all = ["Host: a", ...fields];
      const rawHeaders = all.flatMap((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      });
      const limits = { maxHeadBytes: 8192, maxTargetBytes: 4096, maxFields: 100 };
      if (checkHead({ method, target, httpVersion, rawHeaders }, limits) !== undefined) return;
      passed++;

      const framing = framingOf(rawHeaders, httpVersion);
      const body =
        framing.kind === "none" || (framing.kind === "counted" && framing.length === 0) ? "" : "GET /";
      const wire = framing.kind === "chunked" ? `5\r\n${body}\r\n0\r\n\r\n` : body;
      const head = `${method} ${target} HTTP/${httpVersion}\r\n${all.join("\r\n")}\r\n\r\n`;
      // An HTTP/1.0 connection ends with its request: node takes what follows for an error.
      const after = httpVersion === "1.1" ? "GET /after HTTP/1.1\r\nHost: a\r\n\r\n" : "";
      const expected = [`${method} ${target} ${body}`, ...(after ? ["GET /after "] : [])];
      expect(await whatNodeReads(head + wire + after)).toEqual(expected);
    }),
    { numRuns: 400 },
  );
  expect(passed).toBeGreaterThan(50);
});
