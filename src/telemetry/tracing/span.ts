// A span in our own terms: what is known of one piece of work when it has ended.

export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentId: string | undefined;
  /** The parent is another process's. */
  readonly isParentRemote?: boolean;
  readonly name: string;
  readonly kind: "internal" | "server" | "client";
  /** ms since the epoch, with fractions. */
  readonly from: number;
  readonly to: number;
  readonly attributes: Attributes;
  readonly moments?: readonly Moment[];
  /** Undefined: it went well, or whoever reads it may judge. */
  readonly failure?: string | undefined;
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that happened within a span. */
export interface Moment {
  readonly name: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly attributes?: Attributes;
}

/** Makes the ids of traces and spans; random, never all 0. */
export interface Ids {
  trace(): string;
  span(): string;
}
