// What keeps a slot from being ready, in few words that make good labels; /readyz says the same in plain ones.

import type { SlotStatus } from "../api/backend.ts";

export const OBSTACLES = ["handshake", "lost", "probe", "gate", "unreachable", "stopping"] as const;
export type Obstacle = (typeof OBSTACLES)[number];

/** Empty for a slot that is ready. */
export function obstaclesOf(slot: SlotStatus): ReadonlySet<Obstacle> {
  const found = new Set<Obstacle>();
  if (slot.ready) return found;
  if (slot.state === "empty") return found.add("handshake");
  if (slot.state === "lost") return found.add("lost");
  if (slot.state === "draining" || slot.state === "stopping") found.add("stopping");
  if (slot.probe.state === "failing" || slot.probe.state === "unknown") found.add("probe");
  if (Object.values(slot.gates).some(({ open }) => !open)) found.add("gate");
  // Nothing else is left that could keep it.
  if (found.size === 0) found.add("unreachable");
  return found;
}
