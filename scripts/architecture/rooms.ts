// Which room may import what at run time (types may cross everywhere but into the lifecycle).

import { importsOf, packageOf, targetOf } from "./imports.ts";
import { isProduct, type Rule, type Source, type Violation } from "./source.ts";

/** Rooms whose files import at run time only from their own. All other files of src/ wire them together. */
const ROOMS = ["lifecycle", "proxy", "health", "drain", "telemetry", "config", "api"];

/** What every room but the lifecycle may import: leaves that decide nothing about requests. */
const LEAVES: Readonly<Record<string, string>> = {
  "src/errors.ts": "the catalogue of errors",
  "src/config/duration.ts": "how durations are written, wherever people write them",
  "src/config/byte-size.ts": "how sizes are written",
  "src/config/address.ts": "how addresses are written",
  "src/listen-failure.ts": "why a listener cannot be, in the same words for all",
  "src/config/value-kind.ts": "what durations, sizes and addresses are made of",
};

/** Further files that one room may import, each with its reason. */
const MEETINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  api: {
    "src/health/handshake.ts": "what apps say is parsed where it is defined",
    "src/health/gate-order.ts": "the same",
  },
};

/** proxy, health, drain and the other rooms meet in sidecar.ts only; the lifecycle imports nothing but itself. */
export const roomsMeetOnlyInTheWiring: Rule = (sources) => {
  const violations: Violation[] = [];
  for (const source of sources.filter(isProduct)) {
    const room = roomOf(source.path);
    if (room === undefined) continue;
    for (const one of importsOf(source)) {
      const target = targetOf(source, one);
      const isOwn = target !== undefined && roomOf(target) === room;
      const allowed =
        room === "lifecycle" ? isOwn : isOwn || one.isType || target === undefined || mayMeet(room, target);
      if (!allowed)
        violations.push({
          path: source.path,
          rule: "rooms",
          detail: `${room} must not import ${one.specifier}`,
        });
    }
  }
  return violations;
};

function roomOf(path: string): string | undefined {
  const [first, room] = path.split("/");
  return first === "src" && ROOMS.includes(room!) ? room : undefined;
}

function mayMeet(room: string, target: string): boolean {
  return LEAVES[target] !== undefined || MEETINGS[room]?.[target] !== undefined;
}

/** A leaf stays one: it imports nothing at run time but other leaves. */
export const leavesImportNothing: Rule = (sources) =>
  sources
    .filter(({ path }) => LEAVES[path] !== undefined)
    .flatMap((source) =>
      importsOf(source)
        .filter(
          (one) => !one.isType && !one.specifier.startsWith("node:") && !LEAVES[targetOf(source, one) ?? ""],
        )
        .map(({ specifier }) => ({
          path: source.path,
          rule: "leaf",
          detail: `must not import ${specifier}`,
        })),
    );

/** The product imports nothing of tests, tools and demonstrations; the CLI may start the load test. */
export const productStandsAlone: Rule = (sources) =>
  sources.filter(isProduct).flatMap((source) =>
    importsOf(source).flatMap((one) => {
      const target = targetOf(source, one);
      if (target === undefined || target === "package.json") return [];
      const isOwn = target.startsWith("src/") && !/\.test\.ts$/.test(target);
      const isLoadTest = source.path.startsWith("src/cli/") && target.startsWith("loadtest/");
      if (isOwn || isLoadTest) return [];
      return [{ path: source.path, rule: "product", detail: `must not import ${one.specifier}` }];
    }),
  );

const HEAVY: Readonly<Record<string, string>> = {
  "pino-pretty": "the CLI hands it in",
  autocannon: "the load test belongs to the CLI",
  vitest: "a test tool",
  "fast-check": "a test tool",
  ws: "a test tool",
};

/** What src/main.ts loads at its start, directly or not, has no CLI, load test or test tool in it. */
export const sidecarStaysLight: Rule = (sources) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const violations: Violation[] = [];
  const seen = new Set<string>();
  const visit = (source: Source, from: string): void => {
    if (seen.has(source.path)) return;
    seen.add(source.path);
    if (/^(src\/cli|loadtest|test|scripts|demo|bench)\//.test(source.path)) {
      violations.push({
        path: source.path,
        rule: "sidecar",
        detail: `src/main.ts loads it by way of ${from}`,
      });
      return;
    }
    for (const one of importsOf(source)) {
      if (one.isType || one.isDynamic) continue;
      const vendor = packageOf(one);
      const reason = vendor === undefined ? undefined : HEAVY[vendor];
      if (reason)
        violations.push({
          path: source.path,
          rule: "sidecar",
          detail: `src/main.ts loads ${vendor}: ${reason}`,
        });
      const target = byPath.get(targetOf(source, one) ?? "");
      if (target) visit(target, source.path);
    }
  };
  const main = byPath.get("src/main.ts");
  if (main) visit(main, "itself");
  return violations;
};
