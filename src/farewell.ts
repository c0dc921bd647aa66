// The end: everything that was opened is closed, in order, each part within a bound. What cannot be closed is left behind:
// a process that should be gone must not stay for it.

import type { ApiServer } from "./api/server.ts";
import type { Conductor } from "./conductor.ts";
import type { Tickets } from "./drain/tickets.ts";
import type { HintFile } from "./health/hint-file.ts";
import type { Lifelines } from "./health/lifelines.ts";
import type { Probing } from "./probing.ts";
import type { Engine } from "./proxy/engine.ts";
import type { Timeline } from "./telemetry/events.ts";
import type { Log } from "./telemetry/log.ts";
import type { Tracing } from "./telemetry/tracing/tracing.ts";

export interface FarewellParts {
  readonly conductor: Pick<Conductor, "stop">;
  readonly probing: Pick<Probing, "stop">;
  readonly engine: Pick<Engine, "close" | "destroy">;
  readonly lifelines: Pick<Lifelines, "closeAll">;
  readonly servers: { readonly control: Pick<ApiServer, "close">; readonly ops: Pick<ApiServer, "close"> };
  readonly timeline: Pick<Timeline, "emit" | "close">;
  readonly log: Pick<Log, "flush">;
  readonly traces?: Pick<Tracing, "flush"> | undefined;
  readonly tickets: Pick<Tickets, "account">;
  readonly hintFile: Pick<HintFile, "written"> | undefined;
  readonly onDefect: (error: Error, what: string) => void;
}

/** How long clients that have nothing left to get, a slow collector, and a slow reader of the log may delay the exit, ms. */
const PATIENCE_MS = 1_000;

/**
 * Resolves with the exit code when all listeners are closed and the log is written; 70 instead of 0 if something had to be
 * cut on the way. Never rejects.
 */
export async function sayFarewell(parts: FarewellParts, exitCode: 0 | 70): Promise<0 | 70> {
  const { conductor, probing, engine, lifelines, servers, timeline, log, tickets, hintFile, onDefect } =
    parts;
  const cutBefore = tickets.account().ended.deadline;
  let code = exitCode;

  function sayExit(): void {
    const { accepted, ended, inFlight } = tickets.account();
    if (ended.deadline > cutBefore) code = 70;
    timeline.emit({
      type: "exit",
      message: `sluice exits with ${code}`,
      details: { code, accepted, ...ended, inFlight },
    });
  }

  const ends: readonly (readonly [what: string, end: () => unknown])[] = [
    ["the conductor", () => conductor.stop()],
    ["the probes", () => probing.stop()],
    ["the engine", () => closeEngine(engine)],
    // The account is final now, and outlives sluice in its last entry.
    ["the timeline's last entry", sayExit],
    ["the hint file", () => hintFile && withPatience(hintFile.written())],
    ["the lifelines", () => lifelines.closeAll()],
    ["the control server", () => servers.control.close()],
    // R8: the ops listener closes last, when every hook has its answer.
    ["the ops server", () => servers.ops.close()],
    ["the timeline", () => timeline.close()],
    ["the traces", () => parts.traces?.flush(PATIENCE_MS)],
    ["the log", () => log.flush(PATIENCE_MS)],
  ];
  for (const [what, end] of ends) {
    try {
      await end();
    } catch (error) {
      onDefect(error instanceof Error ? error : new Error(String(error)), `${what} did not end in order`);
    }
  }
  return code;
}

async function closeEngine(engine: FarewellParts["engine"]): Promise<void> {
  const patience = setTimeout(() => engine.destroy(), PATIENCE_MS);
  try {
    await engine.close();
  } finally {
    clearTimeout(patience);
  }
}

/** Waits for the work, or for as long as anything may delay the exit: a volume may hang for ever. */
async function withPatience(work: Promise<void>): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, PATIENCE_MS);
  await Promise.race([work, patience.promise]);
  clearTimeout(timer);
}
