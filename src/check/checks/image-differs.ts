import { at, objectsOf, stringOf } from "../../manifest/json-value.ts";
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
    if (!pods || workload.object.kind === "Pod") return [];
    return [...workload.initContainers, ...workload.containers].flatMap((container) => {
      const different = pods.flatMap(({ name, value }) => {
        const lists = [
          ...objectsOf(at(value, "spec", "initContainers")),
          ...objectsOf(at(value, "spec", "containers")),
        ];
        const image = stringOf(lists.find((one) => one.name === container.name)?.image);
        return image === undefined || image === container.image ? [] : [{ name, image }];
      });
      if (different.length === 0) return [];
      const images = [...new Set(different.map(({ image }) => image))].join(", ");
      return [
        {
          at: inContainer(workload, container, "image"),
          what: `${different.map(({ name }) => name).join(", ")}: container ${container.name} runs ${images}, and the template has ${container.image}`,
          fix: "Put the image into the template as well (StatefulSet with OnDelete, or CloneSet), or let a rolling update follow.",
        },
      ];
    });
  },
};
