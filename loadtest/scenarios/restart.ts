import { informs, median, milliseconds } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import type { Scenario } from "../scenario.ts";
import { comeBack, WITHOUT_HOLD } from "./comeback.ts";

export const restart: Scenario = {
  name: "restart",
  promise: "The app in the only slot is restarted in place, with a new version: requests wait, none fails.",
  control: WITHOUT_HOLD,
  short: true,
  excuses: true,
  async run(stage, sizes, isControl) {
    const { down, first } = await comeBack(stage, sizes, isControl, {
      mix: FIGURES_MIX,
      rounds: sizes.rounds.restart,
      signal: "SIGTERM",
      next: (round) => [`v${round + 2}`],
    });
    return {
      figures: [
        informs(`SIGTERM to the new handshake, median of ${down.length}`, milliseconds(median(down))),
        informs("first answer after the handshake, median", milliseconds(median(first))),
      ],
      broken: [],
    };
  },
};
