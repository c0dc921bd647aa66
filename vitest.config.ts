import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,test,clients,loadtest,bench}/**/*.test.ts"],
    exclude: ["test/cluster/**", "test/image/**", "**/node_modules/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
