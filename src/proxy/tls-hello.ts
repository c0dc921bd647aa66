// A client that speaks TLS to the plain port.

export const SPEAKS_TLS = "TLS on the plain port";

/** Whether the bytes begin as a client hello does: a handshake record of version 3.x (RFC 8446 5.1), or the first byte of one. */
export function isTlsHello(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === 0x16 && (to - from < 2 || bytes[from + 1] === 0x03);
}
