import { type JsonObject, objectOf, objectsOf, stringOf } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const imageDiffers: Check = {
  id: "image-differs",
  severity: "warning",
  live: true,
  title: "Live Pods run another image than their owner's template has.",
  why:
    "After an upgrade in the Pod, the template still has the old image. The next Pod, after an eviction or a scale-up, comes with it, and two versions serve side by side without " +
    "anybody having asked for that.",
  find({ workload, pods }) {
    return [...workload.initContainers, ...workload.containers].flatMap((container) => {
      const different = (pods ?? []).flatMap(({ name, value, template }) => {
        const now = imageOf(objectOf(value.spec), container.name);
        const then = imageOf(template, container.name);
        return now === undefined || then === undefined || now === then ? [] : [{ name, now, then }];
      });
      const [first] = different;
      if (!first) return [];
      const images = [...new Set(different.map(({ now }) => now))].join(", ");
      return [
        {
          at: inContainer(workload, container, "image"),
          what: `${different.map(({ name }) => name).join(", ")}: container ${container.name} runs ${images}, and the template has ${first.then}`,
          fix: "Put the image into the template as well (StatefulSet with OnDelete, or CloneSet), or let a rolling update follow.",
        },
      ];
    });
  },
};

function imageOf(spec: JsonObject | undefined, container: string): string | undefined {
  const all = [...objectsOf(spec?.initContainers), ...objectsOf(spec?.containers)];
  return stringOf(all.find(({ name }) => name === container)?.image);
}
