// Writes changed values into a text: what is equal stays as it was written, comments, quotes and order included.

import type { ManifestFile } from "./documents.ts";
import { isSame, type Json } from "./json-value.ts";
import { rewriteBlock } from "./rewrite-block.ts";
import { rewriteFlow } from "./rewrite-flow.ts";
import { applySplices, columnOf, type Splice } from "./splice.ts";
import { type Form, readYamlSource, type SourceDocument, type SourceNode, writeYaml } from "./yaml-source.ts";

/** A value that cannot be written in the midst of this text. */
export class NotRewritable extends Error {}

/**
 * The file's text with these documents (by index) having these values. Documents that are not named, or have that value
 * already, stay byte by byte. Throws NotRewritable where the text has aliases that would change elsewhere too.
 */
export function rewriteFile(file: ManifestFile, values: ReadonlyMap<number, Json>): string {
  const splices = file.documents.flatMap((document, index): readonly Splice[] => {
    const value = values.get(index);
    return value === undefined || isSame(value, document.value)
      ? []
      : rewriteDocument(ended(file.text), document, value);
  });
  if (splices.length === 0) return file.text;
  const changed = applySplices(ended(file.text), splices);
  const text = file.text.endsWith("\n") ? changed : changed.replace(/\r?\n$/, "");
  const read = readYamlSource(text);
  const isRight =
    "documents" in read &&
    read.documents.length === file.documents.length &&
    read.documents.every(({ value }, index) =>
      isSame(value, values.get(index) ?? file.documents[index]!.value),
    );
  if (!isRight) throw new NotRewritable(`${file.name} has aliases or a form that cannot be edited in place`);
  return text;
}

/** The last line may lack its end; it goes on lacking it, but not while lines are put behind it. */
function ended(text: string): string {
  return text.endsWith("\n") ? text : `${text}${text.includes("\r\n") ? "\r\n" : "\n"}`;
}

function rewriteDocument(text: string, document: SourceDocument, value: Json): readonly Splice[] {
  const { root } = document;
  if (!root) return [];
  const whole = (written: string): readonly Splice[] => [{ start: root.start, end: root.end, text: written }];
  const written = text.slice(root.start, root.end);
  if (isJson(written)) return whole(JSON.stringify(value, undefined, jsonIndent(written)));
  const form = formOf(text, root);
  if (root.kind !== "leaf" && root.flow) return whole(rewriteFlow(text, root, document.value, value, form));
  return rewriteBlock({ text, form }, root, document.value, value) ?? whole(`${writeYaml(value, form)}\n`);
}

function isJson(text: string): boolean {
  if (!text.startsWith("{")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function jsonIndent(text: string): string | undefined {
  return /^\{\r?\n([ \t]+)"/.exec(text)?.[1];
}

/** How the document is written: the first level and the first list in it tell. */
function formOf(text: string, root: SourceNode): Form {
  let indent: number | undefined;
  let indentLists: boolean | undefined;
  const look = (node: SourceNode): void => {
    if (node.kind === "leaf" || node.flow) return;
    if (node.kind === "list") {
      node.items.forEach(look);
      return;
    }
    for (const { start, value } of node.pairs) {
      if (value.kind === "leaf" || value.flow) continue;
      const column = columnOf(text, start);
      if (value.kind === "map" && value.pairs[0]) indent ??= columnOf(text, value.pairs[0].start) - column;
      if (value.kind === "list" && value.items[0]) {
        indentLists ??= columnOf(text, text.lastIndexOf("-", value.items[0].start - 1)) > column;
      }
      look(value);
    }
  };
  look(root);
  return { indent: indent ?? 2, indentLists: indentLists ?? true };
}
