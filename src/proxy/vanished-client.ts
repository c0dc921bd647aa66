// A client whose machine has vanished sends no FIN. Every other wait for a client has a limit; a tunnel in which nobody says anything has
// none, and would keep its ticket, and its slot from being drained, for ever.

import type { Socket } from "node:net";

/** A client that has been silent for so long is asked whether it is there, ms; its kernel answers. */
const ASK_AFTER_MS = 30_000;

/** From now on the socket breaks when its client's machine has been gone for some 40 seconds: the ten questions of TCP come a second apart. */
export function noticeVanished(socket: Socket): void {
  socket.setKeepAlive(true, ASK_AFTER_MS);
}
