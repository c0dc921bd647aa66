import { expect, test } from "vitest";
import { imageProblem, isMoving } from "./image-name.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

test.each([
  "app",
  "app:v2",
  "team/app:1.2.3-rc.1",
  "registry.example:5000/team/app:v2",
  `app@${DIGEST}`,
  `ghcr.io/a/b:v1@${DIGEST}`,
  "localhost/app_x--y:1",
  "[::1]:5000/app",
])("%s is an image", (text) => expect(imageProblem(text)).toBeUndefined());

test.each([
  ["", /no name/],
  ["app v2", /blank/],
  ["App:v2", /lower case/],
  ["app:", /no image/],
  ["app:v2:v3", /no image/],
  ["app@sha256:12", /no image/],
  ["-app", /no image/],
  ["registry.example/", /no image/],
  [`${"a".repeat(256)}`, /longer than 255/],
])("%j is none", (text, why) => expect(imageProblem(text)).toMatch(why));

test("a tag that can mean another image tomorrow is known", () => {
  expect(["app", "app:latest", "localhost:5000/app"].map(isMoving)).toEqual([true, true, true]);
  expect(["app:v2", `app@${DIGEST}`, `app:latest@${DIGEST}`].map(isMoving)).toEqual([false, false, false]);
});
