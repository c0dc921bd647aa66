// Ways into manifests, and how they are written down.

import type { ManifestFile, ManifestObject } from "../manifest/documents.ts";
import { isList, isObject, type Json } from "../manifest/json-value.ts";
import type { Container, Workload } from "../manifest/workload.ts";
import type { SourceNode } from "../manifest/yaml-source.ts";
import type { Place } from "./finding.ts";

type Steps = readonly (string | number)[];

export function inObject(object: ManifestObject, ...steps: Steps): Place {
  return { object, steps };
}

/** Within the spec of the Pods. */
export function inPodSpec({ object, templatePath }: Workload, ...steps: Steps): Place {
  return { object, steps: [...templatePath, "spec", ...steps] };
}

export function inContainer(workload: Workload, container: Container, ...steps: Steps): Place {
  const index = workload.containers.indexOf(container);
  const list = index === -1 ? "initContainers" : "containers";
  const position = index === -1 ? workload.initContainers.indexOf(container) : index;
  return inPodSpec(workload, list, Math.max(0, position), ...steps);
}

/** `spec.template.spec.containers[app].lifecycle`: items by their names, where they have one. */
export function formatPath({ object, steps }: Place): string {
  let here: Json | undefined = object.value;
  let path = "";
  for (const step of steps) {
    if (typeof step === "string") {
      path += `${path === "" ? "" : "."}${step}`;
      here = isObject(here) ? here[step] : undefined;
      continue;
    }
    here = isList(here) ? here[step] : undefined;
    const name = isObject(here) && typeof here.name === "string" ? here.name : String(step);
    path += `[${name}]`;
  }
  return path;
}

/** The line, counted from 1, of what stands at the place, or of the nearest thing around it. Undefined for no file. */
export function lineOf({ object, steps }: Place, files: readonly ManifestFile[]): number | undefined {
  const file = files[object.place.file];
  const root = file?.documents[object.place.document]?.root;
  if (!file || !root) return undefined;
  const all = [...object.place.items.flatMap((item): Steps => ["items", item]), ...steps];
  let node: SourceNode = root;
  let { start } = root;
  for (const step of all) {
    if (node.kind === "map") {
      const pair = node.pairs.find(({ key }) => key === step);
      if (!pair) break;
      ({ start } = pair);
      node = pair.value;
    } else if (node.kind === "list" && typeof step === "number") {
      const item = node.items[step];
      if (!item) break;
      ({ start } = item);
      node = item;
    } else break;
  }
  return file.text.slice(0, start).split("\n").length;
}
