import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { framingOf } from "../framing.ts";
import { requestFields } from "../headers/request.ts";
import { requestIdOf } from "../headers/request-id.ts";
import { tracedFields } from "../headers/trace-fields.ts";
import { checkHead, type HeadLimits, type RequestHead as TextHead } from "../request-check.ts";
import { originForm } from "../target.ts";
import { BAD, MORE } from "./field-lines.ts";
import { readText, requestText } from "./head.fixture.ts";
import { RequestHead } from "./request-head.ts";
import { rewriteRequest } from "./request-rewrite.ts";
import { RequestScan } from "./request-scan.ts";

const LIMITS: HeadLimits = { maxHeadBytes: 16_384, maxTargetBytes: 8192, maxFields: 100 };
const ORIGIN = { client: "10.0.0.1", trusted: false, requestId: "made", via: false, isTraced: false };

function read(text: string, limits = LIMITS, trusted = false) {
  const bytes = Buffer.from(text, "latin1");
  const head = new RequestHead(new RequestScan(limits));
  const end = head.scan.scan(bytes, 0, bytes.length);
  const verdict =
    end === BAD
      ? head.scan.fault
      : end === MORE
        ? "MORE"
        : !head.read(bytes, trusted, { soundHost: "" })
          ? "MALFORMED_REQUEST"
          : head.addressFault;
  return { bytes, head, end, verdict };
}

/** The same by the rules over text. */
function readAsText(text: string): TextHead | undefined {
  const head = readText(text);
  const parts = /^(\S*) ([^ ]*) HTTP\/(\d\.\d)$/.exec(head?.line ?? "");
  if (!head || !parts) return undefined;
  return { method: parts[1]!, target: parts[2]!, httpVersion: parts[3]!, rawHeaders: head.fields };
}

/** Where the text has lines that some reader could take for two, or for one, the verdict does not hang on their content. */
const isCut = (text: string) => text.indexOf("\r\n\r\n") !== text.length - 4;

describe("a request's head", () => {
  it("is accepted exactly where the rules over text accept it", () => {
    let accepted = 0;
    fc.assert(
      fc.property(requestText, (text) => {
        fc.pre(!isCut(text));
        const asText = readAsText(text);
        const expected = asText ? checkHead(asText, LIMITS) : "MALFORMED_REQUEST";
        const { verdict, end } = read(text);
        if (expected === undefined) {
          accepted++;
          expect(verdict).toBeUndefined();
          expect(end).toBe(text.length);
        } else expect(verdict).toBeDefined();
      }),
      { numRuns: 4000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  it("is found to go on, or refused for the same reason, at whatever byte it is cut", () => {
    fc.assert(
      fc.property(requestText, fc.nat(), (text, cut) => {
        fc.pre(!isCut(text));
        const whole = read(text).verdict;
        const part = read(text.slice(0, cut % text.length)).verdict;
        if (part !== "MORE") expect(part).toBe(whole);
      }),
      { numRuns: 3000 },
    );
  });

  it("reaches the app with the fields that the rules over text give it, in their order", () => {
    let compared = 0;
    fc.assert(
      fc.property(requestText, fc.boolean(), fc.boolean(), fc.boolean(), (text, trusted, via, isTraced) => {
        fc.pre(!isCut(text));
        const { bytes, head, verdict } = read(text, LIMITS, trusted);
        const asText = readAsText(text);
        fc.pre(verdict === undefined && asText !== undefined);
        compared++;
        const requestId = requestIdOf(asText.rawHeaders) ?? "made";
        const origin = { ...ORIGIN, trusted, via, requestId, isTraced };
        const out = readText(rewriteRequest(bytes, head, head.opensWebSocket, origin))!;
        const framing = framingOf(asText.rawHeaders, asText.httpVersion);
        let expected = requestFields(asText.rawHeaders, {
          ...origin,
          scheme: "http",
          httpVersion: asText.httpVersion === "1.1" ? "1.1" : "1.0",
          keepUpgrade: head.opensWebSocket,
          keepExpect: asText.httpVersion === "1.1",
          chunked: framing.kind === "chunked",
        });
        if (isTraced) expected = tracedFields(expected, []);
        expect(out.line).toBe(`${asText.method} ${originForm(asText.method, asText.target)} HTTP/1.1`);
        expect(withoutFraming(out.fields)).toEqual(expected);
        expect(framingOf(out.fields, "1.1")).toEqual(framing);
      }),
      { numRuns: 6000 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  it("says how the body is framed, whether the client goes on, and what it waits for", () => {
    const { head } = read(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0042\r\nExpect: 100-continue\r\nIdempotency-Key: k\r\n\r\n",
    );
    expect(head).toMatchObject({
      length: 42,
      chunked: false,
      persists: false,
      expects: true,
      hasIdempotencyKey: true,
      host: "a",
    });
    expect(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").head.persists).toBe(true);
    expect(read("GET / HTTP/1.0\r\n\r\n").head.persists).toBe(false);
  });

  it("is refused at the first byte, and at the first field line, beyond the limit", () => {
    const limits = { maxHeadBytes: 60, maxTargetBytes: 20, maxFields: 3 };
    const head = (fields: string) => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
    expect(read(head(`X: ${"x".repeat(28)}\r\n`), limits).verdict).toBeUndefined();
    expect(read(head(`X: ${"x".repeat(29)}\r\n`), limits).verdict).toBe("HEAD_TOO_LARGE");
    expect(read(head("X: 1\r\n".repeat(2)), limits).verdict).toBeUndefined();
    expect(read(head("X: 1\r\n".repeat(3)), limits).verdict).toBe("HEAD_TOO_LARGE");
    expect(read(`GET /${"x".repeat(19)} HTTP/1.1\r\n`, limits).verdict).toBe("MORE");
    expect(read(`GET /${"x".repeat(20)}`, limits).verdict).toBe("TARGET_TOO_LONG");
    expect(read(`GET / HTTP/1.1\r\nX: ${"x".repeat(60)}`, limits).verdict).toBe("HEAD_TOO_LARGE");
  });

  it.each([
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00", "MALFORMED_REQUEST"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "MALFORMED_REQUEST"],
    ["PROXY protocol, version 1", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", "MALFORMED_REQUEST"],
    ["PROXY protocol, version 2", "\r\n\r\n\x00\r\nQUIT\n", "MALFORMED_REQUEST"],
    ["HTTP/0.9", "GET /\r\n", "MALFORMED_REQUEST"],
    ["another version", "GET / HTTP/1.2\r\n", "VERSION_REFUSED"],
  ])("%s is refused as soon as it is seen", (_what, text, code) => {
    expect(read(text).verdict).toBe(code);
  });
});

function withoutFraming(fields: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (name !== "content-length" && name !== "transfer-encoding") out.push(fields[i]!, fields[i + 1]!);
  }
  return out;
}
