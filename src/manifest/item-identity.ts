// What tells the items of a list apart: a name where there is one, so that a list is followed through insertions.

import { at, isObject, type Json } from "./json-value.ts";

const NAMED_BY = ["mountPath", "name", "containerPort", "port"] as const;

/** One text for each item, unique within the list. */
export function itemIds(list: readonly Json[]): readonly string[] {
  const seen = new Map<string, number>();
  return list.map((item) => {
    const id = idOf(item);
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return count === 0 ? id : `${id}#${count}`;
  });
}

function idOf(item: Json): string {
  if (!isObject(item)) return JSON.stringify(item);
  for (const key of NAMED_BY) {
    const value = item[key];
    if (typeof value === "string" || typeof value === "number") return String(value);
  }
  // An object in a List.
  const name = at(item, "metadata", "name");
  if (typeof name === "string") return [item.kind, at(item, "metadata", "namespace"), name].join(" ");
  return JSON.stringify(item);
}
