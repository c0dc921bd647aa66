import { stringOf } from "../../manifest/json-value.ts";
import type { Container } from "../../manifest/workload.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const movingImage: Check = {
  id: "moving-image",
  severity: "warning",
  title: "An image that is looked up anew at each start: `latest`, or imagePullPolicy Always.",
  why:
    "The container is stopped first and the image is pulled then: the app is away for as long as the registry takes, and for good when it does " +
    "not answer. Under one name the new container may hold another version, and there is none to go back to.",
  find({ workload, sidecar, apps }) {
    const containers = [
      ...new Set([...(sidecar ? [sidecar.container] : []), ...apps.map(({ container }) => container)]),
    ];
    return containers.flatMap((container) => {
      const policy = stringOf(container.value.imagePullPolicy);
      const moves = isMoving(container);
      // Without sluice nothing is replaced in place, and Always with a fixed tag only costs a look.
      const isAlways = policy === "Always" && sidecar !== undefined;
      if (!moves && !isAlways) return [];
      const what = moves
        ? `image ${container.image} has no version of its own`
        : `image ${container.image} is asked for at each start`;
      return [
        {
          at: inContainer(workload, container, moves ? "image" : "imagePullPolicy"),
          what,
          fix: moves
            ? "Name a version, better its digest, and imagePullPolicy IfNotPresent."
            : "Set imagePullPolicy: IfNotPresent.",
        },
      ];
    });
  },
};

function isMoving({ image }: Container): boolean {
  if (image === "" || image.includes("@")) return false;
  const name = image.slice(image.lastIndexOf("/") + 1);
  return !name.includes(":") || name.endsWith(":latest");
}
