// The note in a changed object's annotations: how to get the original back. It makes `inject` repeatable (the original
// is restored first) and `uninject` exact.

import { isList, isObject, type Json, type JsonObject, objectOf } from "./json-value.ts";
import { KEY_ORDER, withKey } from "./key-order.ts";
import { type Step, stepsBack, undo } from "./undo.ts";

const NOTE = "sluice/injected";
const FORM = 1;

/** The object with one more annotation. It has `metadata` like a Pod template. */
export function annotated(object: JsonObject, key: string, value: string): JsonObject {
  const metadata = objectOf(object.metadata);
  // Annotations have no conventional order: a new one goes to the end.
  const annotations = withKey(objectOf(metadata.annotations), key, value, []);
  const ordered = Object.keys(objectOf(metadata.annotations)).includes(key)
    ? annotations
    : { ...objectOf(metadata.annotations), [key]: value };
  return withKey(
    object,
    "metadata",
    withKey(metadata, "annotations", ordered, KEY_ORDER.metadata),
    KEY_ORDER.object,
  );
}

/** `now` with the note of how `then` was. */
export function seal(now: JsonObject, then: JsonObject): JsonObject {
  const steps = [...stepsBack(now, then)];
  const { annotations } = objectOf(then.metadata);
  if (!isObject(annotations)) steps.push(emptied("/metadata/annotations", annotations));
  if (!isObject(then.metadata)) steps.push(emptied("/metadata", then.metadata));
  return annotated(now, NOTE, JSON.stringify({ form: FORM, undo: steps }));
}

/** Where there was none, or `null`, none is left, unless others have put something in. */
function emptied(path: string, before: Json | undefined): Step {
  return before === undefined ? ["~", path] : ["~", path, before];
}

export function isSealed(object: JsonObject): boolean {
  return objectOf(objectOf(object.metadata).annotations)[NOTE] !== undefined;
}

export interface Unsealed {
  readonly value: JsonObject;
  /** What could not be put back, since its place is gone. */
  readonly missed: readonly string[];
}

/** The original of a sealed object, what others have changed since left as it is; undefined: the note cannot be read. */
export function unseal(object: JsonObject): Unsealed | undefined {
  const metadata = objectOf(object.metadata);
  const steps = stepsOf(objectOf(metadata.annotations)[NOTE]);
  if (!steps) return undefined;
  const annotations = withKey(objectOf(metadata.annotations), NOTE, undefined, []);
  const without = withKey(object, "metadata", withKey(metadata, "annotations", annotations, []), []);
  const { value, missed } = undo(without, steps);
  return isObject(value) ? { value, missed } : undefined;
}

function stepsOf(note: Json | undefined): readonly Step[] | undefined {
  if (typeof note !== "string") return undefined;
  try {
    const read = JSON.parse(note) as Json;
    if (!isObject(read) || read.form !== FORM || !isList(read.undo)) return undefined;
    return read.undo.every(isStep) ? (read.undo as unknown as readonly Step[]) : undefined;
  } catch {
    return undefined;
  }
}

function isStep(step: Json): boolean {
  if (!isList(step) || typeof step[1] !== "string" || !step[1].startsWith("/")) return false;
  if (step[0] === "-") return step.length === 2;
  if (step[0] === "~") return step.length <= 3;
  return step[0] === "+" && step.length === 4 && (step[3] === null || typeof step[3] === "string");
}
