// What the upgrade needs to know, read off a Pod of the API server and off a sidecar's status.

import type { Status } from "../api/backend.ts";
import {
  type ContainerDeath,
  type ContainerStatus,
  isReady,
  type Pod,
  statusOf,
} from "../cluster/objects.ts";
import type { ContainerFacts, Ended, PodFacts, SidecarFacts } from "../upgrade/facts.ts";

export function factsOfPod(pod: Pod): PodFacts {
  const containers = pod.spec.containers.map(
    ({ name, image = "" }) => [name, factsOfContainer(image, statusOf(pod, name))] as const,
  );
  return {
    uid: pod.metadata.uid ?? "",
    ready: isReady(pod),
    leaving: pod.metadata.deletionTimestamp !== undefined,
    containers: Object.fromEntries(containers),
  };
}

function factsOfContainer(image: string, status: ContainerStatus | undefined): ContainerFacts {
  const { state = {}, lastState = {} } = status ?? {};
  return {
    image,
    id: status?.containerID || undefined,
    imageId: status?.imageID || undefined,
    running: state.running !== undefined,
    restarts: status?.restartCount ?? 0,
    waiting: state.waiting && { reason: state.waiting.reason ?? "", message: state.waiting.message ?? "" },
    ended: endedOf(state.terminated),
    endedBefore: endedOf(lastState.terminated),
  };
}

function endedOf(death: ContainerDeath | undefined): Ended | undefined {
  return (
    death && { id: death.containerID || undefined, exitCode: death.exitCode, reason: death.reason ?? "" }
  );
}

export function factsOfSidecar({ active, slots }: Status): SidecarFacts {
  return {
    active,
    slots: slots.map(({ name, state, instance, generation, version, ready, waitingFor }) => ({
      name,
      state,
      life: instance ?? (generation === undefined ? undefined : String(generation)),
      version,
      ready,
      waitingFor,
    })),
  };
}
