// What the bundles leave out so that the sidecar starts quickly and stays small. Together: a third of the CPU time from
// start to listening, and some 14 MB of memory.

import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

/** Vendors' modules that are replaced by less. Whatever is missing fails at build time, or loudly at the first call. */
const LESS: Readonly<Record<string, string>> = {
  // sluice uses undici's Client alone; its index also brings fetch, caches, mocks, WebSocket and EventSource.
  undici: 'import Client from "undici/lib/dispatcher/client.js"; export { Client };',
  // fastify builds validators and serializers for schemas, of which sluice's servers have none ...
  "@fastify/ajv-compiler": refusal("a validator for a schema"),
  "@fastify/fast-json-stringify-compiler": refusal("a serializer for a schema"),
  // ... and injects requests in tests.
  "light-my-request": refusal("an injected request"),
};

function refusal(what: string): string {
  return `module.exports = () => () => { throw new Error("this bundle lacks ${what}: see scripts/diet.ts"); };`;
}

const BUILTIN = new RegExp(
  `^(?:node:)?(?:${builtinModules.map((name) => name.replaceAll("/", "\\/")).join("|")})$`,
);

export const diet: Plugin = {
  name: "diet",
  setup(build) {
    build.onResolve(
      { filter: new RegExp(`^(?:${Object.keys(LESS).join("|")})$`) },
      ({ path, resolveDir }) => ({
        path,
        namespace: "less",
        pluginData: resolveDir,
      }),
    );
    build.onLoad({ filter: /.*/, namespace: "less" }, ({ path, pluginData }) => ({
      contents: LESS[path]!,
      resolveDir: pluginData as string,
    }));

    // An ES import of node:http reads every export of it, also the lazy ones, and so loads a whole undici inside node
    // (20 ms, 3 MB); require does not.
    build.onResolve({ filter: BUILTIN }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
