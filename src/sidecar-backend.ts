// What the two servers ask of the sidecar, answered from the lifecycle's state and by events to it.

import type { Backend, Lifeline, LifelineStream, SlotStatus, Status, Upkeep } from "./api/backend.ts";
import type { Conductor } from "./conductor.ts";
import type { Config } from "./config/config.ts";
import { POD } from "./deeds.ts";
import type { Waiters } from "./drain/hooks.ts";
import type { Tickets } from "./drain/tickets.ts";
import { SluiceError } from "./errors.ts";
import type { Commands, Outcome } from "./health/commands.ts";
import type { Handshake } from "./health/facts.ts";
import type { Lifelines } from "./health/lifelines.ts";
import { balancer, readiness, slotLiveness } from "./lifecycle/readiness.ts";
import { reportSlot } from "./lifecycle/report.ts";
import { activeGeneration, type Generation, type Slot, slotOf } from "./lifecycle/state.ts";
import type { Admission } from "./proxy/admission.ts";
import type { Engine } from "./proxy/engine.ts";
import type { Timeline } from "./telemetry/events.ts";
import type { Flow } from "./telemetry/flow.ts";
import type { Metrics } from "./telemetry/metrics.ts";

export interface BackendParts {
  readonly config: Config;
  readonly version: string;
  readonly now: () => number;
  readonly conductor: Conductor;
  readonly tickets: Tickets;
  readonly admission: Admission;
  readonly engine: Engine;
  readonly lifelines: Lifelines;
  readonly commands: Commands;
  readonly hooks: Waiters<{ readonly outcome: string }>;
  readonly drains: Waiters<{ readonly outcome: string; readonly inFlight: number }>;
  readonly timeline: Timeline;
  readonly metrics: Metrics;
  readonly upkeep: Upkeep;
  readonly flow: Flow;
  /** Opens the door for one handshake: the stream that `accept` will attach. */
  readonly arrive: (stream: LifelineStream, dispatch: () => void) => Lifeline;
  /** Why the handshake may not stand; undefined: it may. */
  readonly objection: (handshake: Handshake) => SluiceError | undefined;
}

/** The longest that a request may be on its way over loopback before the app has read it, connecting included, ms. */
const ARRIVAL_MS = 100;

export function createBackend(parts: BackendParts): Backend {
  const { config, now, conductor, tickets, admission, engine, hooks, drains, timeline } = parts;

  function slotNamed(name: string): Slot {
    const slot = slotOf(conductor.state, name);
    if (slot) return slot;
    const names = conductor.state.settings.slots.join(", ");
    throw new SluiceError("UNKNOWN_SLOT", `There is no slot ${name}; slots: ${names}`);
  }

  function slotStatus(slot: Slot): SlotStatus {
    const { generation, lastProbe } = slot;
    const address = config.slots.find(({ name }) => name === slot.name);
    const drain = generation?.drain;
    return {
      name: slot.name,
      address: `${address?.host}:${address?.port}`,
      ...reportSlot(conductor.state, slot),
      generation: generation?.id,
      version: generation?.version,
      instance: generation?.instance,
      ageMs: generation && Math.round(now() - generation.since),
      probe: {
        state: config.probe.kind === "off" ? "off" : (generation?.probe ?? "unknown"),
        detail: lastProbe?.detail ?? "",
      },
      inFlight: generation ? tickets.inFlight(generation.id) : 0,
      drainLeftMs: drain && !drain.ended ? Math.max(0, Math.round(drain.deadline - now())) : undefined,
    };
  }

  function status(): Status {
    const { state } = conductor;
    const { pod } = state;
    const { held, total, longestMs } = admission.counts();
    return {
      ...readiness(state, now()),
      active: activeGeneration(state)?.slot,
      pod: pod.phase === "exiting" ? "exiting" : pod.phase,
      podLeftMs: pod.phase === "leaving" ? Math.max(0, Math.round(pod.deadline - now())) : undefined,
      slots: state.slots.map(slotStatus),
      held,
      holds: { total, longestMs: Math.round(longestMs) },
      replayed: parts.metrics.replays(),
      connections: engine.connections,
      account: tickets.account(),
      uptimeMs: Math.round(now()),
      sluice: parts.version,
    };
  }

  /** Joins those who wait before the order is given: its answer may come within the order itself. */
  function ask<Answer>(waiters: Waiters<Answer>, key: string, give: () => void): Promise<Answer> {
    const answer = waiters.join(key);
    try {
      give();
    } catch (error) {
      waiters.part(key);
      throw error;
    }
    return answer;
  }

  return {
    ...parts.upkeep,
    status,
    readiness() {
      const { ready, reason, active, slots } = status();
      return {
        ready,
        reason,
        active,
        slots: slots.map(({ name, state, version, ready, waitingFor, gates }) => ({
          name,
          state,
          version,
          ready,
          waitingFor,
          gates,
        })),
      };
    },
    balancer: () => balancer(conductor.state, now()),
    slotLiveness: (name) => slotLiveness(conductor.state, slotNamed(name), now()),
    metrics: (accept) => parts.metrics.scrape(accept),

    slotHook(name) {
      slotNamed(name);
      return ask(hooks, name, () => conductor.dispatch({ type: "slot-hook", slot: name }));
    },
    podHook: () => ask(hooks, POD, () => conductor.dispatch({ type: "pod-hook" })),

    handshake(handshake, stream) {
      slotNamed(handshake.slot);
      const objection = parts.objection(handshake);
      if (objection) {
        const { slot, version } = handshake;
        conductor.dispatch({ type: "handshake-refused", slot, version, reason: objection.message });
        throw objection;
      }
      const { slot, version, instance, signals } = handshake;
      return parts.arrive(stream, () =>
        conductor.dispatch({ type: "handshake", slot, version, instance, signals }),
      );
    },
    gate(slot, gate, { open, reason, ttlMs }) {
      conductor.dispatch({ type: "gate", slot, gate, open, reason, ttlMs });
    },
    async stopping(slot) {
      conductor.dispatch({ type: "stopping", slot });
      const { generation } = slotNamed(slot);
      if (generation) await arrivals(generation.id);
    },
    reload: (slot) => order("reload", slot, () => reload(slot)),
    outcome(slot, id, outcome) {
      slotNamed(slot);
      parts.commands.outcome(slot, id, outcome);
    },
    promote(slot) {
      const before = conductor.state.active;
      order("promote", slot, () => conductor.dispatch({ type: "promote", slot }));
      return { outcome: before === conductor.state.active ? "already active" : "promoted" };
    },
    drain: (slot) =>
      order("drain", slot, () => ask(drains, slot, () => conductor.dispatch({ type: "drain", slot }))),
    events: (since, onEvent) => timeline.subscribe(since, onEvent),
    flow: (since, onSample) => parts.flow.subscribe(since, onSample),
    flowNow: () => parts.flow.now(),
  };

  /** An order that is refused stands in the timeline, with the reason. */
  function order<Result>(what: string, slot: string, give: () => Result): Result {
    try {
      return give();
    } catch (error) {
      if (error instanceof SluiceError) {
        const message = `${what} ${slot} was refused: ${error.message}`;
        timeline.emit({ type: "order_refused", slot, message, details: { order: what, code: error.code } });
      }
      throw error;
    }
  }

  /** Throws at once what refuses the order. */
  function reload(name: string): Promise<Outcome> {
    const generation = living(name);
    if (!generation.signals.includes("SIGUSR2") && !generation.signals.includes("reload")) {
      const declared = generation.signals.join(", ") || "nothing";
      throw new SluiceError(
        "NOT_DECLARED",
        `The handshake declared neither SIGUSR2 nor reload, but ${declared}`,
      );
    }
    return tellToReload(generation);
  }

  async function tellToReload({ slot, id, version }: Generation): Promise<Outcome> {
    const about = { slot, generation: id, version };
    const sayEnded = ({ ok, reason }: Outcome) =>
      timeline.emit({
        ...about,
        type: "reload_ended",
        message: `${version} ${ok ? "has reloaded" : "failed to reload"}${reason && `: ${reason}`}`,
        details: { ok },
      });
    timeline.emit({ ...about, type: "reload_sent", message: `${version} is told to reload` });
    try {
      const outcome = await parts.commands.issue(slot, id, (command) =>
        parts.lifelines.tell(id, { type: "reload", id: command }),
      );
      sayEnded(outcome);
      return outcome;
    } catch (error) {
      // No word from the app is an end, too.
      if (error instanceof SluiceError) sayEnded({ ok: false, reason: error.message });
      throw error;
    }
  }

  /**
   * An app that closes its idle connections as it stops would close one with a request that it has not read yet. So it is
   * told to go on when nothing is in flight, or when what was has had the time to arrive.
   */
  function arrivals(generation: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ARRIVAL_MS);
      tickets.whenIdle(generation).then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  function living(name: string) {
    const { generation } = slotNamed(name);
    if (!generation || generation.lifeline.kind === "lost") {
      throw new SluiceError("NO_GENERATION", `No app has shaken hands in slot ${name}`);
    }
    return generation;
  }
}
