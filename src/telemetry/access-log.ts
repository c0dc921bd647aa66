// The access log (--access-log): one line for each request when it has ended. The query of a target may carry secrets
// and is left out.

import type { RequestRecord } from "../proxy/record.ts";
import type { Log } from "./log.ts";

const MAX_TARGET = 1024;

/** Returns what logs one ended request at level info; a function that does nothing if `enabled` is false. */
export function createAccessLog(log: Log, enabled: boolean): (record: RequestRecord) => void {
  if (!enabled) return () => {};
  return (record) =>
    log.info(
      {
        event: "request",
        requestId: record.requestId,
        method: record.method,
        target: withoutQuery(record.target),
        status: record.status,
        ending: record.ending,
        code: record.code,
        slot: record.slot,
        generation: record.generation === 0 ? undefined : record.generation,
        version: record.version,
        kind: record.kind === "request" ? undefined : record.kind,
        durationMs: rounded(record.durationMs),
        firstByteMs: record.firstByteMs === undefined ? undefined : rounded(record.firstByteMs),
        heldMs: record.heldMs === 0 ? undefined : rounded(record.heldMs),
        replayed: record.replayed || undefined,
        client: record.client,
        cause: record.cause,
        traceId: record.trace?.traceId,
        spanId: record.trace?.spanId,
      },
      "request",
    );
}

function withoutQuery(target: string): string {
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  return path.length <= MAX_TARGET ? path : `${path.slice(0, MAX_TARGET)}…`;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
