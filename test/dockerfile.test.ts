import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LAUNCH_ENV, LAUNCH_FLAGS } from "../loadtest/launch-flags.ts";
import { VERSION } from "../src/version.ts";

const dockerfile = readFileSync(new URL("../Dockerfile", import.meta.url), "utf8");

test("the image starts sluice as the load test and the benches do", () => {
  const [, entrypoint = "[]"] = /^ENTRYPOINT (\[.*start\.js.*\])$/m.exec(dockerfile) ?? [];
  expect(JSON.parse(entrypoint)).toEqual(["/usr/local/bin/node", ...LAUNCH_FLAGS, "/sluice/start.js"]);
  const env = Object.entries({ NODE_ENV: "production", ...LAUNCH_ENV }).map(
    ([name, value]) => `${name}=${value}`,
  );
  expect(stage("sidecar")).toContain(`\nENV ${env.join(" ")}\n`);
});

/** A stage of the Dockerfile, from its FROM to the next one. */
function stage(name: string): string {
  const [text] = new RegExp(`^FROM [^\n]* AS ${name}\n(?:(?!FROM )[^\n]*\n?)*`, "m").exec(dockerfile) ?? [];
  if (text === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return text;
}

test.each(["sidecar", "tools"])(
  "the image %s is files from a stage, runs nothing, and runs as nobody",
  (name) => {
    const text = stage(name);
    expect(text).toMatch(/^FROM scratch AS /);
    expect(text).not.toMatch(/^RUN/m);
    expect(text.match(/^COPY .*$/gm)).toEqual([
      expect.stringMatching(/^COPY --from=build(-tools)? \/\w+ \/$/),
    ]);
    expect(text).toContain("USER 65532:65532");
    expect(text).toContain(`org.opencontainers.image.version="${VERSION}"`);
    expect(text).toMatch(/org\.opencontainers\.image\.revision="\$\{REVISION\}"/);
  },
);

test("what is not of the image's architecture runs on the builder's", () => {
  for (const name of ["target", "build"]) expect(stage(name)).toMatch(/^FROM --platform=\$BUILDPLATFORM /);
});
