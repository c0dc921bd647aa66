// Whether two readings of the same bytes agree: the same messages, cut at the same places, or both stop.

import { trailerFields } from "../../src/proxy/headers/trailers.ts";
import type { Difference } from "../difference.ts";
import type { Reading, ReadMessage } from "./reading.ts";

/** What `standard` and `wire` do not agree on; undefined if they do. */
export function differenceOf(standard: Reading, wire: Reading): Difference | undefined {
  const both = Math.min(standard.messages.length, wire.messages.length);
  for (let i = 0; i < both; i++) {
    const found = messageDifference(standard.messages[i]!, wire.messages[i]!);
    if (found) return { ...found, detail: `message ${i}: ${found.detail}` };
  }
  // What is not whole has reached nobody: whether a reader still waits or has refused makes no difference.
  if (standard.messages.length > both)
    return {
      sign: `only standard reads it: ${wire.end === "open" ? "wire waits" : wire.cause}`,
      detail: JSON.stringify(standard.messages[both]),
    };
  if (wire.messages.length > both)
    return {
      sign: `only wire reads it: ${standard.end === "open" ? "standard waits" : standard.cause}`,
      detail: JSON.stringify(wire.messages[both]),
    };
  return undefined;
}

function messageDifference(standard: ReadMessage, wire: ReadMessage): Difference | undefined {
  const differ = (sign: string, a: unknown, b: unknown): Difference => ({
    sign,
    detail: `${JSON.stringify(a)} and ${JSON.stringify(b)}`,
  });
  if (standard.line !== wire.line) return differ("line", standard.line, wire.line);
  if (!equal(standard.fields, wire.fields)) return differ("fields", standard.fields, wire.fields);
  if (standard.framing !== wire.framing) return differ("framing", standard.framing, wire.framing);
  if (standard.body !== wire.body) return differ("body", standard.body, wire.body);
  const trailers = linesOf(trailerFields(standard.trailers));
  if (!equal(trailers, wire.trailers)) return differ("trailers", trailers, wire.trailers);
  if (standard.sent && wire.sent) {
    // Order is kept among what came; where framing and what sluice adds stand is each engine's own affair.
    const a = [...standard.sent].sort();
    const b = wire.sent.map(normal).sort();
    if (!equal(a, b)) return differ("sent", a, b);
  }
  return undefined;
}

function linesOf(fields: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return lines;
}

/** A field line as it means the same in other words: wire passes on what came, standard says it anew. */
function normal(line: string, index: number): string {
  if (index === 0) return line;
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
  if (/^transfer-encoding$/i.test(name)) return "Transfer-Encoding: chunked";
  if (/^content-length$/i.test(name)) return `Content-Length: ${Number(value)}`;
  return `${name}: ${value}`;
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
