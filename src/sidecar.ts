// The only wiring: the rooms meet here. Everything is built once, facts become events of the lifecycle, and its effects
// become deeds. Nothing is decided here.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Writable } from "node:stream";
import type { Lifeline, LifelineStream } from "./api/backend.ts";
import { createControlServer } from "./api/control.ts";
import { defaultGateways } from "./api/gateway.ts";
import { createGuard } from "./api/guard.ts";
import { createOpsServer } from "./api/ops.ts";
import { createConductor } from "./conductor.ts";
import type { Config, ControlAddress, HostPort } from "./config/config.ts";
import { createDeeds } from "./deeds.ts";
import { createWaiters } from "./drain/hooks.ts";
import { createTickets } from "./drain/tickets.ts";
import { SluiceError } from "./errors.ts";
import { createCommands } from "./health/commands.ts";
import type { Handshake } from "./health/facts.ts";
import { missingSignals } from "./health/handshake.ts";
import { createHintFile } from "./health/hint-file.ts";
import { createLifelines } from "./health/lifelines.ts";
import { uncaughtSignals } from "./health/signal-mask.ts";
import type { RouteDecision } from "./lifecycle/route.ts";
import { slotOf } from "./lifecycle/state.ts";
import { createProbing } from "./probing.ts";
import { createAdmission } from "./proxy/admission.ts";
import type { Engine, EngineObserver } from "./proxy/engine.ts";
import type { RequestRecord } from "./proxy/record.ts";
import { createStandardEngine } from "./proxy/standard/engine.ts";
import { createTrust } from "./proxy/trusted-proxies.ts";
import { controlAddresses, routeFor, settingsOf } from "./settings.ts";
import { createBackend } from "./sidecar-backend.ts";
import { createAccessLog } from "./telemetry/access-log.ts";
import { createTimeline } from "./telemetry/events.ts";
import { createLog } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";

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

/** How long clients that have nothing left to get, and a slow reader of the log, may delay the exit, ms. */
const EXIT_PATIENCE_MS = 1_000;
const COMMAND_TIMEOUT_MS = 5_000;

export function createSidecar(config: Config, surroundings: Surroundings): Sidecar {
  const { now, version, output, pretty } = surroundings;
  const log = createLog({ level: config.logLevel, destination: output, pretty });
  const onError = (error: Error, what: string) => log.error({ event: "trouble", err: error }, what);
  const timeline = createTimeline({ log, now, wallClock: () => new Date() });
  const finished = Promise.withResolvers<{ readonly exitCode: 0 | 70 }>();
  const newId = () => randomBytes(16).toString("hex");

  const tickets = createTickets();
  const admission = createAdmission({ max: config.holdMax, timeoutMs: config.holdTimeoutMs, now });
  const hooks = createWaiters<{ readonly outcome: string }>();
  const drains = createWaiters<{ readonly outcome: string; readonly inFlight: number }>();

  const control = controlAddresses(config);
  const socket = control.find((address) => "path" in address);
  const hintFile = socket && createHintFile(join(dirname(socket.path), "hint.json"));
  const hint = hintFile?.read();

  // The stream of the handshake that is just being dispatched; `accept` takes it.
  let arriving: LifelineStream | undefined;
  let arrived: Lifeline | undefined;

  const perform = createDeeds({
    engine: () => engine,
    lifelines: () => lifelines,
    commands: () => commands,
    tickets,
    hooks,
    drains,
    timeline,
    dispatch: (happening) => conductor.dispatch(happening),
    accept(generation) {
      if (arriving) arrived = lifelines.attach(generation, arriving);
    },
    probe: (slot) => probing.hurry(slot),
    saveHint,
    inFlightOf(slot) {
      const generation = slotOf(conductor.state, slot)?.generation;
      return generation ? tickets.inFlight(generation.id) : 0;
    },
    exit: (code) => void finish(code),
  });
  const conductor = createConductor({ settings: settingsOf(config), hint, now, onRoute: follow, perform });
  const probing = createProbing(config, () => conductor.state, conductor.dispatch);
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
      if (record.ending === "failed" || record.ending === "deadline") tellFailure(record);
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
    objection: (handshake) => objectionTo(config, handshake),
    arrive(stream, dispatch) {
      arriving = stream;
      arrived = undefined;
      try {
        dispatch();
      } finally {
        arriving = undefined;
      }
      if (!arrived) throw new SluiceError("INTERNAL", "the handshake was dispatched, but not accepted");
      return arrived;
    },
  });

  const guard = createGuard({
    nodeIp: config.nodeIp,
    gateways: config.nodeIp === undefined ? [] : defaultGateways((path) => readFileSync(path, "utf8")),
    token: config.hookToken,
    from: config.hookFrom,
  });
  const opsServer = createOpsServer({ backend, guard, address: config.ops, onError });
  const controlServer = createControlServer({ backend, addresses: control, onError });

  function follow(route: RouteDecision): void {
    const { held } = admission.counts();
    admission.setRoute(routeFor(config, route));
    if (route.to === "hold" || held === 0) return;
    const message =
      route.to === "generation" ? `${held} held requests go on` : `${held} held requests are refused`;
    timeline.emit({ type: "hold_ended", message, details: { held } });
  }

  function tellFailure(record: RequestRecord): void {
    const { requestId, method, written, code, status, replayed, generation } = record;
    timeline.emit({
      type: "request_failed",
      slot: record.slot,
      generation: generation === 0 ? undefined : generation,
      version: record.version,
      message: `${method} ${requestId} failed: ${record.cause ?? code ?? "unknown"}`,
      details: { requestId, method, written, code: code ?? "", status, replayed },
    });
  }

  function saveHint(versions: readonly string[], instance: string | undefined): void {
    try {
      hintFile?.write({ versions, instance });
    } catch (error) {
      log.warn(
        { event: "hint_unsaved", err: error as Error },
        "the hint file cannot be written; a restart forgets",
      );
    }
  }

  async function finish(exitCode: 0 | 70): Promise<void> {
    conductor.stop();
    probing.stop();
    const patience = setTimeout(() => engine.destroy(), EXIT_PATIENCE_MS);
    await engine.close();
    clearTimeout(patience);
    lifelines.closeAll();
    await controlServer.close();
    // R8: the ops listener closes last, when every hook has its answer.
    await opsServer.close();
    timeline.close();
    await log.flush(EXIT_PATIENCE_MS);
    finished.resolve({ exitCode });
  }

  async function start(): Promise<Addresses> {
    try {
      // Ops first: whoever probes is told why nothing is ready yet, instead of being refused.
      const ops = tcpAddress(await opsServer.listen());
      const listen = await engine.listen();
      const open = await controlServer.listen();
      probing.start();
      timeline.emit({
        type: "started",
        message: `sluice ${version} listens on ${listen.host}:${listen.port}, ops on ${ops.host}:${ops.port}`,
        details: { engine: config.engine, slots: config.slots.map(({ name }) => name).join(",") },
      });
      if (hint) {
        const versions = hint.versions.join(", ") || "none";
        timeline.emit({
          type: "hint_loaded",
          message: `Versions active before sluice was restarted: ${versions}`,
        });
      }
      return { listen, ops, control: open };
    } catch (error) {
      conductor.stop();
      engine.destroy();
      await Promise.allSettled([engine.close(), controlServer.close(), opsServer.close()]);
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

function tcpAddress(addresses: readonly ControlAddress[]): HostPort {
  for (const address of addresses) if (!("path" in address)) return address;
  throw new Error("the ops server listens on no TCP address");
}

function objectionTo(config: Config, handshake: Handshake): SluiceError | undefined {
  const missing = missingSignals(handshake, config.requireSignals);
  if (missing.length > 0)
    return new SluiceError("MISSING_SIGNALS", `its handshake lacks ${missing.join(", ")}`);
  if (!config.sharedPids || handshake.pid === undefined) return undefined;
  const uncaught = uncaughtSignals(handshake.pid, config.requireSignals, (path) =>
    readFileSync(path, "utf8"),
  );
  if (uncaught.length === 0) return undefined;
  return new SluiceError("SIGNALS_NOT_CAUGHT", `its process has no handler for ${uncaught.join(", ")}`);
}
