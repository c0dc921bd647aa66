// The handshake: "I am version V in slot S, my handlers for these signals are registered, I can serve".

import { SluiceError } from "../errors.ts";
import type { Handshake } from "./facts.ts";

/** Versions stand in log lines, tables and metric labels: nothing there may move a cursor or break a line. */
const VERSION = /^[\x20-\x7e]{1,128}$/;
const INSTANCE = /^[\x21-\x7e]{8,128}$/;
const SIGNAL = /^[A-Za-z0-9+_-]{1,32}$/;
const MOST_SIGNALS = 64;
/** The largest pid_max of Linux, 2^22. */
const LARGEST_PID = 4_194_304;

/** Reads the body of a handshake; keys that it does not know are ignored. Throws BAD_BODY that lists every problem. */
export function parseHandshake(slot: string, body: unknown): Handshake {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new SluiceError(
      "BAD_BODY",
      'the handshake must be a JSON object such as {"version":"v2","instance":"<random per process>","signals":["SIGTERM"]}',
    );
  }
  const { version, instance, signals, pid } = body as Readonly<Record<string, unknown>>;
  const problems: string[] = [];
  const isVersion = typeof version === "string" && VERSION.test(version);
  if (!isVersion) problems.push(`"version" ${lack(version)} a string of 1 to 128 printable ASCII characters`);
  const isInstance = typeof instance === "string" && INSTANCE.test(instance);
  if (!isInstance) {
    problems.push(
      `"instance" ${lack(instance)} a string of 8 to 128 printable ASCII characters without spaces, random for each process`,
    );
  }
  const isList = Array.isArray(signals) && signals.length <= MOST_SIGNALS && signals.every(isSignalName);
  if (!isList) {
    problems.push(
      `"signals" ${lack(signals)} a list of at most ${MOST_SIGNALS} names such as ["SIGTERM"]; [] if the app handles none`,
    );
  }
  const isPid = pid === undefined || pid === null || isProcessId(pid);
  if (!isPid) problems.push(`"pid", if given, must be a whole number from 1 to ${LARGEST_PID}`);

  if (!isVersion || !isInstance || !isList || !isPid) {
    throw new SluiceError("BAD_BODY", `the handshake cannot be used: ${problems.join("; ")}`);
  }
  return { slot, version, instance, signals: [...new Set(signals)], pid: pid ?? undefined };
}

/** The required signals that the handshake does not declare, in the order of `required`. */
export function missingSignals(handshake: Handshake, required: readonly string[]): string[] {
  return required.filter((signal) => !handshake.signals.includes(signal));
}

function lack(value: unknown): string {
  return value === undefined ? "is missing: it must be" : "must be";
}

function isSignalName(value: unknown): value is string {
  return typeof value === "string" && SIGNAL.test(value);
}

function isProcessId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= LARGEST_PID;
}
