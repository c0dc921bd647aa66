// Manifests as they come in: files and stdin, several documents each, `List`s with objects inside. What cannot be a
// manifest is told in one line each: the file, the line, what is wrong, what to do.

import { at, isList, isObject, type Json, type JsonObject, stringOf } from "./json-value.ts";
import { readYamlSource, type SourceDocument } from "./yaml-source.ts";

export interface ManifestText {
  /** The file's path, or `stdin`. */
  readonly name: string;
  readonly text: string;
}

export interface ManifestFile extends ManifestText {
  /** As they stand in the text; those that hold only comments included. */
  readonly documents: readonly SourceDocument[];
}

/** One Kubernetes object: a document, or an item of a List. */
export interface ManifestObject {
  readonly file: string;
  /** Of the object's beginning, counted from 1; of the List for its items. */
  readonly line: number;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Undefined where the manifest leaves it to whoever applies it. */
  readonly namespace: string | undefined;
  readonly value: JsonObject;
  /** Where it stands: the file, the document of it, and the way in through Lists. */
  readonly place: Place;
}

export interface Place {
  readonly file: number;
  readonly document: number;
  readonly items: readonly number[];
}

export interface ManifestProblem {
  readonly file: string;
  readonly line: number;
  /** What is wrong, and what to do about it. */
  readonly message: string;
}

export interface Manifests {
  readonly files: readonly ManifestFile[];
  readonly objects: readonly ManifestObject[];
}

/** Everything in the texts, in their order; or every problem, at least one, of those that cannot be manifests. */
export function readManifests(
  texts: readonly ManifestText[],
): Manifests | { readonly problems: readonly ManifestProblem[] } {
  const files: ManifestFile[] = [];
  const objects: ManifestObject[] = [];
  const problems: ManifestProblem[] = [];
  for (const { name, text } of texts) {
    const source = readYamlSource(text);
    if ("problems" in source) {
      const template = templateLine(text);
      const found =
        template === undefined ? source.problems.slice(0, 1) : [{ line: template, message: UNRENDERED }];
      problems.push(
        ...found.map(({ line, message }) => ({
          file: name,
          line,
          message: message === UNRENDERED ? UNRENDERED : `not YAML: ${message}`,
        })),
      );
      continue;
    }
    source.documents.forEach((document, index) => {
      if (document.root === undefined) return;
      const place = { file: files.length, document: index, items: [] };
      const read = objectsIn(document.value, name, document.line, place);
      if (typeof read !== "string") {
        objects.push(...read);
        if (hasHole(document.value) || read.some(isUnrendered)) {
          const within = templateLine(text.slice(document.start, document.end));
          const first = text.slice(0, document.start).split("\n").length;
          const line = within === undefined ? document.line : first + within - 1;
          problems.push({ file: name, line, message: UNRENDERED });
        }
      }
      // A flow map as a key of a flow map: `{{ .Values.image }}` is YAML, though nobody writes that on purpose.
      else {
        const template = templateLine(text.slice(document.start, document.end));
        const line = document.line;
        problems.push({ file: name, line, message: template === undefined ? read : UNRENDERED });
      }
    });
    files.push({ name, text, documents: source.documents });
  }
  return problems.length > 0 ? { problems: distinct(problems) } : { files, objects };
}

const UNRENDERED = "this is a template, not a manifest: render it first, such as by `helm template CHART`";

/** Where `{{` first stands outside of a comment; counted from 1. */
function templateLine(text: string): number | undefined {
  const index = text.split("\n").findIndex((line) => /^[^#]*\{\{/.test(line));
  return index === -1 ? undefined : index + 1;
}

/** `x: {{ y }}` is read as a map whose key is a map, which becomes the text `{ y }`. */
function hasHole(value: Json | undefined): boolean {
  if (isList(value)) return value.some(hasHole);
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([key, inside]) => (/^\{[\s\S]*\}$/.test(key) && inside === null) || hasHole(inside),
  );
}

/** Kinds of others (workflows, policies) fill such places themselves; Kubernetes' own never do. */
const OWN_GROUPS = /^(?:v1|(?:apps|batch|apps\.kruise\.io)\/.*)$/;

/** `x: "{{ y }}"` is a text like any other, but not where a name, an image or a number stands. */
function isUnrendered({ apiVersion, kind, name, namespace, value }: ManifestObject): boolean {
  if (!OWN_GROUPS.test(apiVersion) || kind === "ConfigMap" || kind === "Secret") return false;
  return [name, namespace].some(isTemplate) || hasTemplate(value);
}

function hasTemplate(value: Json | undefined): boolean {
  if (isList(value)) return value.some(hasTemplate);
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([key, inside]) => ((key === "image" || key === "replicas") && isTemplate(inside)) || hasTemplate(inside),
  );
}

function isTemplate(value: Json | undefined): boolean {
  return typeof value === "string" && value.includes("{{");
}

/** The objects, or what keeps the value from being one. */
function objectsIn(
  value: Json,
  file: string,
  line: number,
  place: Place,
): readonly ManifestObject[] | string {
  if (!isObject(value)) return "not a Kubernetes object: it should be a map with apiVersion and kind";
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    const missing = [typeof apiVersion !== "string" && "apiVersion", typeof kind !== "string" && "kind"];
    return `not a Kubernetes object: it has no ${missing.filter(Boolean).join(" and no ")}`;
  }
  if (kind.endsWith("List") && Array.isArray(value.items)) {
    const objects: ManifestObject[] = [];
    for (const [index, item] of value.items.entries()) {
      const inside = objectsIn(item, file, line, { ...place, items: [...place.items, index] });
      if (typeof inside === "string") return `item ${index + 1} of the ${kind}: ${inside}`;
      objects.push(...inside);
    }
    return objects;
  }
  const name = stringOf(at(value, "metadata", "name")) ?? stringOf(at(value, "metadata", "generateName"));
  const namespace = stringOf(at(value, "metadata", "namespace"));
  return [{ file, line, apiVersion, kind, name: name ?? "(no name)", namespace, value, place }];
}

function distinct(problems: readonly ManifestProblem[]): readonly ManifestProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ file, line, message }) => {
    const id = `${file}:${line}:${message}`;
    return !seen.has(id) && seen.add(id);
  });
}

/** "Deployment web", as people call it. */
export function titleOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`;
}
