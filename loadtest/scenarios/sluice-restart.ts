import { firstGoodAfter, informs, milliseconds } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";

/** Both apps stay, v1 has been put back by order; after sluice's restart v1 must still be the active one. */
export const sluiceRestart: Scenario = {
  name: "sluice-restart",
  promise:
    "sluice is restarted: it cuts nothing as it goes, and afterwards the instance that was active serves again; while nobody listens, connections are refused (counted apart).",
  control: "SIGKILL instead of SIGTERM",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    const flags = ["--drain-delay", "1s"];
    const first = await stage.startSluice(["a", "b"], flags);
    await stage.startApp("a", "v1");
    await stage.startApp("b", "v2");
    await first.timeline.wait(({ type, version }) => type === "switch" && version === "v2", 10_000);
    await stage.sluice.promote("a");
    const load = await stage.load({
      mix: FIGURES_MIX,
      connections: sizes.connections,
      rate: sizes.rate / 2,
    });
    await pause(sizes.calmMs);
    // Some that are under way at the event for certain; they do not come again, or sluice would never be quiet.
    const slow = await stage.load({ mix: { ...FIGURES_MIX, thinkMs: [400, 400] }, connections: 8, rate: 80 });
    await pause(150);
    const { at } = stage.mark(`${isControl ? "SIGKILL" : "SIGTERM"} to sluice`);
    first.child.kill(isControl ? "SIGKILL" : "SIGTERM");
    await slow.stop();
    const exit = await first.child.exited;
    const second = await stage.startSluice(["a", "b"], flags);
    const ready = await second.timeline.wait(({ type }) => type === "switch", 10_000);
    stage.excuseRefused(at, performance.now(), "refused while sluice was down");
    await pause(sizes.calmMs * 2);
    const { active } = await second.status();
    const after = load.entries.filter(
      ({ sentAt, failure }) => failure === undefined && sentAt > ready.seenAt,
    );
    const broken =
      after.some(({ version }) => version !== "v1") || active !== "a"
        ? [`after the restart slot ${active} is active instead of a`]
        : [];
    if (exit.code !== 0 && !isControl) broken.push(`sluice exited with ${exit.code ?? exit.signal}`);
    const refused = load.entries.filter(({ failure }) => failure === "refused").length;
    return {
      figures: [
        informs("exit to listening again", milliseconds((second.child.lines[0]?.at ?? Number.NaN) - exit.at)),
        informs("refused while nobody listened", `${refused}`),
        informs("exit to the first good answer", milliseconds(firstGoodAfter(load.entries, exit.at))),
      ],
      broken,
    };
  },
};
