// How a thrown error becomes an answer: {"error":"CODE","message":"plain words"}.

import { SluiceError, statusOf } from "../errors.ts";
import type { Answer } from "./routes.ts";

/** `error` is what was thrown, `what` the request ("GET /prestop/pod from 10.0.0.1") or the listener that it concerns. */
export type OnError = (error: Error, what: string) => void;

/** The answer to a refused call. An error that is none of the catalogue's shows nothing of itself. */
export function answerRefusal(error: unknown): Answer {
  const refusal = error instanceof SluiceError ? error : new SluiceError("INTERNAL");
  return {
    status: statusOf(refusal.code),
    body: { error: refusal.code, message: refusal.message },
  };
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
