// The way back: what has to be done to a changed object so that it is the original one again. It names things, not
// their places in a list, so that it still holds after others have changed the object too.

import { itemIds } from "./item-identity.ts";
import { isList, isObject, isSame, type Json, type JsonObject } from "./json-value.ts";

/**
 * `-` takes away; `~` takes away what is empty, or puts `instead` in its place; `+` puts a value behind the key or item `after` (null: in front), or in
 * place of what is there. The path is a JSON Pointer (RFC 6901) in which items of lists go by name.
 */
export type Step =
  | readonly ["-", path: string]
  | readonly ["~", path: string, instead?: Json]
  | readonly ["+", path: string, value: Json, after: string | null];

/** The steps from `now` to `then`, to be done in their order. */
export function stepsBack(now: Json, then: Json, path = ""): readonly Step[] {
  if (isSame(now, then)) return [];
  const from = entriesOf(now);
  const to = entriesOf(then);
  if (!from || !to || isList(now) !== isList(then)) throw new Error(`no way back at ${path}`);
  const steps: Step[] = [];
  for (const [key, value] of from) {
    if (!to.has(key)) steps.push(...leave(key, value, `${path}/${escaped(key)}`, isList(now)));
  }
  let after: string | null = null;
  for (const [key, value] of to) {
    const here = `${path}/${escaped(key)}`;
    const old = from.get(key);
    if (old !== undefined && canStepInto(old, value)) steps.push(...stepsBack(old, value, here));
    else if (!isSame(old, value)) steps.push(["+", here, value, after]);
    after = key;
  }
  return steps;
}

/** Whether both are collections of named things, what they have in common in one order; else the whole is put back. */
function canStepInto(old: Json, value: Json): boolean {
  if (isList(old) !== isList(value)) return false;
  const [left, right] = [membersOf(old), membersOf(value)];
  if (!left || !right) return false;
  const common = [...left.keys()].filter((key) => right.has(key));
  const same = [...right.keys()].filter((key) => left.has(key));
  return common.every((key, index) => key === same[index]);
}

/** Keys, or the items of a list that are objects of different names; undefined for every other value. */
function membersOf(value: Json): ReadonlyMap<string, Json> | undefined {
  if (!isList(value)) return entriesOf(value);
  const ids = itemIds(value);
  return value.every(isObject) && !ids.some((id) => id.includes("#") || id.startsWith("{"))
    ? entriesOf(value)
    : undefined;
}

/** Maps to which others add keys of their own. A handler is none: what the API server adds to it goes with it. */
const SHARED_MAPS: ReadonlySet<string> = new Set(["metadata", "annotations", "lifecycle", "securityContext"]);

/** What was added inside a new collection goes one by one: others may have added to it since. */
function leave(key: string, value: Json, path: string, isItem: boolean): readonly Step[] {
  const isShared = !isItem && (isList(value) || SHARED_MAPS.has(key));
  const inside = isShared ? membersOf(value) : undefined;
  if (!inside) return [["-", path]];
  return [...[...inside.keys()].map((one): Step => ["-", `${path}/${escaped(one)}`]), ["~", path]];
}

/** Does the steps; `missed` are the paths that lead nowhere any more. */
export function undo(
  value: Json,
  steps: readonly Step[],
): { readonly value: Json; readonly missed: readonly string[] } {
  const missed: string[] = [];
  let now: Json = value;
  for (const step of steps) {
    const done = take(now, step[1].split("/").slice(1).map(segmentOf), step);
    if (done === undefined) missed.push(step[1]);
    else now = done;
  }
  return { value: now, missed };
}

/** Undefined: the path leads nowhere. */
function take(here: Json, [key, ...rest]: readonly string[], step: Step): Json | undefined {
  const entries = entriesOf(here);
  if (!entries || key === undefined) return undefined;
  if (rest.length > 0) {
    const inside = entries.get(key);
    if (inside === undefined) return step[0] === "+" ? undefined : here;
    const changed = take(inside, rest, step);
    return changed === undefined ? undefined : collection(here, [...entries.set(key, changed)]);
  }
  if (step[0] === "+") {
    const [, , value, after] = step;
    if (entries.has(key)) return collection(here, [...entries.set(key, value)]);
    const list = [...entries];
    const index = after === null ? 0 : list.findIndex(([name]) => name === after) + 1 || list.length;
    return collection(here, list.toSpliced(index, 0, [key, value]));
  }
  const inside = entries.get(key);
  if (inside === undefined || (step[0] === "~" && entriesOf(inside)?.size !== 0)) return here;
  if (step[0] === "~" && step[2] !== undefined) return collection(here, [...entries.set(key, step[2])]);
  entries.delete(key);
  return collection(here, [...entries]);
}

function entriesOf(value: Json): Map<string, Json> | undefined {
  if (isList(value)) {
    const ids = itemIds(value);
    return new Map(value.map((item, index) => [ids[index]!, item]));
  }
  if (!isObject(value)) return undefined;
  return new Map(
    Object.entries(value).flatMap(([key, inside]) => (inside === undefined ? [] : [[key, inside]])),
  );
}

function collection(like: Json, entries: readonly (readonly [string, Json])[]): Json {
  if (isList(like)) return entries.map(([, item]) => item);
  const object: JsonObject = Object.fromEntries(entries);
  return object;
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function segmentOf(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}
