import { defineConfig } from "vitest/config";

// Tests of built images: root, buildah with the images in its storage, and runc. `.ci/run` has all of it.
export default defineConfig({
  test: {
    include: ["test/image/**/*.test.ts"],
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
