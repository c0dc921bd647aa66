// The other side of the contract, for the tests of the two servers: a Backend in memory that writes down what it is asked.

import { SluiceError } from "../errors.ts";
import type { Handshake, LifelineLine } from "../health/facts.ts";
import type {
  Backend,
  FlowSample,
  GateOrder,
  LifelineStream,
  Readiness,
  Status,
  TimelineEvent,
} from "./backend.ts";
import type { PageSource } from "./page.ts";

export interface OpenLifeline {
  readonly handshake: Handshake;
  readonly stream: LifelineStream;
  readonly lost: Promise<void>;
  isLost: boolean;
}

export function createMemoryBackend() {
  const slots = ["a", "b"];
  const lifelines: OpenLifeline[] = [];
  const gates: [string, string, GateOrder][] = [];
  const outcomes: [string, string, { ok: boolean; reason: string }][] = [];
  const hooks: { readonly slot: string; answer(outcome: string): void }[] = [];
  const stopping: string[] = [];
  const listeners = new Set<(event: TimelineEvent) => void>();
  const timeline: TimelineEvent[] = [];
  const samples: FlowSample[] = [];
  const watchers = new Set<(sample: FlowSample) => void>();
  const waiting = new Set<() => void>();
  const state = {
    readiness: { ready: true, reason: "slot a serves v1", active: "a", slots: [] } as Readiness,
    balancer: { ok: true, reason: "serving" },
    liveness: { ok: true, reason: "its probe passes" },
    reload: async (): Promise<{ ok: boolean; reason: string }> => ({ ok: true, reason: "read again" }),
    drain: async () => ({ outcome: "drained", inFlight: 0 }),
    handshake: (_handshake: Handshake, _stream: LifelineStream) => {},
  };

  function happened(): void {
    for (const wake of [...waiting]) wake();
  }

  function known(slot: string): void {
    if (!slots.includes(slot))
      throw new SluiceError("UNKNOWN_SLOT", `there is no slot ${slot}; there are a and b`);
  }

  function hook(slot: string): Promise<{ outcome: string }> {
    return new Promise((resolve) => {
      hooks.push({ slot, answer: (outcome) => resolve({ outcome }) });
      happened();
    });
  }

  const backend: Backend = {
    status: () => emptyStatus(),
    readiness: () => state.readiness,
    balancer: () => state.balancer,
    slotLiveness(slot) {
      known(slot);
      return state.liveness;
    },
    metrics: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "sluice_up 1\n" }),
    async slotHook(slot) {
      known(slot);
      return hook(slot);
    },
    podHook: () => hook(""),
    logLevel: () => "info",
    setLogLevel: (level) => ({ level, was: "info" }),
    profile: async (order) => JSON.stringify(order),
    handshake(handshake, stream) {
      known(handshake.slot);
      state.handshake(handshake, stream);
      stream.send({
        type: "accepted",
        slot: handshake.slot,
        generation: lifelines.length + 1,
        resumed: false,
      });
      const { promise, resolve } = Promise.withResolvers<void>();
      const lifeline: OpenLifeline = { handshake, stream, lost: promise, isLost: false };
      lifelines.push(lifeline);
      happened();
      return {
        lost() {
          if (lifeline.isLost) throw new Error("a lifeline was lost twice");
          lifeline.isLost = true;
          resolve();
        },
      };
    },
    gate(slot, gate, order) {
      known(slot);
      if (gate !== "consul") throw new SluiceError("UNKNOWN_GATE", `there is no gate ${gate}`);
      gates.push([slot, gate, order]);
    },
    stopping(slot) {
      known(slot);
      stopping.push(slot);
      return Promise.resolve();
    },
    reload: () => state.reload(),
    outcome(slot, id, outcome) {
      if (id !== "c1") throw new SluiceError("UNKNOWN_COMMAND");
      outcomes.push([slot, id, outcome]);
    },
    promote(slot) {
      known(slot);
      if (slot === "b") throw new SluiceError("NOT_READY", "slot b: v2 waits for its probe");
      return { outcome: "slot a is active" };
    },
    drain: () => state.drain(),
    events(since, onEvent) {
      for (const event of timeline) if (event.id > since) onEvent(event);
      listeners.add(onEvent);
      happened();
      return () => {
        listeners.delete(onEvent);
        happened();
      };
    },
    flowNow: () => emptySample(samples.length + 1),
    flow(since, onSample) {
      for (const sample of samples) if (sample.id > since) onSample(sample);
      watchers.add(onSample);
      happened();
      return () => {
        watchers.delete(onSample);
        happened();
      };
    },
  };

  return {
    backend,
    page: MEMORY_PAGE,
    watchers,
    sample() {
      const sample = emptySample(samples.length + 1);
      samples.push(sample);
      for (const watcher of watchers) watcher(sample);
    },
    state,
    lifelines,
    gates,
    outcomes,
    hooks,
    stopping,
    listeners,
    happen(message: string, type = "test") {
      const event = timelineEvent(timeline.length + 1, message, type);
      timeline.push(event);
      for (const listener of listeners) listener(event);
    },
    /** Resolves once `condition` holds; looked at whenever the backend is asked something. */
    async until(condition: () => boolean): Promise<void> {
      while (!condition()) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    tellAll(line: LifelineLine) {
      return lifelines.map((lifeline) => lifeline.stream.send(line));
    },
  };
}

function timelineEvent(id: number, message: string, type: string): TimelineEvent {
  const nothing = { slot: undefined, generation: undefined, version: undefined };
  return {
    id,
    time: new Date().toISOString(),
    monotonicMs: id,
    type,
    ...nothing,
    message,
    details: {},
  };
}

const MEMORY_PAGE: PageSource = {
  read: async () => ({
    html: "<!doctype html><title>x</title>",
    id: "p1",
    script: "sha256-a",
    style: "sha256-b",
  }),
  id: "p1",
  life: "l1",
  host: "web-0",
};

function emptySample(id: number): FlowSample {
  return {
    ...{ id, time: new Date().toISOString(), monotonicMs: id * 1_000, spanMs: 1_000, event: undefined },
    ...{ accepted: 0, inFlight: 0, held: 0, holds: 0, longestHoldMs: 0, replayed: 0, slots: [] },
    ended: { answered: 0, client_aborted: 0, refused: 0, failed: 0, deadline: 0 },
  };
}

function emptyStatus(): Status {
  const ended = { answered: 0, client_aborted: 0, refused: 0, failed: 0, deadline: 0 };
  return {
    ready: true,
    reason: "slot a serves v1",
    active: "a",
    pod: "serving",
    podLeftMs: undefined,
    slots: [],
    held: 0,
    holds: { total: 0, longestMs: 0 },
    replayed: 0,
    connections: 0,
    account: { accepted: 0, ended, inFlight: 0 },
    uptimeMs: 1,
    sluice: "0.1.0",
  };
}
