import { defineConfig } from "vitest/config";

// Tests against a real cluster: whichever KUBECONFIG names. They change it, one file after another.
export default defineConfig({
  test: {
    include: ["test/cluster/**/*.test.ts"],
    fileParallelism: false,
    pool: "forks",
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
