import { informs, milliseconds } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";
import { switchOver } from "./switch.ts";

export const switchSlow: Scenario = {
  name: "switch-slow",
  promise:
    "Answers that take seconds finish on the old version across a switch, and the end of its drain is reported.",
  control: "the old version is killed as soon as the switch is reported",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a", "b"], ["--slot-drain", "10s"]);
    const old = await stage.startApp("a", "v1");
    const slow = await stage.load({
      mix: { ...FIGURES_MIX, thinkMs: [sizes.slowMs, sizes.slowMs] },
      connections: 32,
      rate: (32 * 1000) / sizes.slowMs,
    });
    await stage.load({ mix: FIGURES_MIX, connections: 16, rate: sizes.rate / 3 });
    await pause(sizes.slowMs * 0.8);
    if (isControl) {
      const since = stage.sluice.timeline.happenings.length;
      await stage.launchApp("b", "v2");
      await stage.sluice.timeline.wait(
        ({ type, version }) => type === "switch" && version === "v2",
        10_000,
        since,
      );
      stage.kill(old, "SIGKILL");
      await old.child.exited;
      await pause(200);
      return { figures: [], broken: [] };
    }
    const { reportedAt } = await switchOver(stage, old, "v2");
    const drainedAt = performance.now();
    await pause(200);
    const across = slow.entries.filter((entry) => entry.sentAt < reportedAt && entry.doneAt > reportedAt);
    const lastAt = Math.max(...across.filter(({ version }) => version === "v1").map(({ doneAt }) => doneAt));
    const broken = across.length === 0 ? ["no slow answer was under way at the switch"] : [];
    if (drainedAt < lastAt - 5) broken.push("the drain's end was reported before the last answer had come");
    return {
      figures: [
        informs(
          `answers of ${sizes.slowMs} ms under way at the report of the switch; by v1`,
          `${across.length}, ${across.filter(({ version }) => version === "v1").length}`,
        ),
        informs("last answer to the report of the drain's end", milliseconds(drainedAt - lastAt)),
      ],
      broken,
    };
  },
};
