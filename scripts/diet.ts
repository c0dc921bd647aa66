// What the bundles leave out so that the sidecar starts quickly and stays small.

import { builtinModules, createRequire } from "node:module";
import type { Plugin } from "esbuild";

/** Vendors' modules that are replaced by less. Whatever is missing fails at build time, or loudly at the first call. */
const LESS: Readonly<Record<string, string>> = {
  // sluice uses undici's Client alone; its index also brings fetch, caches, mocks, WebSocket and EventSource.
  undici: 'import Client from "undici/lib/dispatcher/client.js"; export { Client };',
  // Its HTTP/2 loads Node's, and is not used.
  "./client-h2.js": refusal("HTTP/2 of undici"),
  // fastify builds validators and serializers for schemas, of which sluice's servers have none ...
  "@fastify/ajv-compiler": refusal("a validator for a schema"),
  "@fastify/fast-json-stringify-compiler": refusal("a serializer for a schema"),
  // ... injects requests in tests, and compares versions for plugins.
  "light-my-request": refusal("an injected request"),
  semver: `module.exports = { satisfies: ${thrower("a comparison of versions")} };`,
  // sluice writes four kinds of metrics, and pushes none; its index brings defaults with their observers, and a cluster.
  "prom-client": ["Counter", "Gauge", "Histogram", "Registry"]
    .map((name) => `export { default as ${name} } from "prom-client/lib/${name.toLowerCase()}.js";`)
    .join("\n"),
  // The log's destination is ours: pino needs no thread and no descriptor of its own.
  "thread-stream": `module.exports = ${thrower("a thread for the log")};`,
  "sonic-boom": `module.exports = ${thrower("a destination for the log")};`,
  // http-proxy-3 serves upgrades alone, and is not debugged by an environment variable.
  "follow-redirects": `module.exports = { get http() { return (${thrower("redirects")})(); }, get https() { return this.http; } };`,
  // Vendors need its clock alone, which is also a global.
  "node:perf_hooks": "module.exports = { performance };",
  debug: "module.exports = () => Object.assign(() => {}, { enabled: false });",
};

function refusal(what: string): string {
  return `module.exports = () => ${thrower(what)};`;
}

function thrower(what: string): string {
  return `function () { throw new Error("this bundle lacks ${what}: see scripts/diet.ts"); }`;
}

/** Modules of Node that cost milliseconds and are needed at some call, if at all: they are loaded by the first one. */
const LATER = new Set([
  "crypto",
  "dns",
  "fs/promises",
  "http2",
  "https",
  "inspector",
  "os",
  "tls",
  "v8",
  "worker_threads",
  "zlib",
]);

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

    build.onResolve({ filter: BUILTIN }, ({ path, kind, namespace }) => {
      if (namespace === "builtin") return undefined;
      const name = path.replace(/^node:/, "");
      return kind === "import-statement" || LATER.has(name)
        ? { path: `node:${name}`, namespace: "builtin" }
        : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: LATER.has(path.slice("node:".length)) ? later(path) : atOnce(path),
    }));
  },
};

/** An ES import of node:http reads every export of it, also the lazy ones, and so loads a whole undici inside node; require does not. */
function atOnce(path: string): string {
  return `module.exports = require(${JSON.stringify(path)});`;
}

/** The same names, each of which loads the module when it is read. */
function later(path: string): string {
  const names = Object.keys(createRequire(import.meta.url)(path));
  const getters = names.map(
    (name) => `get ${JSON.stringify(name)}() { return load()[${JSON.stringify(name)}]; }`,
  );
  return `const load = () => require(${JSON.stringify(path)}); module.exports = { ${getters.join(", ")} };`;
}
