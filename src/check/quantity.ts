// Quantities of Kubernetes: `500m`, `0.5`, `256Mi`, `1G`, `1e3`.

import type { Json } from "../manifest/json-value.ts";

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1_024,
  Mi: 1_024 ** 2,
  Gi: 1_024 ** 3,
  Ti: 1_024 ** 4,
};

/** In cores or bytes; undefined for what is none. */
export function parseQuantity(text: Json | undefined): number | undefined {
  if (typeof text === "number") return text;
  const [, amount, suffix] =
    /^(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(typeof text === "string" ? text : "") ?? [];
  const unit = SUFFIXES[suffix ?? ""];
  return amount === undefined || unit === undefined ? undefined : Number(amount) * unit;
}
