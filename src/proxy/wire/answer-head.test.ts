import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerCheck } from "../answer-check.ts";
import { answerFraming } from "../framing.ts";
import { responseFields } from "../headers/response.ts";
import { AnswerHead } from "./answer-head.ts";
import { rewriteAnswer } from "./answer-rewrite.ts";
import { AnswerScan } from "./answer-scan.ts";
import { BAD, MORE } from "./field-lines.ts";
import { answerText, readText } from "./head.fixture.ts";

const LIMITS = { maxHeadBytes: 16_384, maxFields: 100 };

function read(text: string, method = "GET", limits = LIMITS) {
  const bytes = Buffer.from(text, "latin1");
  const head = new AnswerHead(new AnswerScan(limits));
  const end = head.scan.scan(bytes, 0, bytes.length);
  const verdict = end === BAD ? "bad" : end === MORE ? "more" : head.read(bytes, method) ? "good" : "bad";
  return { bytes, head, end, verdict };
}

function readAsText(text: string, method: string) {
  const head = readText(text);
  // The reason may be missing, and its space with it; a control character in it is not passed on.
  const parts = /^HTTP\/(1\.[01]) (\d{3})(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(head?.line ?? "");
  if (!head || !parts) return undefined;
  return {
    status: Number(parts[2]),
    httpVersion: parts[1]!,
    reason: parts[3] ?? "",
    rawHeaders: head.fields,
    method,
  };
}

const isCut = (text: string) => text.indexOf("\r\n\r\n") !== text.length - 4;

describe("an answer's head", () => {
  it("is passed on exactly where the rules over text allow it, with the same framing", () => {
    let accepted = 0;
    fc.assert(
      fc.property(answerText, fc.constantFrom("GET", "HEAD"), (text, method) => {
        fc.pre(!isCut(text));
        const asText = readAsText(text, method);
        const isGood = asText !== undefined && answerCheck(asText, LIMITS) === undefined;
        const { verdict, head } = read(text, method);
        expect(verdict).toBe(isGood ? "good" : "bad");
        if (!isGood) return;
        accepted++;
        const framing = answerFraming(asText);
        expect(head.framing).toBe(framing.kind);
        if (framing.kind === "counted") expect(head.length).toBe(framing.length);
      }),
      { numRuns: 4000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  it("reaches the client with the fields that the rules over text give it, in their order", () => {
    let compared = 0;
    fc.assert(
      fc.property(answerText, fc.boolean(), fc.boolean(), (text, via, chunked) => {
        fc.pre(!isCut(text));
        const { bytes, head, verdict } = read(text);
        const asText = readAsText(text, "GET");
        fc.pre(verdict === "good" && asText !== undefined && asText.status >= 200);
        compared++;
        const keepUpgrade = asText.status === 426;
        const out = readText(rewriteAnswer(bytes, head, { via, chunked, connection: undefined, date: "" }))!;
        const expected = responseFields(asText.rawHeaders, { via, keepUpgrade, chunked });
        expect(withoutFraming(out.fields)).toEqual(expected);
        const said = framingFields(out.fields);
        if (chunked) expect(said).toEqual(["chunked"]);
        else
          expect(said).toEqual(
            head.length >= 0 && asText.status !== 204 ? [expect.stringMatching(/^\d+$/)] : [],
          );
        expect(out.line).toMatch(/^HTTP\/1\.1 \d{3} /);
      }),
      { numRuns: 6000 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  it("is found to go on, or refused, at whatever byte it is cut", () => {
    fc.assert(
      fc.property(answerText, fc.nat(), (text, cut) => {
        fc.pre(!isCut(text));
        const part = read(text.slice(0, cut % text.length));
        if (part.verdict !== "more") expect(part.verdict).toBe(read(text).verdict);
      }),
      { numRuns: 3000 },
    );
  });

  it("says whether the app keeps its connection, and for how long", () => {
    const persists = (head: string) => read(`${head}\r\n\r\n`).head.persists;
    expect(persists("HTTP/1.1 200 OK")).toBe(true);
    expect(persists("HTTP/1.1 200 OK\r\nConnection: Close")).toBe(false);
    expect(persists("HTTP/1.1 200 OK\r\nConnection: x, close")).toBe(false);
    expect(persists("HTTP/1.0 200 OK")).toBe(false);
    expect(persists("HTTP/1.0 200 OK\r\nConnection: keep-alive")).toBe(true);
    const kept = (value: string) => read(`HTTP/1.1 200 OK\r\nKeep-Alive: ${value}\r\n\r\n`).head.keepAliveMs;
    expect([kept("timeout=5, max=100"), kept("max=100"), kept("max=1, timeout=3")]).toEqual([5000, 0, 3000]);
    expect(kept("timeout=0")).toBe(1);
  });

  it("of an app that speaks HTTP/2 is named as what it is", () => {
    const { head, verdict } = read("\x00\x00\x12\x04\x00\x00\x00\x00\x00");
    expect([verdict, head.scan.cause]).toEqual(["bad", "the app speaks HTTP/2"]);
  });
});

const FRAMING = ["content-length", "transfer-encoding"];

function withoutFraming(fields: readonly string[]): string[] {
  return pairs(fields)
    .filter(([name]) => !FRAMING.includes(name.toLowerCase()))
    .flat();
}

function framingFields(fields: readonly string[]): string[] {
  return pairs(fields)
    .filter(([name]) => FRAMING.includes(name.toLowerCase()))
    .map(([, value]) => value.toLowerCase());
}

function pairs(fields: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) out.push([fields[i]!, fields[i + 1]!]);
  return out;
}
