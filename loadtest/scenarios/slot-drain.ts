import { informs, median, milliseconds } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";

/** The app ends in the middle of whatever it does: only the drain protects its requests. */
const CARELESS = ["--at-term", "at-once"];

export const slotDrain: Scenario = {
  name: "slot-drain",
  promise:
    "The hook of the only slot is answered when none of its requests is in flight, so an app that exits at once on SIGTERM loses none.",
  control: "SIGTERM without the hook",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a"], []);
    let app = await stage.startApp("a", "v1", CARELESS);
    await stage.load({ mix: { ...FIGURES_MIX, thinkMs: [100, 300] }, connections: 32, rate: 160 });
    await stage.load({ mix: FIGURES_MIX, connections: 32, rate: sizes.rate / 3 });
    await pause(sizes.calmMs);
    const waits: number[] = [];
    for (let round = 0; round < (isControl ? 1 : sizes.rounds.other); round++) {
      const { at } = stage.mark(isControl ? "no hook" : "hook of slot a");
      if (!isControl) {
        const { status, body } = await stage.sluice.ops("/prestop/slots/a");
        if (status !== 200) throw new Error(`the hook was answered ${status} ${body}`);
        waits.push(performance.now() - at);
      }
      stage.kill(app, "SIGTERM");
      await app.child.exited;
      app = await stage.startApp("a", `v${round + 2}`, CARELESS);
      await pause(sizes.calmMs);
    }
    return {
      figures: isControl ? [] : [informs("hook answered after, median", milliseconds(median(waits)))],
      broken: [],
    };
  },
};
