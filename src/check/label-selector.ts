// Label selectors as PodDisruptionBudgets and NetworkPolicies have them.

import {
  isObject,
  type Json,
  type JsonObject,
  objectOf,
  objectsOf,
  stringOf,
  stringsOf,
} from "../manifest/json-value.ts";

/** Whether the selector takes in Pods with these labels. An empty selector takes in all, an absent one none. */
export function matchesLabels(selector: Json | undefined, labels: JsonObject): boolean {
  if (!isObject(selector)) return false;
  const equal = Object.entries(objectOf(selector.matchLabels)).every(([key, value]) => labels[key] === value);
  return equal && objectsOf(selector.matchExpressions).every((expression) => fulfils(expression, labels));
}

function fulfils(expression: JsonObject, labels: JsonObject): boolean {
  const label = stringOf(labels[stringOf(expression.key) ?? ""]);
  const values = stringsOf(expression.values) ?? [];
  switch (expression.operator) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return label === undefined || !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    default:
      return false;
  }
}
