// What a reader makes of a stream of bytes: the whole messages in it, in order, and what stopped it.

export interface ReadMessage {
  /** "METHOD target HTTP/1.x" or "HTTP/1.x status reason". */
  readonly line: string;
  /** [name, value, ...], values without whitespace around them. */
  readonly fields: readonly string[];
  readonly framing: "none" | "counted" | "chunked" | "until-close" | "tunnel";
  /** latin1; of an answer until close, what had come. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** The head as it goes on, where the reader writes one: its lines. */
  readonly sent?: readonly string[];
}

export interface Reading {
  readonly messages: readonly ReadMessage[];
  /** The bytes ended, at the end of a message or within one; or the reader will read no more of them. */
  readonly end: "open" | "refused";
  /** Why, where it was refused. */
  readonly cause: string;
}

/** Where the bytes are cut into segments: offsets in rising order, the last is the length. */
export type Cuts = readonly number[];

/** A method of the request that an answer belongs to, or undefined for a stream of requests. */
export type Reader = (bytes: Buffer, cuts: Cuts, answerTo: string | undefined) => Reading;

export const LIMITS = { maxHeadBytes: 2048, maxTargetBytes: 256, maxFields: 16 };
export const CLIENT = "192.0.2.1";
export const REQUEST_ID = "0123456789abcdef0123456789abcdef";
