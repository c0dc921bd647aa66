import { atMost, firstGoodAfter, informs, longestAround, median, milliseconds } from "../figures.ts";
import { KILL_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";
import { keepUnderWay } from "../under-way.ts";

/** From death to the new process's start of listening; with node's own start the app is back after some 390 ms. */
const DOWN_MS = 250;

export const killOnly: Scenario = {
  name: "kill-only",
  promise:
    "SIGKILL of the only app, which comes back: nothing fails but the POSTs that had reached the dead app; the others wait.",
  control: "--hold-max 0",
  short: true,
  excuses: true,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a"], isControl ? ["--hold-max", "0"] : []);
    let app = await stage.startApp("a", "v1");
    const load = await stage.load({ mix: KILL_MIX, connections: sizes.connections, rate: sizes.rate });
    await keepUnderWay(stage);
    await pause(sizes.calmMs);
    const killedAt: number[] = [];
    const acceptedAt: number[] = [];
    for (let round = 0; round < (isControl ? 1 : sizes.rounds.other); round++) {
      killedAt.push(stage.kill(app, "SIGKILL").at);
      await app.child.exited;
      const since = stage.sluice.timeline.happenings.length;
      app = await stage.startApp("a", "v1", ["--start-delay", `${DOWN_MS}`]);
      const handshake = await stage.sluice.timeline.wait(({ type }) => type === "handshake", 5_000, since);
      acceptedAt.push(handshake.seenAt);
      await pause(sizes.calmMs);
    }
    const down = acceptedAt.map((at, index) => at - killedAt[index]!);
    const first = acceptedAt.map((at) => firstGoodAfter(load.entries, at));
    const longest = killedAt.map((at) => longestAround(load.entries, at, 1_000));
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
