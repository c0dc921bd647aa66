import { firstGoodAfter, informs, median, milliseconds } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";
import { keepUnderWay } from "../under-way.ts";

export const restart: Scenario = {
  name: "restart",
  promise: "The app in the only slot is restarted in place, with a new version: requests wait, none fails.",
  control: "--hold-max 0",
  short: true,
  excuses: true,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a"], isControl ? ["--hold-max", "0"] : []);
    let app = await stage.startApp("a", "v1");
    const load = await stage.load({ mix: FIGURES_MIX, connections: sizes.connections, rate: sizes.rate });
    await keepUnderWay(stage);
    await pause(sizes.calmMs);
    const stoppedAt: number[] = [];
    const acceptedAt: number[] = [];
    for (let round = 0; round < (isControl ? 1 : sizes.rounds.restart); round++) {
      stoppedAt.push(stage.kill(app, "SIGTERM").at);
      await app.child.exited;
      const since = stage.sluice.timeline.happenings.length;
      app = await stage.startApp("a", `v${round + 2}`);
      acceptedAt.push(
        (await stage.sluice.timeline.wait(({ type }) => type === "handshake", 5_000, since)).seenAt,
      );
      await pause(sizes.calmMs);
    }
    const down = acceptedAt.map((at, index) => at - stoppedAt[index]!);
    const first = acceptedAt.map((at) => firstGoodAfter(load.entries, at));
    return {
      figures: [
        informs(`SIGTERM to the new handshake, median of ${down.length}`, milliseconds(median(down))),
        informs("first answer after the handshake, median", milliseconds(median(first))),
      ],
      broken: [],
    };
  },
};
