// Where a verb is at work: what it was called by, what it may print on.

import type { Paint } from "./paint.ts";

export interface Terminal {
  /** As in the usage line: "sluice", or "kubectl sluice". */
  readonly name: string;
  /** What runs the command: "node v26.10.0, linux x64". */
  readonly runtime: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person is looking at the output. */
  readonly isTerminal: boolean;
  readonly colour: boolean;
  readonly columns: number;
  readonly paint: Paint;
  /** Whether nobody has put anything into stdin: a person would have to type it. */
  readonly inputIsTerminal: boolean;
  /** All of stdin, once it has ended. */
  input(): Promise<string>;
  /**
   * Calls the listener at SIGINT, SIGTERM and SIGHUP, which then no longer end the command; nor does a reader of its output
   * that leaves. Returns the way to end it.
   */
  readonly onInterrupt?: (listener: () => void) => () => void;
  out(text: string): void;
  err(text: string): void;
}
