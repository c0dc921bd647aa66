// A quota: at most so many log lines of a kind in a window of time, and the number of those left out is told, so that
// a burst of failures cannot flood the log and still shows its size there.

export interface Quota {
  /** True if this one may be logged; otherwise it is counted, and told when the window ends. */
  take(): boolean;
  /** Tells at once what has been left out, and disarms the timer. Idempotent. */
  close(): void;
}

/** Allows `max` takes per `windowMs`; `tell` is called at most once a window, with how many were left out (> 0). */
export function createQuota(max: number, windowMs: number, tell: (leftOut: number) => void): Quota {
  let taken = 0;
  let timer: NodeJS.Timeout | undefined;

  function close(): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    const leftOut = taken - max;
    taken = 0;
    if (leftOut > 0) tell(leftOut);
  }

  return {
    take() {
      timer ??= setTimeout(close, windowMs).unref();
      taken++;
      return taken <= max;
    },
    close,
  };
}
