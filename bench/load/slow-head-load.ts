// Clients that send a head at a byte a second: `node slow-head-load.ts '{"port":…}'` with an Order as JSON. Says at the end how
// many were told 408, how many were closed or told otherwise, and how many are still there.

import { sendSlowHead } from "../../loadtest/slow-head.ts";

export interface Order {
  readonly port: number;
  readonly clients: number;
  readonly limitSeconds: number;
}

const BYTE_MS = 1_000;

const order = JSON.parse(process.argv[2] ?? "") as Order;
const limitMs = order.limitSeconds * 1_000;
const results = await Promise.all(
  Array.from({ length: order.clients }, () =>
    sendSlowHead({ host: "127.0.0.1", port: order.port }, BYTE_MS, limitMs),
  ),
);
const left = results.filter(({ status, afterMs }) => status === 0 && afterMs >= limitMs - 1);
const ended = results.filter((result) => !left.includes(result)).map(({ afterMs }) => afterMs);
process.stdout.write(
  `${JSON.stringify({
    event: "done",
    told: results.filter(({ status }) => status === 408).length,
    left: left.length,
    lastMs: ended.length === 0 ? 0 : Math.max(...ended),
  })}\n`,
);
