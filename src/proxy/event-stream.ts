// Server-sent events (HTML Living Standard 9.2): a message without an end of its own, so that it may be ended early.

import { type Fields, valuesOf } from "./headers/fields.ts";

export function isEventStream(rawHeaders: Fields): boolean {
  return /^text\/event-stream\s*(?:;|$)/i.test(valuesOf(rawHeaders, "content-type")[0] ?? "");
}
