// The catalogue: every way in which sluice says no, to clients (status and code), to callers of its API, and to
// people. docs/errors.md lists the same; a test compares the two.

interface Entry {
  /** HTTP status of the answer; 499 is never sent, it marks a client that left (log and metrics only). */
  readonly status: number;
  readonly meaning: string;
}

export const CATALOGUE = {
  // Answers to clients on the request port.
  MALFORMED_REQUEST: {
    status: 400,
    meaning: "The request breaks RFC 9112 or is ambiguous; the connection closes.",
  },
  HEAD_TIMEOUT: { status: 408, meaning: "The request's head did not arrive in time." },
  BODY_TIMEOUT: { status: 408, meaning: "The request's body stalled for too long." },
  TARGET_TOO_LONG: { status: 414, meaning: "The request target is longer than the limit." },
  HEAD_TOO_LARGE: { status: 431, meaning: "The request's head is larger than the limit." },
  METHOD_REFUSED: { status: 501, meaning: "CONNECT is not served: sluice is not a forward proxy." },
  VERSION_REFUSED: { status: 505, meaning: "Only HTTP/1.0 and HTTP/1.1 are spoken here." },
  TOO_MANY_CONNECTIONS: { status: 503, meaning: "As many client connections as allowed are open." },
  HOLD_FULL: {
    status: 503,
    meaning: "No slot can take the request, and as many as allowed are held already.",
  },
  HOLD_TIMEOUT: { status: 503, meaning: "No slot became ready while the request was held." },
  SLOT_BUSY: {
    status: 503,
    meaning:
      "As many requests as allowed are in flight in the slot (--max-in-flight), and none ended in time.",
  },
  POD_STOPPING: { status: 503, meaning: "The Pod is going and no slot can take the request any more." },
  APP_UNREACHABLE: {
    status: 502,
    meaning: "The app refused the connection and no other slot could take the request.",
  },
  APP_CLOSED: { status: 502, meaning: "The app closed the connection before its answer was whole." },
  APP_MALFORMED: { status: 502, meaning: "The app's answer breaks RFC 9112." },
  APP_CONNECT_TIMEOUT: { status: 504, meaning: "The app did not accept the connection in time." },
  APP_TIMEOUT: { status: 504, meaning: "The app did not begin its answer, or stalled in it, for too long." },
  CUT_AT_DEADLINE: { status: 503, meaning: "The deadline of a stop came before the answer was whole." },
  CLIENT_LEFT: { status: 499, meaning: "The client closed the connection before its answer was whole." },
  INTERNAL: { status: 500, meaning: "A defect in sluice; the log has the cause." },

  // Answers of the ops and control servers.
  BAD_BODY: { status: 400, meaning: "The body is not the JSON that this endpoint takes." },
  FORBIDDEN: {
    status: 403,
    meaning: "Hooks answer the kubelet only: see --node-ip, --hook-from, --hook-token.",
  },
  NO_SUCH_ENDPOINT: { status: 404, meaning: "There is no such endpoint." },
  UNKNOWN_SLOT: { status: 404, meaning: "No slot of that name is configured." },
  UNKNOWN_GATE: { status: 404, meaning: "No gate of that name is configured (--gates)." },
  UNKNOWN_COMMAND: { status: 404, meaning: "No command with that id is waiting for its outcome." },
  NO_GENERATION: {
    status: 409,
    meaning: "The slot has no living generation: no app has shaken hands there.",
  },
  NOT_READY: {
    status: 409,
    meaning: "The generation is not ready; the message says what it is waiting for.",
  },
  DRAINING: { status: 409, meaning: "The generation is draining because its container is being stopped." },
  STOPPING: { status: 409, meaning: "The Pod or the app is stopping; the order comes too late." },
  NOT_DECLARED: { status: 409, meaning: "The app's handshake declared neither that signal nor reload." },
  MISSING_SIGNALS: { status: 422, meaning: "The handshake lacks a required signal (--require-signals)." },
  SIGNALS_NOT_CAUGHT: {
    status: 422,
    meaning: "/proc shows that the process has no handler for a required signal.",
  },
  COMMAND_TIMEOUT: { status: 504, meaning: "The app did not report the outcome of the command in time." },
  PROFILING: { status: 409, meaning: "A profile is being taken already; one at a time." },
  HEAP_TOO_LARGE: { status: 409, meaning: "The heap is too large for a snapshot that nobody notices." },
  COMMAND_FAILED: { status: 502, meaning: "The app reported that the command failed." },

  // Problems of a person at a terminal.
  BAD_CONFIGURATION: { status: 400, meaning: "The configuration cannot be used; each problem is listed." },
  USAGE: { status: 400, meaning: "The command line cannot be understood." },
  PORT_TAKEN: { status: 500, meaning: "A listener's address is taken or may not be used." },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof CATALOGUE;

export function statusOf(code: ErrorCode): number {
  return CATALOGUE[code].status;
}

/** An error with a code from the catalogue. `message` is for the caller, `cause` for the log. */
export class SluiceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string = CATALOGUE[code].meaning, options?: ErrorOptions) {
    super(message, options);
    this.name = "SluiceError";
    this.code = code;
  }
}
