import { expect, test } from "vitest";
import { failedConnection } from "./probe-attempt.ts";

const failure = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

test("a probe for which sluice lacks a file descriptor says nothing of the app", () => {
  expect(failedConnection(failure("EMFILE"))).toEqual({
    ok: false,
    refused: false,
    unmade: true,
    detail: "connection failed: EMFILE",
  });
  expect(failedConnection(failure("EHOSTUNREACH"))).not.toHaveProperty("unmade");
  expect(failedConnection(failure("ECONNREFUSED"))).toMatchObject({ refused: true });
});
