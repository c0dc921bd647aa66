// The log: one JSON object a line. pino enters here and only here.
//
// A line is handed to the destination in the call that logs it, so what was said before a crash has been said. But a
// proxy must never wait for whoever reads its log: node writes to pipes and sockets without blocking and keeps in memory
// what they do not take (pino's own destination would block the event loop on a full pipe). That memory is bounded here:
// past MAX_WAITING_BYTES lines are dropped and counted, and the count is logged as soon as lines flow again.

import type { Writable } from "node:stream";
import pino from "pino";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Facts of a log line. An Error goes under the key `err`, and there only. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined | Error>>;

export interface Log {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  readonly level: LogLevel;
  setLevel(level: LogLevel): void;
  /** Lines dropped since start because the destination did not take them. */
  dropped(): number;
  /** Resolves as soon as the destination has taken every line, or after `timeoutMs`. Never rejects. */
  flush(timeoutMs: number): Promise<void>;
}

export interface LogParts {
  readonly level: LogLevel;
  /** Usually stdout. Its errors (a reader that went away) end the log, not the process. */
  readonly destination: Writable;
  /** Turns a JSON line into lines for people; see pretty.ts. */
  readonly pretty?: ((line: string) => string) | undefined;
}

const MAX_WAITING_BYTES = 1024 * 1024;

/** The sidecar's log. Never throws, never blocks on a pipe, never keeps more than 1 MiB for a reader that is slow. */
export function createLog(parts: LogParts): Log {
  const { destination, pretty } = parts;
  let dropped = 0;
  let untold = 0;
  let broken = false;

  destination.on("error", () => {
    broken = true;
  });
  destination.on("drain", () => {
    if (untold === 0) return;
    const lines = untold;
    untold = 0;
    logger.warn({ event: "log_dropped", lines }, "log lines were dropped: nobody read the log fast enough");
  });

  function write(line: string): void {
    if (broken || destination.destroyed || destination.writableLength > MAX_WAITING_BYTES) {
      dropped++;
      untold++;
      return;
    }
    destination.write(pretty ? pretty(line) : line);
  }

  const logger = pino(
    {
      level: parts.level,
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );

  return {
    trace: (fields, message) => logger.trace(fields, message),
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    get level() {
      return logger.level as LogLevel;
    },
    setLevel(level) {
      logger.level = level;
    },
    dropped: () => dropped,
    flush(timeoutMs) {
      if (broken || destination.destroyed || destination.writableLength === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        // An empty write is called back after everything before it; with an error too, which is an end as well.
        destination.write("", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
