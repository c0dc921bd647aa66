import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../errors.ts";
import { checkHead, type RequestHead } from "./request-check.ts";

const LIMITS = { maxHeadBytes: 1000, maxTargetBytes: 100, maxFields: 10 };
const GOOD: RequestHead = {
  method: "GET",
  target: "/",
  httpVersion: "1.1",
  rawHeaders: ["Host", "a.example"],
};
const check = (head: Partial<RequestHead>) => checkHead({ ...GOOD, ...head }, LIMITS);
const withFields = (...rawHeaders: string[]) => check({ rawHeaders: [...GOOD.rawHeaders, ...rawHeaders] });

describe("a head is passed on", () => {
  it("as long as it is unambiguous", () => {
    expect(check({})).toBeUndefined();
    expect(check({ method: "BREW", target: "/pot?x=|" })).toBeUndefined();
    expect(check({ method: "OPTIONS", target: "*" })).toBeUndefined();
    expect(check({ httpVersion: "1.0", rawHeaders: [] })).toBeUndefined();
    expect(check({ method: "DELETE", rawHeaders: ["Host", "a", "Content-Length", "3"] })).toBeUndefined();
    expect(
      check({ method: "OPTIONS", rawHeaders: ["Host", "a", "Transfer-Encoding", "chunked"] }),
    ).toBeUndefined();
    expect(withFields("X-Tab", "a\tb", "X-Latin", "\xe9", "X-Empty", "")).toBeUndefined();
  });

  it("with an absolute target that names its Host", () => {
    for (const [target, host] of [
      ["http://a.example/x", "a.example"],
      ["http://A.example:80/", "a.EXAMPLE"],
      ["http://a.example", "a.example:80"],
      ["https://a.example:443/", "a.example"],
      ["http://[::1]:8080/", "[::1]:8080"],
    ] as const) {
      expect(check({ target, rawHeaders: ["Host", host] }), target).toBeUndefined();
    }
    expect(check({ target: "http://a.example/", httpVersion: "1.0", rawHeaders: [] })).toBeUndefined();
  });
});

describe("a head is refused", () => {
  const refused: readonly (readonly [name: string, head: Partial<RequestHead>, code: ErrorCode])[] = [
    ["method with a space", { method: "GET " }, "MALFORMED_REQUEST"],
    ["no method", { method: "" }, "MALFORMED_REQUEST"],
    ["CONNECT", { method: "CONNECT", target: "a.example:443" }, "METHOD_REFUSED"],
    ["HTTP/0.9", { httpVersion: "0.9" }, "VERSION_REFUSED"],
    ["HTTP/2.0", { httpVersion: "2.0" }, "VERSION_REFUSED"],
    ["target too long", { target: `/${"x".repeat(100)}` }, "TARGET_TOO_LONG"],
    ["authority-form", { target: "a.example:443" }, "MALFORMED_REQUEST"],
    ["asterisk-form without OPTIONS", { target: "*" }, "MALFORMED_REQUEST"],
    ["space in the target", { target: "/a b" }, "MALFORMED_REQUEST"],
    ["fragment", { target: "/a#b" }, "MALFORMED_REQUEST"],
    ["no Host", { rawHeaders: [] }, "MALFORMED_REQUEST"],
    ["two Host", { rawHeaders: ["Host", "a", "host", "a"] }, "MALFORMED_REQUEST"],
    [
      "two Host in HTTP/1.0",
      { httpVersion: "1.0", rawHeaders: ["Host", "a", "Host", "b"] },
      "MALFORMED_REQUEST",
    ],
    ["Host with a path", { rawHeaders: ["Host", "a/b"] }, "MALFORMED_REQUEST"],
    ["Host with a user", { rawHeaders: ["Host", "u@a"] }, "MALFORMED_REQUEST"],
    ["another authority than Host", { target: "http://b.example/" }, "MALFORMED_REQUEST"],
    ["another port than Host", { target: "http://a.example:81/" }, "MALFORMED_REQUEST"],
    ["http on the port of https", { target: "http://a.example:443/" }, "MALFORMED_REQUEST"],
    ["space before the colon", { rawHeaders: ["Host", "a", "X ", "b"] }, "MALFORMED_REQUEST"],
    ["empty field name", { rawHeaders: ["Host", "a", "", "b"] }, "MALFORMED_REQUEST"],
    ["line break in a value", { rawHeaders: ["Host", "a", "X", "b\r\nc"] }, "MALFORMED_REQUEST"],
    ["NUL in a value", { rawHeaders: ["Host", "a", "X", "b\0"] }, "MALFORMED_REQUEST"],
    [
      "CL with TE",
      { rawHeaders: ["Host", "a", "Content-Length", "1", "Transfer-Encoding", "chunked"] },
      "MALFORMED_REQUEST",
    ],
  ];
  for (const [name, head, code] of refused) {
    it(`for ${name}`, () => {
      expect(check(head)).toBe(code);
    });
  }

  it("for a WebSocket with a body: after an upgrade no parser reads it as one", () => {
    const opening = ["Connection", "Upgrade", "Upgrade", "websocket"];
    expect(withFields(...opening)).toBeUndefined();
    expect(withFields(...opening, "Content-Length", "0")).toBeUndefined();
    expect(withFields(...opening, "Content-Length", "1")).toBe("MALFORMED_REQUEST");
    expect(withFields(...opening, "Transfer-Encoding", "chunked")).toBe("MALFORMED_REQUEST");
  });

  it("at the first field line and at the first byte beyond the limit", () => {
    const more = (n: number) => Array.from({ length: n }, (_, i) => [`X-${i}`, ""]).flat();
    expect(withFields(...more(9))).toBeUndefined();
    expect(withFields(...more(10))).toBe("HEAD_TOO_LARGE");
    const bare = "GET / HTTP/1.1\r\nHost: a.example\r\nX: \r\n\r\n".length;
    expect(withFields("X", "x".repeat(1000 - bare))).toBeUndefined();
    expect(withFields("X", "x".repeat(1001 - bare))).toBe("HEAD_TOO_LARGE");
    expect(check({ target: `/${"x".repeat(99)}` })).toBeUndefined();
  });

  it("for any control character anywhere", () => {
    const controls = fc.constantFrom(
      ...Array.from({ length: 33 }, (_, i) => (i === 32 ? "\x7f" : String.fromCharCode(i))),
    );
    const text = fc.string({ maxLength: 5 });
    fc.assert(
      fc.property(text, controls, text, (before, control, after) => {
        const dirty = before + control + after;
        expect(check({ method: dirty })).toBe("MALFORMED_REQUEST");
        expect(check({ target: `/${dirty}` })).toBe("MALFORMED_REQUEST");
        expect(check({ rawHeaders: ["Host", dirty] })).toBe("MALFORMED_REQUEST");
        expect(withFields(dirty, "x")).toBe("MALFORMED_REQUEST");
        if (control !== "\t") expect(withFields("X", dirty)).toBe("MALFORMED_REQUEST");
      }),
    );
  });
});
