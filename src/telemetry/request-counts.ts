// What is counted of each ended request. This runs once for every request: look-ups in small maps and additions, no
// strings built and no objects made, but for the first request of a slot or of a version.

import type { RequestRecord } from "../proxy/record.ts";
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
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_METHOD = METHODS.indexOf("other");
const CLIENT_LEFT = STATUSES.indexOf("499");

interface SlotCounts {
  /** One count for each pair of method and status. */
  readonly versions: Versions<Float64Array>;
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
  /** By slot; "" is for requests that reached none. */
  slots(): ReadonlyMap<string, { readonly duration: Histogram; readonly firstByte: Histogram }>;
  readonly streams: { readonly websocket: Histogram; readonly "event-stream": Histogram };
  readonly hold: Histogram;
  readonly refused: Tally;
  readonly failed: Tally;
  /** Answers that the app began and did not finish. */
  cutByApp(): number;
}

export function createRequestCounts(): RequestCounts {
  const slots = new Map<string, SlotCounts>();
  const streams = {
    websocket: createHistogram(STREAM_BOUNDS),
    "event-stream": createHistogram(STREAM_BOUNDS),
  };
  const hold = createHistogram(WAIT_BOUNDS);
  const refused = createTally();
  const failed = createTally();
  let cutByApp = 0;

  function countsOf(slot: string): SlotCounts {
    let counts = slots.get(slot);
    if (!counts) {
      counts = {
        versions: createVersions(() => new Float64Array(METHODS.length * STATUSES.length), addAll),
        duration: createHistogram(REQUEST_BOUNDS),
        firstByte: createHistogram(REQUEST_BOUNDS),
      };
      slots.set(slot, counts);
    }
    return counts;
  }

  return {
    ended(record) {
      const counts = countsOf(record.slot ?? "");
      const method = METHOD_INDEX.get(record.method) ?? OTHER_METHOD;
      counts.versions.of(record.version ?? "")[method * STATUSES.length + statusIndex(record.status)]!++;

      if (record.kind === "request") counts.duration.observe(record.durationMs);
      else streams[record.kind].observe(record.durationMs);
      if (record.firstByteMs !== undefined) counts.firstByte.observe(record.firstByteMs);
      if (record.heldMs > 0) hold.observe(record.heldMs);

      if (record.ending === "refused") refused.add(record.code ?? "INTERNAL");
      else if (record.ending === "failed") {
        failed.add(record.code ?? "INTERNAL");
        if (record.firstByteMs !== undefined) cutByApp++;
      }
    },
    requests() {
      const all: EndedCount[] = [];
      for (const [slot, counts] of slots) {
        for (const [version, cells] of counts.versions.read()) {
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

function addAll(from: Float64Array, into: Float64Array): void {
  from.forEach((count, cell) => {
    into[cell]! += count;
  });
}

function statusIndex(status: number): number {
  if (status === 499) return CLIENT_LEFT;
  const hundreds = Math.floor(status / 100);
  return hundreds >= 1 && hundreds <= 5 ? hundreds : 0;
}
