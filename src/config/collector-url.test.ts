import { expect, test } from "vitest";
import { collectorUrl } from "./collector-url.ts";
import { share } from "./share.ts";

test.each([
  ["http://collector:4318", "http://collector:4318/"],
  ["https://otlp.example.com/base/", "https://otlp.example.com/base/"],
  ["http://[::1]:4318", "http://[::1]:4318/"],
])("%s is a collector", (text, value) => expect(collectorUrl.parse(text)).toEqual({ value }));

test.each(["", "collector:4318", "grpc://collector:4317", "http://c:4318?a=b", "http://c:4318/#x"])(
  "%s is none",
  (text) => expect(collectorUrl.parse(text)).toMatchObject({ wrong: [{ given: text }] }),
);

test("credentials are refused, and not repeated", () => {
  expect(collectorUrl.parse("http://me:secret@collector:4318")).toMatchObject({
    wrong: [{ given: "http://***@collector:4318" }],
  });
});

test("a share is a number from 0 to 1", () => {
  for (const [text, value] of [
    ["0", 0],
    ["1", 1],
    ["0.01", 0.01],
    [".5", 0.5],
  ] as const)
    expect(share.parse(text)).toEqual({ value });
  for (const text of ["", "1.1", "-0", "1%", "1e-3", "0x1", "NaN"])
    expect(share.parse(text)).toHaveProperty("wrong");
});
