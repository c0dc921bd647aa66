// The probers of all slots: facts from them to the lifecycle, and its wish for haste back to them.

import type { Config } from "./config/config.ts";
import type { ProbeResult } from "./health/facts.ts";
import { createProber } from "./health/probes.ts";
import type { Happening } from "./lifecycle/events.ts";
import { type Generation, type State, slotOf } from "./lifecycle/state.ts";

export interface Probing {
  /** Begins to probe all slots, unless the probe is off. */
  start(): void;
  /** Probes the slot at once and eagerly until it passes. */
  hurry(slot: string): void;
  stop(): void;
}

export function createProbing(
  config: Config,
  state: () => State,
  dispatch: (happening: Happening) => void,
  onTrouble: (error: Error, what: string) => void,
): Probing {
  const isOff = config.probe.kind === "off";
  const probers = new Map(
    config.slots.map((slot) => {
      const prober = createProber({
        // Without a probe, it is still found out whether an address that refused a connection accepts again.
        target: config.probe.kind === "off" ? { kind: "tcp" } : config.probe,
        slot,
        intervalMs: config.probeIntervalMs,
        timeoutMs: config.probeTimeoutMs,
        onResult: take,
      });
      return [slot.name, prober];
    }),
  );

  function generationIn(slot: string): Generation | undefined {
    return slotOf(state(), slot)?.generation;
  }

  /** Who refused connections may accept again; and without handshakes, an app may come, or go after its hook was answered. */
  function isChangeAwaited(name: string): boolean {
    const slot = slotOf(state(), name);
    if (slot?.generation && !slot.generation.reachable) return true;
    return config.handshake === "off" && (!slot?.generation || slot.hook?.answeredAt !== undefined);
  }

  const unprobed = new Set<string>();

  function take({ slot, ok, refused, unmade, detail }: ProbeResult): void {
    if (unmade) {
      // Said once, until a probe can be made again.
      if (!unprobed.has(slot))
        onTrouble(new Error(detail), `slot ${slot} cannot be probed; this says nothing of its app`);
      unprobed.add(slot);
      return;
    }
    unprobed.delete(slot);
    dispatch({ type: "probe", slot, ok, refused, detail });
    const isAwaited = isChangeAwaited(slot);
    probers.get(slot)?.setPace(isAwaited ? "eager" : "normal");
    if (isOff && !isAwaited) probers.get(slot)?.stop();
  }

  return {
    start() {
      if (!isOff) for (const prober of probers.values()) prober.start();
    },
    hurry(slot) {
      const generation = generationIn(slot);
      if (isOff && generation?.reachable) return;
      if (generation && !generation.reachable) probers.get(slot)?.setPace("eager");
      probers.get(slot)?.now();
    },
    stop() {
      for (const prober of probers.values()) prober.stop();
    },
  };
}
