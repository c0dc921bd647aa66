// The room is pure: it reads manifests and options by the code that knows them, and nothing of the world.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

test("checks import their own room, manifests and options, and no module of Node.js", () => {
  const files = globSync("**/*.ts", { cwd: import.meta.dirname }).filter(
    (file) => !/\.(test|fixture)\.ts$/.test(file),
  );
  const imports = files.flatMap((file) =>
    [
      ...readFileSync(join(import.meta.dirname, file), "utf8").matchAll(
        /^(?:import|\}) ?[^"]*from "([^"]+)";$/gm,
      ),
    ].map(([, from]) => ({ file, from: from! })),
  );
  expect(imports.length).toBeGreaterThan(100);
  expect(
    imports.filter(
      ({ from }) => !/^\.\.?\/(?:checks\/|(?:\.\.\/)?(?:manifest|config)\/)?[\w-]+\.ts$/.test(from),
    ),
  ).toEqual([]);
});
