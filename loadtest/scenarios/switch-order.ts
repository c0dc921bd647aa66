import { exactly, p99Ratio } from "../figures.ts";
import { isUnwanted } from "../ledger.ts";
import { FIGURES_MIX, type Mix } from "../mix.ts";
import { pause, type Scenario, type Sizes } from "../scenario.ts";
import type { SlotName, Stage } from "../stage.ts";
import { keepUnderWay } from "../under-way.ts";
import { switchOver } from "./switch.ts";

/** More say nothing that these do not. */
const MOST_SWITCHES = 20;

export interface Ordered {
  readonly orderedAt: number;
  readonly reportedAt: number;
  readonly version: string;
}

/** Makes the app in the slot the active one by order; resolves when the switch is reported. */
export async function promote(stage: Stage, slot: SlotName): Promise<Ordered> {
  const { sluice } = stage;
  const since = sluice.timeline.happenings.length;
  const orderedAt = performance.now();
  await sluice.promote(slot);
  const isIt = (each: { type: string; slot?: string }) => each.type === "switch" && each.slot === slot;
  const { seenAt, version } = await sluice.timeline.wait(isIt, 10_000, since);
  return { orderedAt, reportedAt: seenAt, version: version ?? "" };
}

/** Two versions run and have served; `slot` is that of the active one. */
async function startBoth(stage: Stage, sizes: Sizes): Promise<SlotName> {
  await stage.startSluice(["a", "b"], []);
  const v1 = await stage.startApp("a", "v1");
  const warmUp = await stage.load({ mix: FIGURES_MIX, connections: sizes.connections, rate: sizes.rate });
  await pause(sizes.calmMs);
  await switchOver(stage, v1, "v2");
  await pause(sizes.calmMs);
  await warmUp.stop();
  return "b";
}

/** The old version is killed as soon as the switch is reported, as if nothing of it could still be under way. */
async function killAtSwitch(stage: Stage, sizes: Sizes): Promise<void> {
  await stage.startSluice(["a", "b"], []);
  const v1 = await stage.startApp("a", "v1");
  await stage.startApp("b", "v2");
  await stage.sluice.timeline.wait(({ type, version }) => type === "switch" && version === "v2", 10_000);
  await promote(stage, "a");
  // Of which none may be sent again.
  const mix: Mix = { ...FIGURES_MIX, methods: { POST: 1 }, thinkMs: [400, 400] };
  await stage.load({ mix, connections: 8, rate: 80 });
  await pause(sizes.calmMs);
  await promote(stage, "b");
  stage.kill(v1, "SIGKILL");
  await pause(sizes.calmMs);
}

export const switchOrder: Scenario = {
  name: "switch-order",
  promise:
    "Traffic goes from one running version to the other by order: no request fails, no connection is closed, none goes to the version that was left once the switch is reported.",
  control: "the version that was left is killed at the switch",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    if (isControl) {
      await killAtSwitch(stage, sizes);
      return { figures: [], broken: [] };
    }
    let active = await startBoth(stage, sizes);
    const load = await stage.load({ mix: FIGURES_MIX, connections: sizes.connections, rate: sizes.rate });
    await keepUnderWay(stage);
    // As long without a switch as with one.
    const apartMs = Math.max(sizes.calmMs * 2, 1_000);
    await pause(apartMs);
    const switches: Ordered[] = [];
    for (let round = 0; round < Math.min(sizes.rounds.switch, MOST_SWITCHES); round++) {
      active = active === "a" ? "b" : "a";
      const ordered = await promote(stage, active);
      stage.mark(`switch to ${ordered.version} by order`);
      switches.push(ordered);
      await pause(apartMs);
    }
    const late = load.entries.filter(({ sentAt, doneAt, failure, version }) =>
      switches.some(
        (each, index) =>
          failure === undefined &&
          sentAt > each.reportedAt &&
          doneAt < (switches[index + 1]?.orderedAt ?? Number.POSITIVE_INFINITY) &&
          version !== each.version,
      ),
    );
    return {
      figures: [
        p99Ratio(
          `p99 within 250 ms of ${switches.length} switches / steady p99`,
          load.entries,
          switches.map(({ reportedAt }) => reportedAt),
          1.2,
        ),
        exactly("client connections closed", load.ends.filter(({ end }) => isUnwanted(end)).length, 0),
        exactly("answers by the version that was left", late.length, 0),
      ],
      broken: late
        .slice(0, 10)
        .map(({ number, version }) => `request ${number} went to ${version} after it had been left`),
    };
  },
};
