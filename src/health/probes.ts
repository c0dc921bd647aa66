// The prober of one slot: when to probe. How is the business of the three kinds; what a result means, the lifecycle's.

import type { SlotAddress } from "../config/config.ts";
import type { ProbeResult, ProbeTarget } from "./facts.ts";
import type { EndAttempt, ProbeAttempt } from "./probe-attempt.ts";
import { probeGrpc } from "./probe-grpc.ts";
import { probeHttp } from "./probe-http.ts";
import { probeTcp } from "./probe-tcp.ts";

/** A slot without a probe has no prober. */
export type ActiveTarget = Exclude<ProbeTarget, { readonly kind: "off" }>;

export interface ProberParts {
  readonly target: ActiveTarget;
  readonly slot: SlotAddress;
  /** Between the end of one probe and the start of the next, ms. */
  readonly intervalMs: number;
  /** Longest time of one probe, ms. */
  readonly timeoutMs: number;
  /** Called once for each probe that was not stopped. */
  readonly onResult: (result: ProbeResult) => void;
}

/** eager: every 50 ms, while the slot is known to be unreachable. */
export type Pace = "normal" | "eager";

export interface Prober {
  /** Probes at once and from then on at the pace. Idempotent. */
  start(): void;
  /** Probes at once (after the probe in flight, which may have begun too early), then after 20, 40, 80 ms … until one passes or the interval is reached. Starts the prober. */
  now(): void;
  setPace(pace: Pace): void;
  /** Ends the probe in flight; no result comes after it. Idempotent; `start` and `now` begin anew. */
  stop(): void;
}

const FIRST_GAP_MS = 20;
const EAGER_GAP_MS = 50;

export function createProber({ target, slot, intervalMs, timeoutMs, onResult }: ProberParts): Prober {
  let isStarted = false;
  let pace: Pace = "normal";
  /** The next gap of a quick succession; undefined when there is none. */
  let quickGapMs: number | undefined;
  let isAskedAgain = false;
  let endAttempt: EndAttempt | undefined;
  let timer: NodeJS.Timeout | undefined;

  function probe(): void {
    clearTimeout(timer);
    isAskedAgain = false;
    const { host, port } = slot;
    endAttempt = begin(target, {
      host,
      port,
      timeoutMs,
      onOutcome(outcome) {
        endAttempt = undefined;
        if (outcome.ok && !isAskedAgain) quickGapMs = undefined;
        schedule();
        onResult({ slot: slot.name, ...outcome });
      },
    });
  }

  function schedule(): void {
    if (isAskedAgain) {
      probe();
      return;
    }
    timer = setTimeout(probe, nextGap()).unref();
  }

  function nextGap(): number {
    const gap = pace === "eager" ? Math.min(EAGER_GAP_MS, intervalMs) : intervalMs;
    if (quickGapMs === undefined) return gap;
    const quick = quickGapMs;
    quickGapMs = quick * 2 < gap ? quick * 2 : undefined;
    return Math.min(quick, gap);
  }

  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      probe();
    },
    now() {
      isStarted = true;
      quickGapMs = FIRST_GAP_MS;
      if (endAttempt) isAskedAgain = true;
      else probe();
    },
    setPace(next) {
      if (pace === next) return;
      pace = next;
      // A timer already set for the long interval would make the change wait for it.
      if (isStarted && !endAttempt && next === "eager") {
        clearTimeout(timer);
        schedule();
      }
    },
    stop() {
      isStarted = false;
      isAskedAgain = false;
      quickGapMs = undefined;
      clearTimeout(timer);
      endAttempt?.();
      endAttempt = undefined;
    },
  };
}

function begin(target: ActiveTarget, attempt: ProbeAttempt): EndAttempt {
  if (target.kind === "http") return probeHttp(attempt, target.path);
  if (target.kind === "grpc") return probeGrpc(attempt, target.service);
  return probeTcp(attempt);
}
