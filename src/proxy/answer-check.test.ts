import { describe, expect, it } from "vitest";
import { answerCheck } from "./answer-check.ts";

const LIMITS = { maxHeadBytes: 100, maxFields: 3 };
const check = (status: number, rawHeaders: string[] = [], method = "GET") =>
  answerCheck({ status, rawHeaders, method }, LIMITS);

describe("an answer's head is passed on", () => {
  it("with any status that RFC 9110 15 knows a class for", () => {
    for (const status of [100, 103, 200, 204, 304, 418, 599]) expect(check(status)).toBeUndefined();
  });

  it("with a length where there is no body", () => {
    expect(check(204, ["Content-Length", "0"])).toBeUndefined();
    expect(check(200, ["Transfer-Encoding", "chunked"], "HEAD")).toBeUndefined();
  });
});

describe("an answer's head is malformed", () => {
  it("regression: with a status that node throws at", () => {
    for (const status of [0, 99, 600, 999, 200.5, Number.NaN]) expect(check(status)).toBe("APP_MALFORMED");
  });

  it("where its end could be read in two ways", () => {
    expect(check(200, ["Content-Length", "3", "Transfer-Encoding", "chunked"])).toBe("APP_MALFORMED");
    expect(check(200, ["Content-Length", "3", "Content-Length", "3"])).toBe("APP_MALFORMED");
    expect(check(304, ["Content-Length", "3", "Content-Length", "4"])).toBe("APP_MALFORMED");
    expect(check(200, ["Transfer-Encoding", "gzip"])).toBe("APP_MALFORMED");
  });

  it("with fields that would split it in two", () => {
    expect(check(200, ["X", "a\r\nSet-Cookie: b"])).toBe("APP_MALFORMED");
    expect(check(200, ["X:", "a"])).toBe("APP_MALFORMED");
    expect(check(200, ["X"])).toBe("APP_MALFORMED");
  });

  it("beyond the limits", () => {
    expect(check(200, ["A", "", "B", "", "C", ""])).toBeUndefined();
    expect(check(200, ["A", "", "B", "", "C", "", "D", ""])).toBe("APP_MALFORMED");
    expect(check(200, ["X", "x".repeat(95)])).toBeUndefined();
    expect(check(200, ["X", "x".repeat(96)])).toBe("APP_MALFORMED");
  });
});
