// An attack: bytes that were a security hole somewhere, what they are known by, and what sluice must make of them.

import type { ErrorCode } from "../../src/errors.ts";

/** A request as the app must see it: method, target, body. */
export type Seen = readonly [method: string, target: string, body: string];

export interface Attack {
  /** An advisory or a section of an RFC. */
  readonly reference: string;
  readonly what: string;
  /** What the client sends, latin1. Whatever would be executed by a reader that is taken in has the target /smuggled. */
  readonly bytes: string;
  readonly outcome: Outcome;
  /** What the standard engine makes of it instead, where node's parser leaves no choice, and why that does no harm. */
  readonly standard?: { readonly outcome: Outcome; readonly because: string };
}

export type Outcome =
  /** The last answer has one of these codes and closes the connection. What is listed in `after` reached the app before. */
  | { readonly kind: "refused"; readonly codes: readonly ErrorCode[]; readonly after: readonly Seen[] }
  /** These requests reach the app, and the next one on the connection is served too. */
  | { readonly kind: "passed"; readonly seen: readonly Seen[] }
  /** RFC 9112 leaves it to the reader; whichever it is, it must be one of the two wholly. */
  | { readonly kind: "either"; readonly seen: readonly Seen[] };

export interface Chapter {
  readonly form: string;
  readonly attacks: readonly Attack[];
}

export function refused(...codes: readonly ErrorCode[]): Outcome {
  return { kind: "refused", codes: codes.length === 0 ? ["MALFORMED_REQUEST"] : codes, after: [] };
}

export function refusedAfter(...after: readonly Seen[]): Outcome {
  return { kind: "refused", codes: ["MALFORMED_REQUEST"], after };
}

export function passed(...seen: readonly Seen[]): Outcome {
  return { kind: "passed", seen };
}

export function either(...seen: readonly Seen[]): Outcome {
  return { kind: "either", seen };
}

export const HOST = "Host: x\r\n";
/** The prey of a reader that sees the end of the first request elsewhere. */
export const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;

/** A POST with those field lines (each with its line end) and what follows its head. */
export function post(fields: string, rest: string): string {
  return `POST /a HTTP/1.1\r\n${HOST}${fields}\r\n${rest}`;
}

/** A chunked POST with that body as it is on the wire. */
export function chunkedPost(body: string): string {
  return post("Transfer-Encoding: chunked\r\n", body);
}

/** A GET with those field lines, each with its line end; behind it the prey. */
export function get(fields: string): string {
  return `GET /a HTTP/1.1\r\n${HOST}${fields}\r\n${SMUGGLED}`;
}
