// What an image change inside a running Pod must leave as it was, and the same change without sluice.

import type { Report } from "../../../loadtest/station/run.ts";
import { CONTROL_LOADS } from "./loads.ts";
import { isReady, type Pod, statusOf } from "./objects.ts";
import type { Play } from "./proof.ts";

/** What of a Pod clients and sluice's connections depend on, in a form that can be compared. */
export function identityOf(pod: Pod): string {
  const sluice = statusOf(pod, "sluice");
  const { metadata, status } = pod;
  return `Pod ${metadata.uid} at ${status.podIP}, sluice ${sluice?.containerID} restarted ${sluice?.restartCount}x`;
}

/** A sentence for each way in which kept-alive connections ended that their clients had not asked for. */
export function closedConnections({ loads }: Report): string[] {
  return loads
    .filter(({ name }) => name !== "fresh")
    .flatMap(({ name, ends }) =>
      Object.entries(ends)
        .filter(([end]) => end !== "closed by client")
        .map(([end, count]) => `${count} kept-alive connections of load "${name}" ended otherwise: ${end}`),
    );
}

/** The control of every change in place: the same app, whose only container gets another image. */
export function changeAlone(name: string, requests: number): Play {
  return {
    wish: { name, dress: "alone", replicas: 1, tag: "v1" },
    requests,
    loads: CONTROL_LOADS,
    async act(deployed, run, stage) {
      const { name: pod } = deployed.pods()[0]!.metadata;
      await run.mark("image change");
      await deployed.patchImage(pod, "app", stage.images.app("v2"));
      await stage.mirror.until("the app alone has changed", () =>
        deployed.pods().find((each) => statusOf(each, "app")?.restartCount === 1 && isReady(each)),
      );
      await run.goOn(({ versions }) => versions.includes("v2"));
      return undefined;
    },
  };
}
