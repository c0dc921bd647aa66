// One attempt of a probe: what each kind is given, and the frame in which it runs (one outcome, within a time).

import { formatDuration } from "../config/duration.ts";
import type { ProbeResult } from "./facts.ts";

export type ProbeOutcome = Omit<ProbeResult, "slot">;

export interface ProbeAttempt {
  readonly host: string;
  readonly port: number;
  /** From the attempt's start to its outcome, ms. */
  readonly timeoutMs: number;
  /** Called once, unless the attempt is ended first; never before the attempt's function has returned. */
  readonly onOutcome: (outcome: ProbeOutcome) => void;
}

/** Ends the attempt: no outcome comes after it. Idempotent. */
export type EndAttempt = () => void;

/** Runs one attempt. `open` begins it and returns the way to close what it opened; the first `finish` counts. */
export function runAttempt(
  { timeoutMs, onOutcome }: ProbeAttempt,
  open: (finish: (outcome: ProbeOutcome) => void) => () => void,
): EndAttempt {
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    clearTimeout(deadline);
    close();
  };
  const finish = (outcome: ProbeOutcome) => {
    if (isOver) return;
    end();
    onOutcome(outcome);
  };
  const deadline = setTimeout(() => {
    finish(failed(`no answer within ${formatDuration(timeoutMs)}`));
  }, timeoutMs).unref();
  const close = open(finish);
  return end;
}

export function passed(detail: string): ProbeOutcome {
  return { ok: true, refused: false, detail };
}

export function failed(detail: string): ProbeOutcome {
  return { ok: false, refused: false, detail };
}

/** No file descriptor, no port, no memory left on this side. */
const OWN_WANTS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** The outcome of a connection that failed. Refused: nobody listens there, which is more than a failure. */
export function failedConnection(error: Error): ProbeOutcome {
  const code = codeOf(error);
  if (code === "ECONNREFUSED" || code === "ENOENT")
    return { ok: false, refused: true, detail: "connection refused" };
  if (code === "ECONNRESET" || code === "EPIPE") return failed("connection reset before an answer");
  const detail = `connection failed: ${code ?? error.message}`;
  return code !== undefined && OWN_WANTS.has(code) ? { ...failed(detail), unmade: true } : failed(detail);
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
