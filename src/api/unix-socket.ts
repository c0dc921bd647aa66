// A Unix socket at a path on a volume that outlives the process: what a dead sluice left there is removed, what a living
// one listens on is not.

import { chmodSync, existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";

/** Every uid of the Pod may connect: its containers share a network anyway. */
const SOCKET_MODE = 0o666;

/**
 * Removes a socket at `path` on which nobody listens. Resolves with undefined if the path is free now, else with the
 * reason, in plain words.
 */
export async function clearStaleSocket(path: string): Promise<string | undefined> {
  // Node reports a missing directory as a lack of permission.
  if (!existsSync(dirname(path))) return "its directory does not exist";
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  // Connecting to an ordinary file is refused, too: only the type tells that it is somebody's file.
  if (!stat.isSocket()) return "a file that is no socket is in the way";
  if (await isListening(path)) return "a living sluice (or another process) listens there already";
  unlinkSync(path);
  return undefined;
}

export function openToAll(path: string): void {
  chmodSync(path, SOCKET_MODE);
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // A full backlog or a lack of permission says that somebody is there, or may be: only a refusal proves the contrary.
    socket.once("error", (error) => resolve(!("code" in error) || error.code !== "ECONNREFUSED"));
  });
}
