// Whether the new version has gone bad, as the kubelet sees it. The first sign counts: while a slot crashes or its image cannot be
// had, the whole Pod is unready, however well the other slot serves.

import type { ContainerFacts, Ended } from "./facts.ts";
import type { Baseline } from "./record.ts";

/** Reasons of `waiting` that do not go away by themselves, or not soon enough. */
const TROUBLES: Readonly<Record<string, string>> = {
  ErrImagePull: "its image cannot be pulled",
  ImagePullBackOff: "its image cannot be pulled",
  ErrImageNeverPull: "its image is not on the node, and imagePullPolicy is Never",
  InvalidImageName: "its image has no valid name",
  ImageInspectError: "its image cannot be inspected",
  RegistryUnavailable: "the registry cannot be reached",
  CreateContainerConfigError: "its container cannot be configured",
  CreateContainerError: "its container cannot be created",
  RunContainerError: "its container cannot be started",
};

/** Why the container that came after `baseline` is bad; undefined: nothing speaks against it. */
export function verdictOn(container: ContainerFacts, baseline: Baseline): string | undefined {
  const { waiting, ended, endedBefore } = container;
  const trouble = waiting && Object.hasOwn(TROUBLES, waiting.reason) ? TROUBLES[waiting.reason] : undefined;
  if (trouble !== undefined && waiting) {
    return `${trouble} (${waiting.reason}${waiting.message === "" ? "" : `: ${waiting.message}`})`;
  }
  // CrashLoopBackOff by itself proves nothing: the kubelet delays an image that it started there a short time ago.
  if (ended && isNew(ended.id ?? container.id, baseline)) return `it ended: ${howItEnded(ended)}`;
  // It died and was started again between two looks. Where the present one is not new, an older death is meant.
  if (endedBefore && isNew(container.id, baseline) && isNew(endedBefore.id, baseline)) {
    return `it ended: ${howItEnded(endedBefore)}`;
  }
  return undefined;
}

/** A container with another id than before the patch. */
export function isNew(id: string | undefined, baseline: Baseline): boolean {
  return id !== undefined && id !== baseline.id;
}

function howItEnded({ exitCode, reason }: Ended): string {
  const why = reason === "" || reason === "Error" || reason === "Completed" ? "" : ` (${reason})`;
  return exitCode === undefined ? `reason ${reason || "unknown"}` : `exit code ${exitCode}${why}`;
}
