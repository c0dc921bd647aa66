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
import type { CreateEngine } from "./engines.ts";
import { sayFarewell } from "./farewell.ts";
import { createCommands } from "./health/commands.ts";
import { createHintFile } from "./health/hint-file.ts";
import { createLifelines } from "./health/lifelines.ts";
import { objectionTo } from "./health/objection.ts";
import type { RouteDecision } from "./lifecycle/route.ts";
import { slotOf } from "./lifecycle/state.ts";
import { createObserving } from "./observing.ts";
import { createPageSource } from "./page-source.ts";
import { createProbing } from "./probing.ts";
import { createAdmission } from "./proxy/admission.ts";
import type { Engine } from "./proxy/engine.ts";
import { createTrust } from "./proxy/trusted-proxies.ts";
import { createRequestIds } from "./request-ids.ts";
import { createServers } from "./servers.ts";
import { controlAddresses, routeFor, settingsOf } from "./settings.ts";
import { createBackend } from "./sidecar-backend.ts";
import { createTimeline } from "./telemetry/events.ts";
import { createLog } from "./telemetry/log.ts";
import { createTraces, type TracesParts } from "./traces.ts";
import { createUpkeep } from "./upkeep.ts";

export interface Surroundings extends TracesParts {
  /** Makes the engine that the configuration names. */
  readonly createEngine: CreateEngine;
  /** Where the log goes. */
  readonly output: Writable;
  /** Turns JSON lines of the log into lines for people. */
  readonly pretty?: ((line: string) => string) | undefined;
  /** sluice's own version. */
  readonly version: string;
  /** Node's version, for sluice_build_info. */
  readonly node: string;
  /** Bytes of the JavaScript heap in use. */
  readonly heapUsed: () => number;
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
  /** Logs a signal that changes nothing, and what would. */
  disregard(name: "SIGHUP"): void;
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
  const traces = createTraces(config, surroundings, log);
  const timeline = createTimeline({ log, now, wallClock: () => new Date(), traceOf: traces?.event });
  const finished = Promise.withResolvers<{ readonly exitCode: 0 | 70 }>();
  const readFile = (path: string) => readFileSync(path, "utf8");
  const newId = () => randomBytes(16).toString("hex");

  const tickets = createTickets(now);
  const admission = createAdmission(
    { max: config.holdMax, timeoutMs: config.holdTimeoutMs, maxInFlight: config.maxInFlight, now },
    tickets,
  );
  const hooks = createWaiters<{ readonly outcome: string }>();
  const drains = createWaiters<{ readonly outcome: string; readonly inFlight: number }>();

  const control = controlAddresses(config);
  const socket = control.find((address) => "path" in address);
  const hintFile = socket && createHintFile(join(dirname(socket.path), "hint.json"), hintUnsaved);
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
    saveHint: (content) => hintFile?.write(content),
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

  const { observer, metrics, flow } = createObserving({
    ...{ config, version, node: surroundings.node, now, log, timeline, tickets, admission, traces },
    status: () => backend.status(),
    dispatch: conductor.dispatch,
    onError,
  });
  const engine: Engine = surroundings.createEngine({
    listen: config.listen,
    admission,
    tickets,
    limits: config.limits,
    observer,
    isTrustedProxy: createTrust(config.trustedProxies),
    via: config.via,
    now,
    newRequestId: createRequestIds(),
    trace: traces?.begin,
  });
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
    flow,
    upkeep: createUpkeep(log, timeline, surroundings.heapUsed),
    objection: (handshake) => objectionTo(handshake, { ...config, readFile }),
    arrive: arrivals.arrive,
  });
  const servers = createServers({
    ...{ config, control, backend, readFile, onError },
    // The time is enough of a name, and costs a start nothing: node:crypto is loaded with the first id.
    page: createPageSource(new Date().toISOString()),
  });

  function follow(route: RouteDecision): void {
    const { held } = admission.counts();
    admission.setRoute(routeFor(config, route));
    if (route.to === "hold" || held === 0) return;
    const message =
      route.to === "generation" ? `${held} held requests go on` : `${held} held requests are refused`;
    timeline.emit({ type: "hold_ended", message, details: { held } });
  }

  function hintUnsaved(error: Error): void {
    log.warn({ event: "hint_unsaved", err: error }, "the hint file cannot be written");
  }

  async function finish(exitCode: 0 | 70): Promise<void> {
    const open = { conductor, probing, engine, lifelines, servers, timeline, log, tickets, hintFile, traces };
    finished.resolve({ exitCode: await sayFarewell({ ...open, onDefect: onError }, exitCode) });
  }

  async function start(): Promise<Addresses> {
    try {
      // Ops first: whoever probes is told why nothing is ready yet, instead of being refused.
      const ops = (await servers.ops.listen()).find(isTcp)!;
      const listen = await engine.listen();
      const open = await servers.control.listen();
      probing.start();
      flow.start();
      timeline.emit({
        type: "started",
        message: `sluice ${version} listens on ${listen.host}:${listen.port}, ops on ${ops.host}:${ops.port}`,
        details: { engine: config.engine, slots: config.slots.map(({ name }) => name).join(",") },
      });
      if (hintFile && hint) {
        const message = `Versions active before sluice was restarted: ${hint.versions.join(", ") || "none"}`;
        timeline.emit({ type: "hint_loaded", message, details: { file: hintFile.path } });
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
    disregard(name) {
      const message = `${name} changes nothing: options are read at the start, SIGTERM ends sluice, "sluice reload" is for the app`;
      timeline.emit({ type: "signal_ignored", message, details: { signal: name } });
    },
    report: onError,
    finished: finished.promise,
  };
}

const isTcp = (address: ControlAddress): address is HostPort => !("path" in address);
