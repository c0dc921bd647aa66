// YAML as text with a structure over it: where each value stands, so that others can be written in the midst of it.
// The vendor `yaml` enters the command line here (the sidecar's own file has a door of its own).

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  stringify,
} from "yaml";
import type { Json } from "./json-value.ts";

/** A value in the text, from `start` up to but without `end`. */
export type SourceNode =
  | {
      readonly kind: "map";
      readonly flow: boolean;
      readonly start: number;
      readonly end: number;
      readonly pairs: readonly SourcePair[];
    }
  | {
      readonly kind: "list";
      readonly flow: boolean;
      readonly start: number;
      readonly end: number;
      readonly items: readonly SourceNode[];
    }
  /** A scalar; or what can only be replaced as a whole: an alias, a map with merged keys. */
  | { readonly kind: "leaf"; readonly start: number; readonly end: number };

export interface SourcePair {
  readonly key: string;
  readonly start: number;
  readonly value: SourceNode;
}

export interface SourceDocument {
  /** Undefined where the document has only comments. */
  readonly root: SourceNode | undefined;
  readonly value: Json;
  /** Of the whole document in the text, its comments included, its `---` perhaps. */
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
}

export interface SourceProblem {
  readonly line: number;
  readonly message: string;
}

/** Every document of the stream, or everything that is not YAML in it. */
export function readYamlSource(
  text: string,
): { readonly documents: readonly SourceDocument[] } | { readonly problems: readonly SourceProblem[] } {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: "error",
  });
  const all: readonly Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  const lineAt = (offset: number): number => lines.linePos(offset).line || 1;
  const problems = all.flatMap(({ errors }) =>
    errors.map(({ pos, message }) => ({
      line: lineAt(pos[0]),
      message: message.replaceAll(/\s*\n\s*/g, " "),
    })),
  );
  if (problems.length > 0) return { problems };
  try {
    return { documents: all.map((document) => sourceDocument(document, text, lineAt)) };
  } catch (error) {
    // Aliases are resolved only now: unknown ones, and those that grow without bound.
    return { problems: [{ line: 1, message: error instanceof Error ? error.message : String(error) }] };
  }
}

function sourceDocument(
  document: Document.Parsed,
  text: string,
  lineAt: (offset: number) => number,
): SourceDocument {
  const { contents, range } = document;
  const isEmpty = contents === null || (isScalar(contents) && contents.range[0] === contents.range[1]);
  const root = isEmpty ? undefined : sourceNode(contents, text);
  return {
    root,
    value: isEmpty ? null : (document.toJS() as Json),
    start: range[0],
    end: range[2],
    line: lineAt(root?.start ?? range[0]),
  };
}

function sourceNode(node: unknown, text: string): SourceNode {
  if (!isNode(node) || !node.range) throw new Error("a value without a place in the text");
  const [start, end] = node.range;
  const flow = "flow" in node && node.flow === true;
  if (isAlias(node) || (!isMap(node) && !isSeq(node))) return { kind: "leaf", start, end };
  if (isSeq(node)) {
    return { kind: "list", flow, start, end, items: node.items.map((item) => sourceNode(item, text)) };
  }
  const pairs: SourcePair[] = [];
  for (const { key, value } of node.items) {
    // Merged, computed and empty keys cannot be edited one by one.
    if (!isScalar(key) || !key.range || !isNode(value) || key.value === "<<" || typeof key.value === "symbol")
      return { kind: "leaf", start, end };
    pairs.push({ key: String(key.value), start: key.range[0], value: sourceNode(value, text) });
  }
  return { kind: "map", flow, start, end, pairs };
}

export interface Form {
  /** Blanks of one level. */
  readonly indent: number;
  /** Whether the dashes of a list stand further in than its key. */
  readonly indentLists: boolean;
  readonly flow?: boolean;
}

/** The value as YAML, without a final newline. Texts that an old reader takes for something else are quoted. */
export function writeYaml(value: Json, form: Form): string {
  return stringify(value, {
    lineWidth: 0,
    indent: form.indent,
    indentSeq: form.indentLists,
    compat: "yaml-1.1",
    collectionStyle: form.flow ? "flow" : "any",
    flowCollectionPadding: false,
    aliasDuplicateObjects: false,
  }).replace(/\n$/, "");
}
