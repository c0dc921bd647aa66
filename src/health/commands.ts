// Commands to the app that wait for their outcome: `reload` goes out over the lifeline, the outcome comes back as a
// request of the app's. Each command ends in exactly one of: outcome, time-out, death of its generation.

import { SluiceError } from "../errors.ts";

export interface Outcome {
  readonly ok: boolean;
  /** Plain words; may be empty when ok. */
  readonly reason: string;
}

export interface CommandsParts {
  /** How long an outcome is waited for, ms. */
  readonly timeoutMs: number;
  /** Hard to guess: whoever knows the id may answer. */
  readonly newId: () => string;
  /** Calls back once after `ms`; returns the way to call it off. */
  readonly setTimer: (callback: () => void, ms: number) => () => void;
}

export interface Commands {
  /**
   * Sends a command and resolves with the outcome that the app reports. `send` returns false if the app cannot be told.
   * Rejects with COMMAND_TIMEOUT; a generation that dies meanwhile is an outcome that is not ok.
   */
  issue(slot: string, generation: number, send: (id: string) => boolean): Promise<Outcome>;
  /** The app's report. Throws UNKNOWN_COMMAND for an id that is not waiting in this slot. */
  outcome(slot: string, id: string, outcome: Outcome): void;
  /** The generation has died: what it was to do has failed. */
  forget(generation: number): void;
  /** Commands that wait now. */
  readonly size: number;
}

interface Pending {
  readonly slot: string;
  readonly generation: number;
  settle(outcome: Outcome): void;
}

export function createCommands({ timeoutMs, newId, setTimer }: CommandsParts): Commands {
  const pending = new Map<string, Pending>();

  return {
    issue(slot, generation, send) {
      const id = newId();
      return new Promise((resolve, reject) => {
        const callOff = setTimer(() => {
          pending.delete(id);
          reject(
            new SluiceError(
              "COMMAND_TIMEOUT",
              `slot ${slot}: the app did not report the outcome within ${timeoutMs} ms`,
            ),
          );
        }, timeoutMs);
        const settle = (outcome: Outcome) => {
          callOff();
          pending.delete(id);
          resolve(outcome);
        };
        // Known before it is sent: the outcome may come back at once.
        pending.set(id, { slot, generation, settle });
        if (!send(id))
          settle({ ok: false, reason: "the app cannot be told: its lifeline is gone or not read" });
      });
    },
    outcome(slot, id, outcome) {
      const command = pending.get(id);
      if (command?.slot !== slot) {
        throw new SluiceError("UNKNOWN_COMMAND", `slot ${slot}: no command ${id} is waiting for its outcome`);
      }
      command.settle(outcome);
    },
    forget(generation) {
      for (const command of [...pending.values()]) {
        if (command.generation !== generation) continue;
        command.settle({ ok: false, reason: "the app ended before it reported the outcome" });
      }
    },
    get size() {
      return pending.size;
    },
  };
}
