import { exactly, firstGoodAfter, informs, median, milliseconds, p99Around } from "../figures.ts";
import { isUnwanted } from "../ledger.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario, type Sizes, type Told } from "../scenario.ts";
import type { App, SlotName, Stage } from "../stage.ts";
import { keepUnderWay } from "../under-way.ts";

const REPORT_MS = 10_000;

/** Starts `version` in the slot that idles, waits for the switch and for the end of the old generation's drain. */
export async function switchOver(
  stage: Stage,
  old: App,
  version: string,
): Promise<{ next: App; reportedAt: number; acceptedAt: number }> {
  const slot: SlotName = old.slot === "a" ? "b" : "a";
  const { timeline } = stage.sluice;
  const since = timeline.happenings.length;
  const app = await stage.launchApp(slot, version);
  const reported = await timeline.wait(
    (each) => each.type === "switch" && each.version === version,
    REPORT_MS,
    since,
  );
  stage.mark(`switch to ${version} in slot ${slot}`);
  const acceptedAt = await app.ready;
  await timeline.wait(
    (each) => each.type === "drain_ended" && each.generation === old.generation,
    REPORT_MS * 2,
    since,
  );
  return {
    next: { ...app, generation: Number(reported.generation) },
    reportedAt: reported.seenAt,
    acceptedAt,
  };
}

/** The same upgrade without what sluice does for it: the old version goes before the new one comes, and nothing is held. */
async function replaceInPlace(stage: Stage, sizes: Sizes): Promise<Told> {
  await stage.startSluice(["a"], ["--hold-max", "0"]);
  const old = await stage.startApp("a", "v1");
  await stage.load({ mix: FIGURES_MIX, connections: sizes.connections, rate: sizes.rate });
  await keepUnderWay(stage);
  await pause(sizes.calmMs);
  stage.kill(old, "SIGTERM");
  await old.child.exited;
  await stage.startApp("a", "v2");
  await pause(sizes.calmMs);
  return { figures: [], broken: [] };
}

export const switchScenario: Scenario = {
  name: "switch",
  promise:
    "A new version takes over in the other slot: no request fails, no connection is closed, none goes to the old version once the switch is reported.",
  control: "the same upgrade in one slot with --hold-max 0",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    if (isControl) return replaceInPlace(stage, sizes);
    await stage.startSluice(["a", "b"], []);
    let active = await stage.startApp("a", "v1");
    const load = await stage.load({ mix: FIGURES_MIX, connections: sizes.connections, rate: sizes.rate });
    await keepUnderWay(stage);
    await pause(sizes.calmMs * 2);
    const switches: { at: number; to: string; acceptedAt: number }[] = [];
    for (let round = 0; round < sizes.rounds.switch; round++) {
      const old = active;
      const { next, reportedAt, acceptedAt } = await switchOver(stage, old, `v${round + 2}`);
      switches.push({ at: reportedAt, to: next.version, acceptedAt });
      old.child.kill("SIGTERM");
      await old.child.exited;
      active = next;
      await pause(sizes.calmMs);
    }
    const order = new Map(switches.map(({ to }, index) => [to, index]));
    // A request sent after the report of switch n must not be answered by a version older than n's.
    const late = load.entries.filter((entry) => {
      const answeredBy = order.get(entry.version ?? "") ?? -1;
      return switches.some(
        ({ at }, index) => entry.sentAt > at && entry.failure === undefined && answeredBy < index,
      );
    });
    const first = switches.map(
      ({ at, to }) => firstGoodAfter(load.entries, at - 50, (entry) => entry.version === to) - 50,
    );
    return {
      figures: [
        informs(
          `p99 within 250 ms of ${switches.length} switches, the new app's start among them / steady p99`,
          p99Around(
            load.entries,
            switches.map(({ at }) => at),
          ).text,
        ),
        exactly("client connections closed", load.ends.filter(({ end }) => isUnwanted(end)).length, 0),
        exactly("answers by an older version to requests sent after the report", late.length, 0),
        informs(
          "first answer of the new version after the report, median",
          milliseconds(Math.max(0, median(first))),
        ),
      ],
      broken: late
        .slice(0, 10)
        .map((entry) => `request ${entry.number} went to ${entry.version} after a newer switch was reported`),
    };
  },
};
