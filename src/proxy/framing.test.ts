import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerFraming, framingOf } from "./framing.ts";

const CL = "Content-Length";
const TE = "Transfer-Encoding";
const MALFORMED = { kind: "malformed" };

describe("the body of a request (RFC 9112 6.3)", () => {
  it("is none, counted or chunked", () => {
    expect(framingOf([], "1.1")).toEqual({ kind: "none" });
    expect(framingOf([CL, "0"], "1.1")).toEqual({ kind: "counted", length: 0 });
    expect(framingOf(["content-length", "0042"], "1.0")).toEqual({ kind: "counted", length: 42 });
    expect(framingOf(["TRANSFER-ENCODING", "Chunked"], "1.1")).toEqual({ kind: "chunked" });
    expect(framingOf([CL, String(Number.MAX_SAFE_INTEGER)], "1.1").kind).toBe("counted");
  });

  const smuggled: readonly (readonly [name: string, fields: readonly string[], version?: string])[] = [
    ["CL with TE", [CL, "5", TE, "chunked"]],
    ["TE with CL", [TE, "chunked", CL, "5"]],
    ["two CL", [CL, "5", CL, "6"]],
    ["two equal CL", [CL, "5", "content-length", "5"]],
    ["CL as a list", [CL, "5, 5"]],
    ["empty CL", [CL, ""]],
    ["negative CL", [CL, "-1"]],
    ["signed CL", [CL, "+5"]],
    ["hexadecimal CL", [CL, "0x5"]],
    ["CL with an exponent", [CL, "1e3"]],
    ["CL with a fraction", [CL, "5.0"]],
    ["CL with a space", [CL, "5 5"]],
    ["CL in other digits", [CL, "٥"]],
    ["CL beyond all measure", [CL, "9007199254740992"]],
    ["CL that overflows 64 bits to 5", [CL, "18446744073709551621"]],
    ["two TE", [TE, "chunked", TE, "chunked"]],
    ["TE as a list", [TE, "gzip, chunked"]],
    ["TE twice chunked", [TE, "chunked, chunked"]],
    ["TE identity", [TE, "identity"]],
    ["TE that only looks like chunked", [TE, "xchunked"]],
    ["TE with a vertical tab", [TE, "\x0bchunked"]],
    ["TE with parameters", [TE, "chunked;q=1"]],
    ["empty TE", [TE, ""]],
    ["TE in HTTP/1.0", [TE, "chunked"], "1.0"],
  ];
  for (const [name, fields, version] of smuggled) {
    it(`${name} is malformed`, () => {
      expect(framingOf(fields, version ?? "1.1")).toEqual(MALFORMED);
    });
  }

  it("is malformed for any two framing fields, wherever they stand", () => {
    const framing = fc.tuple(
      fc.constantFrom(CL, TE, CL.toLowerCase(), TE.toUpperCase()),
      fc.constantFrom("5", "chunked"),
    );
    const other = fc.tuple(fc.constantFrom("Host", "X-Content-Length", "TE"), fc.string());
    fc.assert(
      fc.property(
        fc.array(framing, { minLength: 2 }),
        fc.array(other),
        fc.func<[readonly [string, string]], number>(fc.integer()),
        (some, others, rank) => {
          const mixed = [...some, ...others].sort((a, b) => rank(a) - rank(b));
          expect(framingOf(mixed.flat(), "1.1")).toEqual(MALFORMED);
        },
      ),
    );
  });

  it("is counted by its digits and by nothing else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat().map(String), fc.string({ maxLength: 20 })), (value) => {
        const framing = framingOf([CL, value], "1.1");
        if (/^\d+$/.test(value)) expect(framing).toEqual({ kind: "counted", length: Number(value) });
        else expect(framing).toEqual(MALFORMED);
      }),
    );
  });
});

describe("the body of an answer", () => {
  const head = { method: "GET", status: 200, rawHeaders: [] };

  it("ends with the connection where nothing frames it", () => {
    expect(answerFraming(head)).toEqual({ kind: "until-close" });
    expect(answerFraming({ ...head, rawHeaders: [CL, "3"] })).toEqual({ kind: "counted", length: 3 });
    expect(answerFraming({ ...head, rawHeaders: [TE, "chunked"] })).toEqual({ kind: "chunked" });
  });

  it("is none after HEAD, 1xx, 204 and 304, whatever the fields say", () => {
    for (const rawHeaders of [[], [CL, "3"], [TE, "chunked"]]) {
      expect(answerFraming({ ...head, rawHeaders, method: "HEAD" })).toEqual({ kind: "none" });
      for (const status of [100, 103, 199, 204, 304]) {
        expect(answerFraming({ ...head, rawHeaders, status })).toEqual({ kind: "none" });
      }
    }
    expect(answerFraming({ ...head, status: 205 })).toEqual({ kind: "until-close" });
  });

  it("is malformed where the fields contradict each other, also where there is no body", () => {
    const rawHeaders = [CL, "3", TE, "chunked"];
    for (const method of ["GET", "HEAD"])
      expect(answerFraming({ ...head, rawHeaders, method })).toEqual(MALFORMED);
    expect(answerFraming({ ...head, rawHeaders: [TE, "chunked"], httpVersion: "1.0" })).toEqual(MALFORMED);
  });
});
