// The limits of the data path. Every wait and every buffer has one; docs/limits.md lists them with their defaults.

export interface Limits {
  /** Most bytes of a request's or an answer's head, request line and field lines together. 431 / 502. */
  readonly maxHeadBytes: number;
  /** Most bytes of the request target. 414. */
  readonly maxTargetBytes: number;
  /** Most field lines of a head. 431 / 502. */
  readonly maxFields: number;
  /** Most client connections; the next one gets 503 and is closed. */
  readonly maxConnections: number;
  /** From the first byte of a request's head (or from the connection's start) to its last, ms. 408. */
  readonly headTimeoutMs: number;
  /** Longest silence within a request's body, until its answer has begun, ms. 408. */
  readonly bodyTimeoutMs: number;
  /** Longest wait for the app to accept a connection, ms. 504. */
  readonly connectTimeoutMs: number;
  /** From the request's last byte to the first byte of the app's answer, and longest silence in it, ms. 504 or cut. */
  readonly responseTimeoutMs: number;
  /** How long a client connection may idle between requests, ms. */
  readonly clientIdleMs: number;
  /** Longest time that sluice keeps an idle connection to the app, ms. */
  readonly appIdleMs: number;
  /** Largest request body kept in hand for a replay, bytes. */
  readonly replayBodyBytes: number;
}
