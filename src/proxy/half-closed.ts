// A client that has sent FIN may wait for its answer still, or be gone. The two look alike until something is written.

import type { Socket } from "node:net";

/** The first probe comes this long after something was written to the client, ms; each later one after twice the time. */
const FIRST_PROBE_MS = 25;
const LAST_PROBE_MS = 5000;
const NOTHING = Buffer.alloc(0);

/**
 * Finds out whether a half-closed client is gone: its kernel answers what is written with a reset, and from then on even an empty
 * write fails, which closes the socket. (Nobody else says so: after FIN the socket is no longer read.) Something must have
 * been written before. Returns a function that ends the probing; it ends by itself with the socket.
 */
export function probeHalfClosed(socket: Socket): () => void {
  let delayMs = FIRST_PROBE_MS;
  let timer = setTimeout(probe, delayMs);
  function probe(): void {
    if (socket.destroyed || !socket.writable) return;
    socket.write(NOTHING);
    delayMs = Math.min(delayMs * 2, LAST_PROBE_MS);
    timer = setTimeout(probe, delayMs);
  }
  return () => clearTimeout(timer);
}
