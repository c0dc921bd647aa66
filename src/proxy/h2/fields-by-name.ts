// Fields as node:http2 takes them where it takes no list.

import type { Fields } from "../headers/fields.ts";

/** By name, in lower case and in the order of their first lines. */
export function fieldsByName(fields: Fields): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null);
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    out[name] ??= [];
    out[name].push(fields[i + 1]!);
  }
  return out;
}
