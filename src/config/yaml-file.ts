// The YAML file: a mapping from option keys to values. A list may be written as a YAML list, slots as a mapping. The
// vendor `yaml` enters here, and only when a file is given: without one, its code is never run.

import type { Document, Node, ParsedNode } from "yaml";
import { type Given, quote, type Source } from "./given.ts";
import { nearest } from "./nearest.ts";
import { isOptionKey, OPTION_KEYS, type OptionKey, optionOf } from "./options.ts";
import type { Origin, Problem } from "./problem.ts";

/** `content` is the file's text; `file` is its name in problems. */
export async function readYaml(file: string, content: string): Promise<Source> {
  const { parseDocument, LineCounter, isMap, isScalar, isSeq } = await import("yaml");
  const lines = new LineCounter();
  const document: Document.Parsed<ParsedNode> = parseDocument(content, {
    lineCounter: lines,
    prettyErrors: false,
  });
  const given: Given[] = [];
  const problems: Problem[] = [];

  const at = (offset: number | undefined): Origin => ({
    from: "file",
    file,
    line: lines.linePos(offset ?? 0).line || 1,
  });
  const placeOf = (node: unknown) => at((node as Node | null)?.range?.[0]);

  /** The text as it was written: `0x10` and `1e3` stay what they are, so that their kind can refuse them. */
  function scalarText(node: unknown): string | undefined {
    if (!isScalar(node) || node.value === null) return undefined;
    return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
  }

  function textOf(key: OptionKey, node: unknown): string | undefined {
    if (!optionOf(key).kind.list) return scalarText(node);
    if (isSeq(node)) {
      const items = node.items.map(scalarText);
      return items.includes(undefined) ? undefined : items.join(",");
    }
    if (key === "slots" && isMap(node)) {
      const pairs = node.items.map((pair) => [scalarText(pair.key), scalarText(pair.value)]);
      return pairs.some((pair) => pair.includes(undefined))
        ? undefined
        : pairs.map((pair) => pair.join("=")).join(",");
    }
    return scalarText(node);
  }

  for (const error of document.errors) {
    problems.push({ origin: at(error.pos[0]), key: "", given: error.message, expected: "valid YAML" });
  }
  const root = document.contents;
  if (problems.length > 0 || root === null || (isScalar(root) && root.value === null))
    return { given, problems };
  if (!isMap(root)) {
    problems.push({
      origin: placeOf(root),
      key: "",
      given: undefined,
      expected: "a mapping such as drain-delay: 5s",
    });
    return { given, problems };
  }
  for (const pair of root.items) {
    const origin = placeOf(pair.key);
    const key = scalarText(pair.key) ?? "";
    if (key === "config") {
      problems.push({ origin, key, given: undefined, expected: "one file only: a file names no other" });
    } else if (!isOptionKey(key)) {
      const guess = nearest(key.replaceAll("_", "-"), OPTION_KEYS);
      const instead = guess ? `; did you mean ${guess}?` : "";
      problems.push({ origin, key: quote(key), given: undefined, expected: `a key that exists${instead}` });
    } else {
      const text = textOf(key, pair.value);
      if (text !== undefined) given.push({ key, text, origin });
      else problems.push({ origin, key, given: "no plain value", expected: optionOf(key).kind.placeholder });
    }
  }
  return { given, problems };
}
