// Connection (RFC 9110 7.6.1): what the sender says about this connection alone, and the fields that go no further.

import { type Fields, listOf } from "./fields.ts";

/** The options of Connection over all its field lines, in lower case. */
export function connectionOptions(fields: Fields): ReadonlySet<string> {
  return new Set(listOf(fields, "connection").map((option) => option.toLowerCase()));
}

/**
 * Fields for every recipient, which a Connection option must not take away: "a sender MUST NOT send a connection option
 * corresponding to a field that is intended for all recipients". Obeying such an option let clients strip what a proxy
 * in front had added (CVE-2022-31813) or what the app decides by: credentials, conditions, addresses.
 */
const FOR_EVERY_RECIPIENT: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "baggage",
  "cache-control",
  "cookie",
  "date",
  "etag",
  "expect",
  "expires",
  "forwarded",
  "host",
  "idempotency-key",
  "last-modified",
  "location",
  "max-forwards",
  "origin",
  "pragma",
  "range",
  "referer",
  "retry-after",
  "set-cookie",
  "strict-transport-security",
  "traceparent",
  "tracestate",
  "user-agent",
  "vary",
  "via",
  "www-authenticate",
  "x-real-ip",
  "x-request-id",
]);
const FOR_EVERY_RECIPIENT_PREFIXES = [
  "accept",
  "access-control-",
  "content-",
  "if-",
  "sec-",
  "sluice-",
  "x-forwarded-",
];

/** Whether a field (lower case) stays although a Connection option names it. */
export function isForEveryRecipient(name: string): boolean {
  return (
    FOR_EVERY_RECIPIENT.has(name) || FOR_EVERY_RECIPIENT_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
