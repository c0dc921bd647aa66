import { atMost, informs, longestAround, median, milliseconds } from "../figures.ts";
import { KILL_MIX } from "../mix.ts";
import type { Scenario } from "../scenario.ts";
import { comeBack, WITHOUT_HOLD } from "./comeback.ts";

/** From death to the new process's start of listening; with node's own start the app is back after some 390 ms. */
const DOWN_MS = 250;

export const killOnly: Scenario = {
  name: "kill-only",
  promise:
    "SIGKILL of the only app, which comes back: nothing fails but the POSTs that had reached the dead app; the others wait.",
  control: WITHOUT_HOLD,
  short: true,
  excuses: true,
  async run(stage, sizes, isControl) {
    const { load, goneAt, down, first } = await comeBack(stage, sizes, isControl, {
      mix: KILL_MIX,
      rounds: sizes.rounds.other,
      signal: "SIGKILL",
      next: () => ["v1", "--start-delay", `${DOWN_MS}`],
    });
    const longest = goneAt.map((at) => longestAround(load.entries, at, 1_000));
    return {
      figures: [
        informs("death to handshake, median", milliseconds(median(down))),
        atMost("first answer after the handshake, median", median(first), 10),
        informs("first answer after the handshake, slowest", milliseconds(Math.max(...first))),
        informs("longest answer, median", milliseconds(median(longest))),
      ],
      broken: [],
    };
  },
};
