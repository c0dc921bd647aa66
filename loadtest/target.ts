// Load on a target that runs already, judged by the client's account alone.

import type { Order } from "./arguments.ts";
import { courseOf } from "./course.ts";
import { median, milliseconds, percentile } from "./figures.ts";
import { tally } from "./ledger.ts";
import { FIGURES_MIX, type Mix, WIDE_MIX } from "./mix.ts";
import { createPattern, type Pattern } from "./pattern.ts";
import type { Progress } from "./progress.ts";
import { type Check, createQuestion, fieldOf, NO_BODIES } from "./question.ts";
import { createRandom } from "./random.ts";
import { targetReport } from "./report-file.ts";
import { createStrictClient } from "./strict-client.ts";
import { openConnection } from "./strict-connection.ts";
import { count } from "./table.ts";
import { followTimeline } from "./timeline.ts";

type TargetOrder = Extract<Order, { do: "target" }>;

const GET_MIX: Mix = { methods: { GET: 1 }, upload: [0, 0], download: [0, 4_096], chunked: 0.2 };
const MIXES = { figures: FIGURES_MIX, wide: WIDE_MIX, get: GET_MIX };

/** Asks one numbered question to find out whether the target is the recording app. */
function recognise(host: string, port: number, pattern: Pattern): Promise<Check> {
  const wish = { method: "GET", ...NO_BODIES } as const;
  const question = createQuestion(
    { number: 0, run: "probe", host: `${host}:${port}`, closes: true },
    wish,
    pattern,
  );
  return new Promise((resolve, reject) => {
    const connection = openConnection({ host, port }, () => {});
    connection.ask(question, ({ answer, loss, detail }) => {
      if (answer) resolve(fieldOf(answer.head.fields, "x-number") === "0" ? "app" : "framing");
      else reject(new Error(`${host}:${port}: ${loss} ${detail}`));
    });
    setTimeout(() => connection.giveUp(), 5_000).unref();
  });
}

/** Resolves with the text or JSON to print, the report's page, and whether every request was answered as it should. `stopped` ends it early. */
export async function loadTarget(
  order: TargetOrder,
  progress: Progress,
  stopped: Promise<void>,
): Promise<{ text: string; page: () => string; ok: boolean }> {
  const host = order.url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(order.url.port || 80);
  const pattern = createPattern();
  const check = await recognise(host, port, pattern);
  const path = check === "framing" ? { path: `${order.url.pathname}${order.url.search}` } : {};
  progress.say(
    check === "app"
      ? `${order.url}: a recording app answers; versions, numbers and bodies are checked`
      : `${order.url}: not a recording app; GETs of ${path.path}, checked for framing and a status below 400`,
  );
  const timeline = order.events === undefined ? undefined : await followTimeline(order.events);
  timeline
    ?.wait(
      (event) => {
        progress.say(`${new Date().toISOString().slice(11, 23)}  ${event.type}: ${event.message}`);
        return false;
      },
      2 ** 31 - 1,
    )
    .catch(() => {});

  let numbers = 0;
  const client = createStrictClient({
    host,
    port,
    run: order.seed.toString(36),
    nextNumber: () => ++numbers,
    random: createRandom(order.seed),
    pattern,
    mix: check === "app" ? MIXES[order.mix] : GET_MIX,
    check,
    connections: order.connections,
    rate: order.rate,
    keepAlive: !order.fresh,
    answerTimeoutMs: 30_000,
    ...path,
  });
  progress.watch(
    () => [client],
    order.url.host,
    () => "",
  );
  client.start();
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    stopped,
    new Promise((resolve) => (timer = setTimeout(resolve, order.seconds * 1000))),
  ]);
  clearTimeout(timer);
  await client.stop();
  timeline?.close();
  progress.watch(undefined, "", () => "");

  const { entries, ends } = client;
  const lost = entries.filter(({ failure }) => failure !== undefined);
  const latencies = entries
    .filter(({ failure }) => failure === undefined)
    .map(({ sentAt, doneAt }) => doneAt - sentAt);
  const summary = {
    url: order.url.href,
    check,
    begun: entries.length,
    written: entries.filter(({ written }) => written).length,
    verified: entries.length - lost.length,
    byVersion: Object.fromEntries(
      tally(
        entries.filter(({ failure }) => failure === undefined),
        ({ version }) => version ?? "unknown",
      ),
    ),
    medianMs: median(latencies),
    p99Ms: percentile(latencies, 0.99),
    failures: Object.fromEntries(tally(lost, ({ failure }) => failure ?? "")),
    ends: Object.fromEntries(tally(ends, ({ end }) => end)),
    lost: lost.map(({ number, method, failure, detail }) => ({ number, method, failure, detail })),
    seed: order.seed,
  };
  const course = courseOf(entries, timeline?.happenings ?? [], []);
  const page = () => targetReport(summary, course, new Date().toISOString());
  const pairs = (record: Readonly<Record<string, number>>) =>
    Object.entries(record)
      .map(([name, times]) => `${count(times)} x ${name}`)
      .join(", ") || "none";
  const lines = [
    `${count(summary.begun)} requests begun, ${count(summary.written)} written, ${count(summary.verified)} verified (${pairs(summary.byVersion)})`,
    `latency: median ${milliseconds(summary.medianMs)}, p99 ${milliseconds(summary.p99Ms)}`,
    `connections: ${pairs(summary.ends)}`,
    `lost: ${pairs(summary.failures)}`,
    ...summary.lost
      .slice(0, 50)
      .map(({ number, method, failure, detail }) => `  ${method} ${number}: ${failure} (${detail})`),
    ...(lost.length > 50 ? [`  and ${lost.length - 50} more (--output json lists all)`] : []),
  ];
  const text = order.json ? `${JSON.stringify(summary, undefined, 2)}\n` : `${lines.join("\n")}\n`;
  return { text, page, ok: lost.length === 0 && entries.length > 0 };
}
