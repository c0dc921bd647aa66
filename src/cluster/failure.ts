// The ways in which a cluster says no, in words for people. The command line turns each into an exit code.

import type { Resource } from "./resource.ts";

/** The API server does not answer, or not as one. */
export class ClusterUnreachable extends Error {
  override readonly name = "ClusterUnreachable";
}

/** The API server knows the caller and does not allow it, or does not know the caller at all. */
export class NotAllowed extends Error {
  override readonly name = "NotAllowed";
}

/** The API server understood and refused: `status` is its HTTP status, `reason` its own word (NotFound, Conflict …). */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiRefusal && error.status === 404;
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiRefusal && error.status === 409;
}

/** What should be created is there already: a conflict of its own, which has nothing to do with versions. */
export function isThere(error: unknown): boolean {
  return isConflict(error) && (error as ApiRefusal).reason === "AlreadyExists";
}

/** The server is away, restarts, or asks to come back later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ClusterUnreachable) return true;
  return error instanceof ApiRefusal && [429, 500, 502, 503, 504].includes(error.status);
}

/** What was asked for, as permissions are written: `patch pods/portforward in namespace web`. */
export interface Asked {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
}

export function asking(verb: string, { resource, group, namespace }: Resource): Asked {
  return { verb, resource: group === "" ? resource : `${resource}.${group}`, namespace };
}

/** Throws what the answer's status means. `answer` is the body, most often a Status object. */
export function refuse(status: number, answer: string, asked: Asked): never {
  const { reason, message } = statusObject(answer);
  const what = `${asked.verb} ${asked.resource}${asked.namespace === undefined ? "" : ` in namespace ${asked.namespace}`}`;
  if (status === 401) {
    throw new NotAllowed(`the cluster does not accept the credentials (401 at: ${what})`);
  }
  if (status === 403 && (reason === undefined || /cannot \w+ resource/.test(message ?? ""))) {
    throw new NotAllowed(`not allowed: ${what}`);
  }
  throw new ApiRefusal(
    status,
    reason ?? `Status${status}`,
    message ?? `${what}: status ${status}${answer === "" ? "" : `, ${JSON.stringify(answer.slice(0, 200))}`}`,
  );
}

function statusObject(answer: string): { readonly reason?: string; readonly message?: string } {
  try {
    const { kind, reason, message } = JSON.parse(answer) as Record<string, unknown>;
    if (kind !== "Status") return {};
    return {
      ...(typeof reason === "string" ? { reason } : {}),
      ...(typeof message === "string" ? { message: message.replaceAll(/\s*\n\s*/g, " ") } : {}),
    };
  } catch {
    return {};
  }
}

/** Why a connection could not be had, in words for people. */
export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (error.name === "TimeoutError") return "no answer in time";
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its name is not known";
  return error.message || code || error.name;
}
