// The audience's clients: GETs and POSTs over connections that stay open, each answer checked, nothing ever retried.

import { createHash } from "node:crypto";
import { type Answer, NO_BODIES, type Question } from "../loadtest/question.ts";
import { type Outcome, openConnection, type StrictConnection } from "../loadtest/strict-connection.ts";

export interface LoadCounts {
  readonly gets: number;
  readonly posts: number;
  /** Whole and right answers, by the version that gave them. */
  readonly answeredBy: ReadonlyMap<string, number>;
  /** One line for each request that got no right answer. */
  readonly failures: readonly string[];
  readonly inFlight: number;
  /** The longest wait for an answer since the last call of `slowest`, ms. */
  slowest(): number;
}

export interface Load {
  readonly counts: LoadCounts;
  /** Sends no more, and resolves when everything in flight has ended. */
  stop(): Promise<void>;
}

const CONNECTIONS = 24;
const PAUSE_MS = 50;
const POST_SHARE = 0.3;
const ANSWER_WITHIN_MS = 10_000;
const BODY_BYTES = 2_000;

export function startLoad(address: { readonly host: string; readonly port: number }): Load {
  const answeredBy = new Map<string, number>();
  const failures: string[] = [];
  const lanes: Promise<void>[] = [];
  const open = new Set<StrictConnection>();
  let numbers = 0;
  let gets = 0;
  let posts = 0;
  let inFlight = 0;
  let slowest = 0;
  let isStopping = false;

  function compose(): Question {
    const number = ++numbers;
    const isPost = Math.random() < POST_SHARE;
    const body = isPost ? Buffer.alloc(BODY_BYTES, `request ${number} `) : Buffer.alloc(0);
    const sha256 = createHash("sha256").update(body).digest("hex");
    if (isPost) posts++;
    else gets++;
    const fields = [
      `${isPost ? "POST" : "GET"} /digest HTTP/1.1`,
      `Host: ${address.host}:${address.port}`,
      `X-Request-Id: demo-${number}`,
      // With it a POST may be sent again, should the app die with it: the app acts on a key once.
      ...(isPost ? [`Content-Length: ${body.length}`, `Idempotency-Key: demo-${number}`] : []),
    ];
    const bytes = Buffer.concat([Buffer.from(`${fields.join("\r\n")}\r\n\r\n`, "latin1"), body]);
    return { number, sha256, bytes, wish: { ...NO_BODIES, method: isPost ? "POST" : "GET" } };
  }

  function connection(): StrictConnection {
    const made = openConnection(address, (end, detail) => {
      open.delete(made);
      if (end === "unasked bytes") failures.push(`bytes that nobody asked for: ${detail}`);
    });
    open.add(made);
    return made;
  }

  function take({ question, answer, loss, detail, sentAt, doneAt }: Outcome): void {
    slowest = Math.max(slowest, doneAt - sentAt);
    const verdict = answer ? check(question, answer) : { wrong: `${loss} ${detail}` };
    if ("version" in verdict) answeredBy.set(verdict.version, (answeredBy.get(verdict.version) ?? 0) + 1);
    else failures.push(`${question.wish.method} demo-${question.number}: ${verdict.wrong}`);
  }

  async function drive(): Promise<void> {
    let current: StrictConnection | undefined;
    while (!isStopping) {
      const lane = current?.usable ? current : connection();
      current = lane;
      inFlight++;
      const outcome = await new Promise<Outcome>((resolve) => {
        const limit = setTimeout(() => lane.giveUp(), ANSWER_WITHIN_MS);
        lane.ask(compose(), (ended) => {
          clearTimeout(limit);
          resolve(ended);
        });
      });
      inFlight--;
      take(outcome);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
    }
  }

  for (let index = 0; index < CONNECTIONS; index++) lanes.push(drive());

  return {
    counts: {
      get gets() {
        return gets;
      },
      get posts() {
        return posts;
      },
      answeredBy,
      failures,
      get inFlight() {
        return inFlight;
      },
      slowest() {
        const longest = slowest;
        slowest = 0;
        return longest;
      },
    },
    async stop() {
      isStopping = true;
      await Promise.all(lanes);
      for (const each of [...open]) each.close();
    },
  };
}

/** The version that answered, if the answer is whole and belongs to the question; else what is wrong with it. */
function check(question: Question, answer: Answer): { version: string } | { wrong: string } {
  const text = answer.body.toString("utf8");
  if (answer.head.status !== 200) return { wrong: `${answer.head.status} ${text.trim()}` };
  try {
    const { version, sha256 } = JSON.parse(text) as { version?: unknown; sha256?: unknown };
    if (typeof version !== "string") return { wrong: "the answer names no version" };
    return sha256 === question.sha256
      ? { version }
      : { wrong: "the app received another body than was sent" };
  } catch {
    return { wrong: `not the app's answer: ${text.slice(0, 60)}` };
  }
}
