// The ways in which a cluster says no, in words for people. The command line turns each into an exit code.

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

/** What was asked for, as permissions are written: `patch pods/portforward in namespace web`. */
export interface Asked {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
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
