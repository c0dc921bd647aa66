// What a connection to the app is to others: whose it is, whom it serves, and who takes over after an upgrade.

import type { AnswerHead } from "./answer-head.ts";
import type { AnswerSink } from "./answer-reader.ts";
import type { AppConnection } from "./app-connection.ts";
import type { Attempts } from "./attempts.ts";
import type { Request } from "./request.ts";

export interface ConnectionOwner {
  /** The app accepted it. */
  opened(connection: AppConnection): void;
  /** Its exchange is over, and it may serve again. */
  released(connection: AppConnection): void;
  /** The app, or the kernel for it, has closed its side. */
  endedByApp(connection: AppConnection): void;
  closed(connection: AppConnection): void;
}

/** The exchange that a connection serves. */
export interface Served extends AnswerSink {
  readonly request: Pick<Request, "method" | "isTunnel" | "isComplete">;
  /** They hear which connection it is, that it can be written to, and that it has failed. */
  readonly attempts: Pick<Attempts, "app" | "send" | "failed" | "turnElsewhere" | "isSent" | "isOver">;
  /** All that came with one read has been handed over. */
  onReadDone(): void;
  /** `trailers`: text that ends a chunked message, where it has not gone already. */
  onEnd(trailers: string): void;
  onUpgrade(connection: AppConnection, bytes: Buffer, head: AnswerHead, rest: Buffer): void;
  onRoom(): void;
  /** What is waited for is the app's to do. */
  readonly isAppsTurn: boolean;
  /** What was written to the client is still on its way. */
  readonly isPending: boolean;
}

/** What takes the bytes after an upgrade. */
export interface Raw {
  fromApp(chunk: Buffer): void;
  appEnded(): void;
  appDrained(): void;
  appClosed(): void;
}
