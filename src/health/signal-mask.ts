// What /proc says of a process's signal handlers. A clear bit of SigCgt proves that no handler is registered; a set bit
// proves nothing, since the Go runtime catches every asynchronous signal at start and Node catches SIGTERM. So the mask
// can only veto a handshake, and only where both containers share one PID namespace.

import { constants } from "node:os";

const SIG_CGT = /^SigCgt:\s*([0-9a-fA-F]{16})\s*$/m;

/**
 * The `signals` for which the process provably has no handler. Empty where nothing is proved: the process cannot be read,
 * or the name (such as "reload") is no signal. `readFile` returns a file's text or throws.
 */
export function uncaughtSignals(
  pid: number,
  signals: readonly string[],
  readFile: (path: string) => string,
): readonly string[] {
  const mask = caughtMask(pid, readFile);
  if (mask === undefined) return [];
  const numbers: Readonly<Record<string, number | undefined>> = constants.signals;
  return signals.filter((signal) => {
    const number = numbers[signal];
    return number !== undefined && (mask & (1n << BigInt(number - 1))) === 0n;
  });
}

function caughtMask(pid: number, readFile: (path: string) => string): bigint | undefined {
  try {
    const digits = SIG_CGT.exec(readFile(`/proc/${pid}/status`))?.[1];
    return digits === undefined ? undefined : BigInt(`0x${digits}`);
  } catch {
    // No such process here, or not ours to look at: that says nothing about its handlers.
    return undefined;
  }
}
