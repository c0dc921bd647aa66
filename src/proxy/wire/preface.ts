// HTTP/2's preface (RFC 9113 3.4): how a client with prior knowledge begins.

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Whether the first bytes of a connection are the preface; "maybe" as long as they are only its beginning. */
export function prefaceIn(bytes: Uint8Array): "yes" | "no" | "maybe" {
  const length = Math.min(bytes.length, PREFACE.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== PREFACE[i]) return "no";
  return length === PREFACE.length ? "yes" : "maybe";
}
