// What is counted of each ended request. This runs once for every request: look-ups in small maps and additions, no
// strings built and no objects made, but for the first request of a slot or of a version.

import type { ErrorCode } from "../errors.ts";
import type { RequestRecord } from "../proxy/record.ts";
import type { RequestTrace } from "../proxy/trace.ts";
import { createHistogram, type Histogram, REQUEST_BOUNDS, STREAM_BOUNDS, WAIT_BOUNDS } from "./histogram.ts";
import { createTally, type Tally } from "./tally.ts";
import { createVersions, type Versions } from "./versions.ts";

/** RFC 9110 section 9.3 and RFC 5789; every other method counts as "other". */
const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "CONNECT",
  "other",
] as const;
const STATUSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx", "499"] as const;
/** There from the start: a rate sees nothing of a series that begins above 0. */
const REFUSALS: readonly ErrorCode[] = ["HOLD_FULL", "HOLD_TIMEOUT", "SLOT_BUSY", "POD_STOPPING"];
const FAILURES: readonly ErrorCode[] = [
  "APP_UNREACHABLE",
  "APP_CLOSED",
  "APP_MALFORMED",
  "APP_CONNECT_TIMEOUT",
  "APP_TIMEOUT",
];
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_METHOD = METHODS.indexOf("other");
const CLIENT_LEFT = STATUSES.indexOf("499");

/** What is counted of one version in one slot. */
export interface VersionCounts {
  /** One count for each pair of method and status. */
  readonly cells: Float64Array;
  readonly duration: Histogram;
  readonly firstByte: Histogram;
}

export interface EndedCount {
  readonly slot: string;
  readonly version: string;
  readonly method: string;
  readonly status: string;
  readonly count: number;
}

export interface RequestCounts {
  ended(record: RequestRecord): void;
  requests(): EndedCount[];
  /** By slot, then by version; "" is for requests that reached none. */
  slots(): ReadonlyMap<string, Versions<VersionCounts>>;
  readonly streams: { readonly websocket: Histogram; readonly "event-stream": Histogram };
  readonly hold: Histogram;
  readonly refused: Tally;
  readonly failed: Tally;
  /** Answers that the app began and did not finish. */
  cutByApp(): number;
}

export function createRequestCounts(): RequestCounts {
  const slots = new Map<string, Versions<VersionCounts>>();
  const streams = {
    websocket: createHistogram(STREAM_BOUNDS),
    "event-stream": createHistogram(STREAM_BOUNDS),
  };
  const hold = createHistogram(WAIT_BOUNDS);
  const refused = createTally(REFUSALS);
  const failed = createTally(FAILURES);
  let cutByApp = 0;

  function countsOf(slot: string, version: string): VersionCounts {
    let versions = slots.get(slot);
    if (!versions) {
      versions = createVersions(createVersionCounts, addAll);
      slots.set(slot, versions);
    }
    return versions.of(version);
  }

  return {
    ended(record) {
      const counts = countsOf(record.slot ?? "", record.version ?? "");
      const method = METHOD_INDEX.get(record.method) ?? OTHER_METHOD;
      counts.cells[method * STATUSES.length + statusIndex(record.status)]!++;

      if (record.kind === "request") counts.duration.observe(record.durationMs);
      else streams[record.kind].observe(record.durationMs);
      if (record.firstByteMs !== undefined) counts.firstByte.observe(record.firstByteMs);
      if (record.heldMs > 0) hold.observe(record.heldMs);
      if (record.trace) exemplify(counts, record, record.trace);

      if (record.ending === "refused") refused.add(record.code ?? "INTERNAL");
      else if (record.ending === "failed") {
        failed.add(record.code ?? "INTERNAL");
        if (record.firstByteMs !== undefined) cutByApp++;
      }
    },
    requests() {
      const all: EndedCount[] = [];
      for (const [slot, versions] of slots) {
        for (const [version, { cells }] of versions.read()) {
          cells.forEach((count, cell) => {
            if (count === 0) return;
            const method = METHODS[Math.floor(cell / STATUSES.length)]!;
            all.push({ slot, version, method, status: STATUSES[cell % STATUSES.length]!, count });
          });
        }
      }
      return all;
    },
    slots: () => slots,
    streams,
    hold,
    refused,
    failed,
    cutByApp: () => cutByApp,
  };
}

function createVersionCounts(): VersionCounts {
  return {
    cells: new Float64Array(METHODS.length * STATUSES.length),
    duration: createHistogram(REQUEST_BOUNDS),
    firstByte: createHistogram(REQUEST_BOUNDS),
  };
}

function addAll(from: VersionCounts, into: VersionCounts): void {
  from.cells.forEach((count, cell) => {
    into.cells[cell]! += count;
  });
  into.duration.add(from.duration);
  into.firstByte.add(from.firstByte);
}

function exemplify(counts: VersionCounts, record: RequestRecord, { traceId, spanId }: RequestTrace): void {
  const at = Date.now() / 1000;
  const exemplar = (ms: number) => ({ traceId, spanId, value: ms / 1000, at });
  if (record.kind === "request") counts.duration.exemplify(exemplar(record.durationMs));
  if (record.firstByteMs !== undefined) counts.firstByte.exemplify(exemplar(record.firstByteMs));
}

function statusIndex(status: number): number {
  if (status === 499) return CLIENT_LEFT;
  const hundreds = Math.floor(status / 100);
  return hundreds >= 1 && hundreds <= 5 ? hundreds : 0;
}
