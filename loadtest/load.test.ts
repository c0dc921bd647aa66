import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { startLoad } from "./load.ts";
import { createPattern } from "./pattern.ts";
import { createQuestion, NO_BODIES } from "./question.ts";
import { type Outcome, openConnection } from "./strict-connection.ts";

it("autocannon misses answers that end by FIN in the middle; the strict client names each", async () => {
  let cut = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      cut++;
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");

  const { errors } = await startLoad({
    url: `http://127.0.0.1:${address.port}/`,
    connections: 2,
    rate: 100,
    seconds: 1,
  }).ended;
  expect(cut).toBeGreaterThan(10);
  expect(errors).toBe(0);

  const wish = { method: "GET", ...NO_BODIES } as const;
  const question = createQuestion({ number: 1, run: "cut", host: "x", closes: false }, wish, createPattern());
  const outcome = await new Promise<Outcome>((resolve) =>
    openConnection({ host: "127.0.0.1", port: address.port }, () => {}).ask(question, resolve),
  );
  expect(outcome).toMatchObject({ loss: "cut", answer: undefined });
  server.close();
});
