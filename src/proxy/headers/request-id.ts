// X-Request-Id (no RFC): kept when the client sent one that is fit to be logged and passed on, made otherwise.

import { type Fields, valuesOf } from "./fields.ts";

/** Visible ASCII without the comma, which would make it a list. */
const SANE = /^[\x21-\x2b\x2d-\x7e]{1,128}$/;

/** The client's own request id if there is exactly one, of 1 to 128 visible ASCII characters; else undefined. */
export function requestIdOf(fields: Fields): string | undefined {
  const values = valuesOf(fields, "x-request-id");
  const id = values[0];
  return values.length === 1 && id !== undefined && SANE.test(id) ? id : undefined;
}
