import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SluiceError } from "../errors.ts";
import { missingSignals, parseHandshake } from "./handshake.ts";

const GOOD = { version: "v2", instance: "0123456789abcdef", signals: ["SIGTERM", "SIGUSR2"] };

function problemOf(body: unknown): string {
  try {
    parseHandshake("a", body);
  } catch (error) {
    if (error instanceof SluiceError && error.code === "BAD_BODY") return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("parseHandshake", () => {
  test("reads what an app says, and ignores what it does not know", () => {
    expect(parseHandshake("a", { ...GOOD, slot: "z", colour: "blue" })).toEqual({
      slot: "a",
      ...GOOD,
      pid: undefined,
    });
    expect(parseHandshake("b", { ...GOOD, pid: 7 })).toEqual({ slot: "b", ...GOOD, pid: 7 });
    expect(parseHandshake("b", { ...GOOD, pid: null }).pid).toBeUndefined();
  });

  test("a signal named twice counts once", () => {
    expect(parseHandshake("a", { ...GOOD, signals: ["SIGTERM", "SIGTERM"] }).signals).toEqual(["SIGTERM"]);
  });

  test("no signals at all is an answer; leaving them out is not", () => {
    expect(parseHandshake("a", { ...GOOD, signals: [] }).signals).toEqual([]);
    expect(problemOf({ ...GOOD, signals: undefined })).toContain('"signals" is missing');
  });

  test("every problem is told at once", () => {
    const problem = problemOf({ version: "", signals: "SIGTERM", pid: 0 });
    for (const part of ['"version" must be', '"instance" is missing', '"signals" must be', '"pid"']) {
      expect(problem).toContain(part);
    }
  });

  test.each([
    ["no body", undefined],
    ["null", null],
    ["a list", [GOOD]],
    ["text", "hello"],
  ])("%s is no handshake", (_, body) => {
    expect(problemOf(body)).toContain("must be a JSON object");
  });

  test.each([
    ["a version that breaks a line", { version: "v2\nforged" }],
    ["a version that moves the cursor", { version: "\u001b[2J" }],
    ["a version of 129 characters", { version: "v".repeat(129) }],
    ["an instance that is too short to be random", { instance: "1234567" }],
    ["an instance of 129 characters", { instance: "i".repeat(129) }],
    ["65 signals", { signals: Array.from({ length: 65 }, (_, index) => `SIG${index}`) }],
    ["a signal that is no name", { signals: ["SIG TERM"] }],
    ["a signal that is a number", { signals: [15] }],
    ["a negative pid", { pid: -1 }],
    ["a pid with a path in it", { pid: "1/../2" }],
    ["half a pid", { pid: 1.5 }],
  ])("%s is refused", (_, wrong) => {
    expect(problemOf({ ...GOOD, ...wrong })).toContain("cannot be used");
  });

  test("whatever comes in, it is a handshake within bounds or BAD_BODY", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (version, instance, signals) => {
        try {
          const handshake = parseHandshake("a", { version, instance, signals });
          expect(handshake.version).toMatch(/^[\x20-\x7e]{1,128}$/);
          expect(handshake.instance.length).toBeGreaterThanOrEqual(8);
        } catch (error) {
          expect((error as SluiceError).code).toBe("BAD_BODY");
        }
      }),
    );
  });
});

test("missingSignals names what is required and not declared", () => {
  const handshake = parseHandshake("a", GOOD);
  expect(missingSignals(handshake, ["SIGTERM"])).toEqual([]);
  expect(missingSignals(handshake, ["SIGINT", "SIGTERM", "SIGHUP"])).toEqual(["SIGINT", "SIGHUP"]);
});
