// Whether two engines made the same of one conversation: the same requests at the app, the same answers at the client.

import type { Message } from "../../src/proxy/engine-suite/message-reader.ts";
import type { Difference } from "../difference.ts";
import { answersIn, type Got } from "./answers.ts";
import type { Conversation } from "./conversation.ts";
import type { Played } from "./side.ts";

/** What one engine alone did that none may do; undefined: nothing. */
export function breachOf(played: Played, { methods }: Conversation): Difference | undefined {
  const { unreadable, end, troubles, received } = played;
  if (unreadable.length > 0)
    return { sign: "the app got what cannot be read", detail: unreadable.join("; ") };
  if (end === "hang") return { sign: "hang", detail: received.slice(-300) };
  if (troubles.length > 0) return { sign: "trouble", detail: troubles.join("; ") };
  const got = answersIn(received, methods, false);
  if (got.unreadable) return { sign: "the client got what cannot be read", detail: got.unreadable };
  return undefined;
}

export function differenceOf(
  conversation: Conversation,
  standard: Played,
  wire: Played,
): Difference | undefined {
  const differ = (sign: string, a: unknown, b: unknown): Difference => ({
    sign,
    detail: `standard: ${JSON.stringify(a)}\n  wire:     ${JSON.stringify(b)}`,
  });
  const { methods } = conversation;
  const a = answersIn(standard.received, methods, standard.end === "fin");
  const b = answersIn(wire.received, methods, wire.end === "fin");
  const seen = [standard, wire].map(({ requests }) => requests.map(requestLine));
  const statuses = [statusesOf(a, standard), statusesOf(b, wire)];
  const both = Math.min(standard.requests.length, wire.requests.length);
  for (let i = 0; i < both; i++) {
    const [one, other] = [standard.requests[i]!, wire.requests[i]!];
    if (requestLine(one) !== requestLine(other)) return differ("request line", seen, statuses);
    if (one.body.compare(other.body) !== 0)
      return differ("request body", one.body.toString("latin1"), other.body.toString("latin1"));
    const fields = [one, other].map(endToEnd);
    if (!same(fields)) return differ("request fields", fields[0], fields[1]);
    const framings = [one, other].map(({ framing, body }) => (body.length === 0 ? "none" : framing));
    if (!same(framings)) return differ("request framing", framings[0], framings[1]);
    if (one.trailers.length > 0 && !same([one.trailers, other.trailers]))
      return differ("request trailers", one.trailers, other.trailers);
  }
  if (standard.requests.length !== wire.requests.length)
    return differ(
      `${standard.requests.length > both ? "only standard" : "only wire"} lets a request through`,
      [seen[0], statuses[0]],
      [seen[1], statuses[1]],
    );
  if (!same(statuses)) return differ("answers", statuses[0], statuses[1]);
  const answered = Math.min(a.answers.length, b.answers.length);
  for (let i = 0; i < answered; i++) {
    const [one, other] = [a.answers[i]!, b.answers[i]!];
    if (isOurs(one)) continue;
    if (!isSameLine(one.line, other.line)) return differ("status line", one.line, other.line);
    if (one.body.compare(other.body) !== 0)
      return differ("answer body", one.body.toString("latin1"), other.body.toString("latin1"));
    const fields = [one, other].map(endToEnd);
    if (!same(fields)) return differ("answer fields", fields[0], fields[1]);
    if (!same([one.trailers, other.trailers])) return differ("answer trailers", one.trailers, other.trailers);
  }
  if (!same([a.interims, b.interims])) return differ("interim answers", a.interims, b.interims);
  return undefined;
}

/** What the connection says and what each engine frames and adds in its own place. */
const OWN =
  /^(?:connection|keep-alive|content-length|transfer-encoding|date|x-forwarded-(?:for|proto|host)|x-request-id|te|trailer)$/i;

/** undici writes it first, and its name in its own way. */
const HOST = /^host$/i;

function endToEnd({ fields }: Pick<Message, "fields">): unknown {
  const own = fields.filter(
    ([name]) =>
      OWN.test(name) && !/^(?:connection|keep-alive|content-length|transfer-encoding|date)$/i.test(name),
  );
  return [
    fields.filter(([name]) => HOST.test(name)).map(([, value]) => hostAlike(value)),
    fields.filter(([name]) => !OWN.test(name) && !HOST.test(name)),
    own.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort(),
  ];
}

function requestLine({ line }: Message): string {
  return line;
}

/** Who sent none (HTTP/1.0) gets the app's own, which differs from side to side. */
function hostAlike(value: string): string {
  return value.startsWith("127.0.0.1:") ? "the app" : value;
}

/** A reason with obs-text goes through undici as the standard one, an empty one may. */
function isSameLine(one: string, other: string): boolean {
  const isPlain = (line: string) => /^[\x20-\x7e]*[\x21-\x7e]$/.test(line) && line.length > 12;
  return one === other || (one.slice(0, 12) === other.slice(0, 12) && !(isPlain(one) && isPlain(other)));
}

function isOurs({ fields }: Pick<Message, "fields">): boolean {
  return fields.some(([name]) => name.toLowerCase() === "sluice-error");
}

/**
 * Statuses in order; what sluice says itself by its kind. Whether an app's fault is seen before its head went on, after it, or
 * between, is a matter of packets: 502, a cut answer and none at all are the same failure.
 */
function statusesOf({ answers, isCut }: Got, { requests }: Played): string[] {
  const said = answers.map((answer) => {
    if (!isOurs(answer)) return String(answer.status);
    return answer.status < 500 || answer.status === 501 || answer.status === 505 ? "refused" : "failed";
  });
  while (said.at(-1) === "failed") said.pop();
  // Behind a refusal nothing is read: what is left is the body of one whose request the parser could not tell to be HEAD.
  if (said.at(-1) === "refused") return said;
  return isCut || requests.length > said.length ? [...said, "failed"] : said;
}

function same([one, other]: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
