// What keeps a Pod template from being one at all: nobody can change it or judge it.

import { imageProblem } from "../upgrade/image-name.ts";
import type { Workload } from "./workload.ts";

/** What a later step fills in: `${IMAGE}`, `{{image}}`, `<image>`, `%IMAGE%`, `@@IMAGE@@`, `__IMAGE__`, `APP_IMAGE`, `ko://…`. */
const FILLED_IN_LATER = /[$%{}<>]|@@|__|:\/\/|^[A-Z0-9_-]+$/;

/** A sentence each; none: it is whole. */
export function flawsOf({ containers, initContainers }: Workload): readonly string[] {
  const all = [...initContainers, ...containers];
  const twice = all.find(({ name }, index) => all.findIndex((one) => one.name === name) < index);
  return [
    containers.length === 0 && "it has no containers",
    all.some(({ name }) => name === "") && "it has a container without a name",
    twice && `it has two containers called ${twice.name}`,
    ...all.map(({ name, image }) => {
      const problem = image === "" || FILLED_IN_LATER.test(image) ? undefined : imageProblem(image);
      return problem !== undefined && `${name}: ${problem}`;
    }),
  ].filter((flaw) => typeof flaw === "string");
}
