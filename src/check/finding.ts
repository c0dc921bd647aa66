// What a check is, and what it finds.

import type { ManifestObject } from "../manifest/documents.ts";
import type { Facts } from "./facts.ts";

/** `error`: it drops requests, or keeps the Pod from serving. `warning`: it does so in some case, or weakens a promise. */
export type Severity = "error" | "warning";

/** Where something stands: the object, and the way from its root. */
export interface Place {
  readonly object: ManifestObject;
  readonly steps: readonly (string | number)[];
}

/** What one check says about one place. */
export interface Trace {
  readonly at: Place;
  /** What is wrong, in one sentence without a full stop at its end. */
  readonly what: string;
  /** How to mend it here. */
  readonly fix: string;
  /** Where this case is lighter or graver than the check as a rule. */
  readonly severity?: Severity;
}

export interface Check {
  /** Also the name of its file, and of its heading in docs/checks.md. Never reused for something else. */
  readonly id: string;
  readonly severity: Severity;
  /** What it looks for, as a line of a list. */
  readonly title: string;
  /** Why that drops requests. */
  readonly why: string;
  /** Needs live Pods. */
  readonly live?: true;
  /** Pure: everything that is known comes in, nothing else is looked at. */
  readonly find: (facts: Facts) => readonly Trace[];
}

export interface Finding {
  readonly id: string;
  readonly severity: Severity;
  /** The object in which it stands: the workload, or a Service or budget of it. */
  readonly object: string;
  /** `spec.template.spec.containers[app].lifecycle`. */
  readonly path: string;
  /** Undefined where the object came from a cluster. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  readonly docs: string;
}

export function docsOf(id: string): string {
  return `docs/checks.md#${id}`;
}
