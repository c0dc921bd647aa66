import { informs } from "../figures.ts";
import { KILL_MIX } from "../mix.ts";
import type { Faults } from "../relay.ts";
import { pause, type Scenario, type Sizes } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { killRounds } from "./kill.ts";
import { switchOver } from "./switch.ts";

const BAD_NETWORK: Faults = {
  delayMs: 3,
  slice: 0.3,
  stall: 0.002,
  stallMs: 150,
  resetUnanswered: 0.003,
  resetInAnswer: 0,
  resetGapMs: 500,
};

/** Answers torn in the middle: no proxy can mend them, so these must show as losses. */
const TORN = { ...BAD_NETWORK, resetInAnswer: 0.1, resetGapMs: 20 };

const faults = (isControl: boolean): Faults => (isControl ? TORN : BAD_NETWORK);

function countsOf(stage: Stage): string {
  const counts = stage.relays.map((relay) => relay.counts());
  const sum = (key: "delayed" | "sliced" | "stalled" | "resets") =>
    counts.reduce((total, each) => total + each[key], 0);
  return `${sum("delayed")} delays, ${sum("sliced")} slicings, ${sum("stalled")} stalls, ${sum("resets")} resets`;
}

async function runTorn(stage: Stage, sizes: Sizes): Promise<void> {
  await stage.startApp("a", "v1");
  await stage.load({ mix: KILL_MIX, connections: 32, rate: sizes.rate / 5 });
  await pause(1_000);
}

export const faultScenarios: readonly Scenario[] = [
  {
    name: "faults-switch",
    promise:
      "Switches over a network that delays, slices, stalls and resets: only POSTs whose connection was reset may fail.",
    control: "resets in the middle of answers",
    short: false,
    excuses: true,
    faults,
    async run(stage, sizes, isControl) {
      await stage.startSluice(["a", "b"], []);
      if (isControl) await runTorn(stage, sizes);
      else {
        let active = await stage.startApp("a", "v1");
        await stage.load({ mix: KILL_MIX, connections: 32, rate: sizes.rate / 5 });
        await pause(sizes.calmMs);
        for (let round = 0; round < sizes.rounds.other; round++) {
          const old = active;
          active = (await switchOver(stage, old, `v${round + 2}`)).next;
          old.child.kill("SIGTERM");
          await old.child.exited;
          await pause(sizes.calmMs);
        }
      }
      return { figures: [informs("faults", countsOf(stage))], broken: [] };
    },
  },
  {
    name: "faults-kill",
    promise:
      "SIGKILLs over such a network: only POSTs that had reached the dead app, or whose connection was reset, may fail.",
    control: "resets in the middle of answers",
    short: true,
    excuses: true,
    faults,
    async run(stage, sizes, isControl) {
      await stage.startSluice(["a", "b"], []);
      if (isControl) await runTorn(stage, sizes);
      else await killRounds(stage, { ...sizes, connections: 32, rate: sizes.rate / 5 }, sizes.rounds.other);
      return { figures: [informs("faults", countsOf(stage))], broken: [] };
    },
  },
];
