// The options of sluice as a container spec gives them, ready for the same reader that the sidecar has.

import { isOptionKey, variableOf } from "../config/options.ts";
import { at, objectsOf, stringOf } from "../manifest/json-value.ts";
import type { Container } from "../manifest/workload.ts";
import { commandLine } from "./command-line.ts";

export interface GivenOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Set, but to what only the cluster knows. */
  readonly unknown: ReadonlySet<string>;
}

/** What stands for values that exist in the cluster only; of documentation's addresses (RFC 5737). */
const STAND_INS: Readonly<Record<string, string>> = {
  "status.hostIP": "192.0.2.1",
  "status.podIP": "192.0.2.2",
  "metadata.name": "pod",
  "metadata.namespace": "namespace",
  "spec.nodeName": "node",
};

/** What the container is given: flags after `run`, SLUICE_ variables, `$(NAME)` filled in. */
export function givenOptions(container: Container): GivenOptions {
  const values = new Map<string, string | undefined>();
  for (const entry of objectsOf(container.value.env)) {
    const path = stringOf(at(entry, "valueFrom", "fieldRef", "fieldPath"));
    const literal = stringOf(entry.value) ?? (entry.valueFrom === undefined ? "" : undefined);
    values.set(stringOf(entry.name) ?? "", literal ?? (path === undefined ? undefined : STAND_INS[path]));
  }
  const unknown = new Set<string>();
  const env: Record<string, string> = {};
  for (const [name, value] of values) {
    if (!name.startsWith("SLUICE_")) continue;
    const key = name.slice("SLUICE_".length).toLowerCase().replaceAll("_", "-");
    if (value !== undefined) env[name] = value;
    else if (isOptionKey(key)) unknown.add(key);
  }
  const argv: string[] = [];
  for (const word of flagsOf(container)) {
    const filled = word.replaceAll(
      /\$\(([A-Za-z_][\w.-]*)\)/g,
      (all, name: string) => values.get(name) ?? all,
    );
    const key = filled.slice(2).replace(/=.*$/s, "");
    // $(NAME) that is not known stays as it is, as Kubernetes leaves it.
    if (
      /\$\([A-Za-z_][\w.-]*\)/.test(filled) &&
      /=/.test(filled) &&
      isOptionKey(key) &&
      isFromElsewhere(filled, values)
    )
      unknown.add(key);
    else argv.push(filled);
  }
  return { argv, env, unknown };
}

function isFromElsewhere(word: string, values: ReadonlyMap<string, string | undefined>): boolean {
  return [...word.matchAll(/\$\(([^)]+)\)/g)].some(
    ([, name]) => values.has(name!) && values.get(name!) === undefined,
  );
}

/** The words after `run`, or from the first flag on. */
function flagsOf(container: Container): readonly string[] {
  const words = commandLine(container);
  const run = words.indexOf("run");
  if (run !== -1) return words.slice(run + 1);
  const first = words.findIndex(
    (word) => word.startsWith("--") && isOptionKey(word.slice(2).replace(/=.*$/s, "")),
  );
  return first === -1 ? [] : words.slice(first);
}

/** The same without these options, and without everything that is none. */
export function withoutOptions(given: GivenOptions, keys: readonly string[]): GivenOptions {
  const wrong = new Set(keys.filter(isOptionKey));
  const argv: string[] = [];
  for (let index = 0; index < given.argv.length; index++) {
    const word = given.argv[index]!;
    const key = word.slice(2).replace(/=.*$/s, "");
    const isKept = isOptionKey(key) && !wrong.has(key);
    const takesNext = !word.includes("=") && given.argv[index + 1]?.startsWith("--") === false;
    if (isKept) argv.push(word, ...(takesNext ? [given.argv[index + 1]!] : []));
    if (takesNext) index++;
  }
  const variables = new Set([...wrong].map(variableOf));
  const env = Object.fromEntries(
    Object.entries(given.env).filter(
      ([name]) => !variables.has(name) && isOptionKey(name.slice(7).toLowerCase().replaceAll("_", "-")),
    ),
  );
  return { argv, env, unknown: given.unknown };
}
