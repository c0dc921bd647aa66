// Something on which two readings of the same bytes do not agree.

export interface Difference {
  /** What kind of difference it is; the same for all that have the same ground. */
  readonly sign: string;
  /** What each of them made of it. */
  readonly detail: string;
}

/** `Sent`: all that was sent, as latin1 text or as a conversation. */
export interface IntendedDifference<Sent> {
  readonly name: string;
  readonly reason: string;
  /** Whether the difference is this one. */
  readonly isIt: (difference: Difference, sent: Sent) => boolean;
}
