// Load that does not count, until a just-in-time compiler has done its work. That takes requests, not time: on a machine that
// others use as well, seconds alone may bring few of them.

import type { RunningPeer, Stage } from "../stage/stage.ts";

/** Passes for each second that is wanted. */
const MOST_PASSES = 5;

/** Runs the load a second at a time until the proxy has used the warm-up's seconds of CPU time (five times as long at most). */
export async function warmUp(
  peer: RunningPeer,
  { pace }: Pick<Stage, "pace">,
  run: (seconds: number) => Promise<unknown>,
): Promise<void> {
  const before = peer.cpu();
  // Nine tenths: a proxy that has its core to itself still does not use all of each second.
  const enough = pace.warmUpSeconds * 0.9e6;
  for (let pass = 0; pass < MOST_PASSES * pace.warmUpSeconds; pass++) {
    await run(1);
    if (pass + 1 >= pace.warmUpSeconds && peer.cpu() - before >= enough) return;
    // No proxy, no CPU time: the app itself.
    if (peer.cpu() === 0) return;
  }
}
