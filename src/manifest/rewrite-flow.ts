// Writes a changed value in flow style (`{name: web, ports: [80]}`), on one line.

import { itemIds } from "./item-identity.ts";
import { isList, isObject, isSame, type Json } from "./json-value.ts";
import { type Form, type SourceNode, writeYaml } from "./yaml-source.ts";

/** The text of `now` in place of the node, whose value is `then`; parts that are equal keep theirs. */
export function rewriteFlow(text: string, node: SourceNode, then: Json, now: Json, form: Form): string {
  const fresh = (value: Json): string => writeYaml(value, { ...form, flow: true });
  const between = (parts: readonly string[], open: string, close: string): string => {
    const padding = parts.length > 0 && text[node.start + 1] === " " ? " " : "";
    return `${open}${padding}${parts.join(", ")}${padding}${close}`;
  };
  if (isSame(then, now)) return text.slice(node.start, node.end);
  if (node.kind === "map" && isObject(then) && isObject(now)) {
    const parts = Object.entries(now).flatMap(([key, value]) => {
      if (value === undefined) return [];
      const pair = node.pairs.find((one) => one.key === key);
      const old = then[key];
      // A key without a value has no place for one.
      if (!pair || old === undefined || pair.value.start === pair.value.end)
        return [fresh({ [key]: value }).slice(1, -1)];
      return [text.slice(pair.start, pair.value.start) + rewriteFlow(text, pair.value, old, value, form)];
    });
    return between(parts, "{", "}");
  }
  if (node.kind === "list" && isList(then) && isList(now)) {
    const old = itemIds(then);
    const ids = itemIds(now);
    const parts = now.map((value, index) => {
      const at = old.indexOf(ids[index]!);
      return at === -1 ? fresh(value) : rewriteFlow(text, node.items[at]!, then[at]!, value, form);
    });
    return between(parts, "[", "]");
  }
  return fresh(now);
}
