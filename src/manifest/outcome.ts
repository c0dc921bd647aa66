// What becomes of manifests: the new texts, and what is told about each object.

import type { Told } from "./account.ts";
import type { ManifestObject, Manifests, ManifestText } from "./documents.ts";
import { isList, isObject, type Json, type JsonObject } from "./json-value.ts";
import { NotRewritable, rewriteFile } from "./rewrite.ts";

export interface Outcome {
  /** Empty after a refusal: nothing is done by halves. */
  readonly texts: readonly ManifestText[];
  readonly told: readonly Told[];
}

/** The texts with these objects changed; a text that cannot be edited is told as a refusal. */
export function outcomeOf(
  manifests: Manifests,
  changed: ReadonlyMap<ManifestObject, JsonObject>,
  told: readonly Told[],
): Outcome {
  if (told.some(({ refused }) => refused.length > 0)) return { texts: [], told };
  const texts: ManifestText[] = [];
  for (const [index, file] of manifests.files.entries()) {
    const documents = new Map<number, Json>();
    for (const [{ place }, value] of changed) {
      if (place.file !== index) continue;
      const whole = documents.get(place.document) ?? file.documents[place.document]!.value;
      documents.set(place.document, withItem(whole, place.items, value));
    }
    try {
      texts.push({ name: file.name, text: rewriteFile(file, documents) });
    } catch (error) {
      if (!(error instanceof NotRewritable)) throw error;
      const refused = [`${error.message}: write the aliases (\`*name\`) out`];
      return {
        texts: [],
        told: [...told, { title: "the file", file: file.name, line: 1, done: [], notes: [], refused }],
      };
    }
  }
  return { texts, told };
}

function withItem(value: Json, [index, ...rest]: readonly number[], item: Json): Json {
  if (index === undefined) return item;
  if (!isObject(value) || !isList(value.items)) throw new Error("the object's place is not in a List");
  return { ...value, items: value.items.with(index, withItem(value.items[index] ?? null, rest, item)) };
}

/** The object with the value at the end of the path. */
export function withPath(
  object: JsonObject,
  [key, ...rest]: readonly string[],
  value: JsonObject,
): JsonObject {
  if (key === undefined) return value;
  const inside = object[key];
  return { ...object, [key]: withPath(isObject(inside) ? inside : {}, rest, value) };
}
