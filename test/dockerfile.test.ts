import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LAUNCH_FLAGS } from "../loadtest/launch-flags.ts";

const dockerfile = readFileSync(new URL("../Dockerfile", import.meta.url), "utf8");

test("the image starts sluice as the load test and the benches do", () => {
  const [, entrypoint = "[]"] = /^ENTRYPOINT (\[.*sluice\.js.*\])$/m.exec(dockerfile) ?? [];
  expect(JSON.parse(entrypoint)).toEqual(["/usr/local/bin/node", ...LAUNCH_FLAGS, "/sluice/sluice.js"]);
});

test("the image takes its files from a stage, holds no shell, and runs as nobody in particular", () => {
  const [final = ""] = /^FROM scratch AS sidecar[\s\S]*$/m.exec(dockerfile) ?? [];
  expect(final).toContain("COPY --from=build /rootfs /");
  expect(final).toContain("USER 65532:65532");
  expect(final).not.toMatch(/^RUN/m);
});
