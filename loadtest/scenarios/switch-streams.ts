import { informs } from "../figures.ts";
import { tally } from "../ledger.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";

const EACH = 4;

export const switchStreams: Scenario = {
  name: "switch-streams",
  promise:
    "WebSockets and event streams live on across a switch and end cleanly at their deadline: close 1001 or 1012, end of the stream.",
  control: "the old version gets SIGTERM without its slot's hook",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a", "b"], ["--slot-drain", "1500ms"]);
    const old = await stage.startApp("a", "v1", ["--at-term", "at-once"]);
    await stage.load({ mix: FIGURES_MIX, connections: 16, rate: sizes.rate / 3 });
    const streams = Array.from({ length: EACH }, () => [
      stage.openStream("websocket"),
      stage.openStream("event-stream"),
    ]).flat();
    await pause(300);
    const since = stage.sluice.timeline.happenings.length;
    await stage.launchApp("b", "v2");
    await stage.sluice.timeline.wait(
      ({ type, version }) => type === "switch" && version === "v2",
      10_000,
      since,
    );
    stage.mark("switch to v2 in slot b");
    const before = streams.map(({ messages }) => messages);
    await pause(300);
    const alive = streams.filter(({ isOpen, messages }, index) => isOpen && messages > before[index]!).length;
    if (!isControl) await stage.sluice.ops("/prestop/slots/a");
    stage.kill(old, "SIGTERM");
    const results = await Promise.all(streams.map(({ ended }) => ended));
    const broken = results
      .filter(({ clean }) => !clean)
      .map(({ kind, end }) => `a ${kind} ended otherwise than in order: ${end}`);
    if (alive < streams.length)
      broken.push(`${streams.length - alive} streams did not go on after the switch`);
    const ends = tally(results, ({ kind, end }) => `${kind} ${end}`).map(
      ([end, count]) => `${count} x ${end}`,
    );
    return {
      figures: [
        informs(`of ${streams.length} streams on after the switch`, `${alive}`),
        informs("ends", ends.join(", ")),
      ],
      broken,
    };
  },
};
