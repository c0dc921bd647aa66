import { expect, test } from "vitest";
import { missingPrograms } from "./program.ts";

const absent = (command: string, debianPackage: string) => ({ command, debianPackage });

test("what is missing is named together with the packages that have it", () => {
  const [wrk, h2load] = [absent("wrk-of-nowhere", "wrk"), absent("h2load-of-nowhere", "nghttp2-client")];
  expect(missingPrograms([wrk, wrk, h2load, absent("sh", "dash")], "/usr/bin:/bin")).toBe(
    "not installed: wrk-of-nowhere, h2load-of-nowhere. On Debian: apt-get install wrk nghttp2-client",
  );
});

test("nothing is said where all is there", () => {
  expect(missingPrograms([absent("sh", "dash")], "/usr/bin:/bin")).toBeUndefined();
});
