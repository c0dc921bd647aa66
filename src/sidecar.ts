// The only wiring: the rooms meet here. Everything is built once, facts become events of the lifecycle, and its effects
// become deeds. Nothing is decided here.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { createArrivals } from "./arrivals.ts";
import { createConductor } from "./conductor.ts";
import type { Config, ControlAddress, HostPort } from "./config/config.ts";
import { createDeeds } from "./deeds.ts";
import { createWaiters } from "./drain/hooks.ts";
import { createTickets } from "./drain/tickets.ts";
import { sayFarewell } from "./farewell.ts";
import { createCommands } from "./health/commands.ts";
import { createHintFile, type HintContent } from "./health/hint-file.ts";
import { createLifelines } from "./health/lifelines.ts";
import { objectionTo } from "./health/objection.ts";
import type { RouteDecision } from "./lifecycle/route.ts";
import { slotOf } from "./lifecycle/state.ts";
import { createProbing } from "./probing.ts";
import { createAdmission } from "./proxy/admission.ts";
import type { Engine, EngineObserver } from "./proxy/engine.ts";
import { createStandardEngine } from "./proxy/standard/engine.ts";
import { createTrust } from "./proxy/trusted-proxies.ts";
import { createServers } from "./servers.ts";
import { controlAddresses, routeFor, settingsOf } from "./settings.ts";
import { createBackend } from "./sidecar-backend.ts";
import { createAccessLog } from "./telemetry/access-log.ts";
import { createTimeline } from "./telemetry/events.ts";
import { createLog } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import { failureOf } from "./telemetry/request-failure.ts";

export interface Surroundings {
  /** Where the log goes. */
  readonly output: Writable;
  /** Turns JSON lines of the log into lines for people. */
  readonly pretty?: ((line: string) => string) | undefined;
  /** sluice's own version. */
  readonly version: string;
  /** Node's version, for sluice_build_info. */
  readonly node: string;
  /** Monotonic clock, ms since the start of this sluice. */
  readonly now: () => number;
}

export interface Addresses {
  readonly listen: HostPort;
  readonly ops: HostPort;
  readonly control: readonly ControlAddress[];
}

export interface Sidecar {
  /** Binds all listeners and begins to probe. Rejects with PORT_TAKEN; nothing is left open then. */
  start(): Promise<Addresses>;
  signal(name: "SIGTERM" | "SIGINT"): void;
  /** Logs a defect that was caught outside of any request. */
  report(error: Error, what: string): void;
  /** 0: drained; 70: something was cut at the deadline. All listeners are closed then. */
  readonly finished: Promise<{ readonly exitCode: 0 | 70 }>;
}

const COMMAND_TIMEOUT_MS = 5_000;

export function createSidecar(config: Config, surroundings: Surroundings): Sidecar {
  const { now, version, output, pretty } = surroundings;
  const log = createLog({ level: config.logLevel, destination: output, pretty });
  const onError = (error: Error, what: string) => log.error({ event: "trouble", err: error }, what);
  const timeline = createTimeline({ log, now, wallClock: () => new Date() });
  const finished = Promise.withResolvers<{ readonly exitCode: 0 | 70 }>();
  const readFile = (path: string) => readFileSync(path, "utf8");
  const newId = () => randomBytes(16).toString("hex");

  const tickets = createTickets(now);
  const admission = createAdmission({ max: config.holdMax, timeoutMs: config.holdTimeoutMs, now });
  const hooks = createWaiters<{ readonly outcome: string }>();
  const drains = createWaiters<{ readonly outcome: string; readonly inFlight: number }>();

  const control = controlAddresses(config);
  const socket = control.find((address) => "path" in address);
  const hintFile = socket && createHintFile(join(dirname(socket.path), "hint.json"));
  const hint = hintFile?.read();

  const arrivals = createArrivals(() => lifelines);
  const perform = createDeeds({
    engine: () => engine,
    lifelines: () => lifelines,
    commands: () => commands,
    tickets,
    hooks,
    drains,
    timeline,
    dispatch: (happening) => conductor.dispatch(happening),
    accept: arrivals.accept,
    probe: (slot) => probing.hurry(slot),
    saveHint,
    inFlightOf(slot) {
      const generation = slotOf(conductor.state, slot)?.generation;
      return generation ? tickets.inFlight(generation.id) : 0;
    },
    isRefusing: () => admission.route.to === "refuse",
    exit: (code) => void finish(code),
  });
  const conductor = createConductor({
    settings: settingsOf(config),
    hint,
    now,
    onRoute: follow,
    perform,
    onDefect: onError,
  });
  const probing = createProbing(config, () => conductor.state, conductor.dispatch, onError);
  const lifelines = createLifelines({
    onLost(generation) {
      commands.forget(generation);
      conductor.dispatch({ type: "lifeline-lost", generation });
    },
  });
  const commands = createCommands({
    timeoutMs: COMMAND_TIMEOUT_MS,
    newId,
    setTimer(callback, ms) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  });

  const logAccess = createAccessLog(log, config.accessLog);
  const observer: EngineObserver = {
    ended(record) {
      metrics.ended(record);
      logAccess(record);
      const failure = failureOf(record);
      if (failure) timeline.emit(failure);
    },
    refused: (generation) => conductor.dispatch({ type: "refused", generation }),
    accepted: () => {},
    replayed: () => metrics.replayed(),
    connections: () => {},
    trouble: onError,
  };
  const engine: Engine = createStandardEngine({
    listen: config.listen,
    admission,
    tickets,
    limits: config.limits,
    observer,
    isTrustedProxy: createTrust(config.trustedProxies),
    via: config.via,
    now,
    newRequestId: newId,
  });
  const metrics = createMetrics({
    sources: {
      status: () => backend.status(),
      hold: () => admission.counts(),
      eventStreamDropped: () => timeline.dropped(),
      logDropped: () => log.dropped(),
    },
    slots: config.slots.map(({ name }) => name),
    version,
    engine: config.engine,
    node: surroundings.node,
  });
  timeline.subscribe(0, metrics.event);
  const backend = createBackend({
    config,
    version,
    now,
    conductor,
    tickets,
    admission,
    engine,
    lifelines,
    commands,
    hooks,
    drains,
    timeline,
    metrics,
    objection: (handshake) => objectionTo(handshake, { ...config, readFile }),
    arrive: arrivals.arrive,
  });
  const servers = createServers({ config, control, backend, readFile, onError });

  function follow(route: RouteDecision): void {
    const { held } = admission.counts();
    admission.setRoute(routeFor(config, route));
    if (route.to === "hold" || held === 0) return;
    const message =
      route.to === "generation" ? `${held} held requests go on` : `${held} held requests are refused`;
    timeline.emit({ type: "hold_ended", message, details: { held } });
  }

  function saveHint(hint: HintContent): void {
    try {
      hintFile?.write(hint);
    } catch (error) {
      log.warn({ event: "hint_unsaved", err: error as Error }, "the hint file cannot be written");
    }
  }

  async function finish(exitCode: 0 | 70): Promise<void> {
    const open = { conductor, probing, engine, lifelines, servers, timeline, log, tickets };
    finished.resolve({ exitCode: await sayFarewell({ ...open, onDefect: onError }, exitCode) });
  }

  async function start(): Promise<Addresses> {
    try {
      // Ops first: whoever probes is told why nothing is ready yet, instead of being refused.
      const ops = (await servers.ops.listen()).find(isTcp)!;
      const listen = await engine.listen();
      const open = await servers.control.listen();
      probing.start();
      timeline.emit({
        type: "started",
        message: `sluice ${version} listens on ${listen.host}:${listen.port}, ops on ${ops.host}:${ops.port}`,
        details: { engine: config.engine, slots: config.slots.map(({ name }) => name).join(",") },
      });
      if (hint) {
        const message = `Versions active before sluice was restarted: ${hint.versions.join(", ") || "none"}`;
        timeline.emit({ type: "hint_loaded", message });
      }
      return { listen, ops, control: open };
    } catch (error) {
      conductor.stop();
      engine.destroy();
      await Promise.allSettled([engine.close(), servers.control.close(), servers.ops.close()]);
      throw error;
    }
  }

  return {
    start,
    signal: (name) => conductor.dispatch({ type: "signal", signal: name }),
    report: onError,
    finished: finished.promise,
  };
}

const isTcp = (address: ControlAddress): address is HostPort => !("path" in address);
