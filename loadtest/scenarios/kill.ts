import { atMost, exactly, firstGoodAfter, informs, longestAround, median, milliseconds } from "../figures.ts";
import { KILL_MIX } from "../mix.ts";
import { pause, type Scenario, type Sizes, type Told } from "../scenario.ts";
import type { App, SlotName, Stage } from "../stage.ts";
import { keepUnderWay } from "../under-way.ts";

/** The same deaths without what sluice does for them: nobody to take over, nothing held, nothing replayed. */
async function killUnprotected(stage: Stage, sizes: Sizes): Promise<Told> {
  await stage.startSluice(["a"], ["--hold-max", "0", "--replay-body", "0B"]);
  const app = await stage.startApp("a", "v1");
  await stage.load({ mix: KILL_MIX, connections: sizes.connections, rate: sizes.rate });
  await keepUnderWay(stage);
  await pause(sizes.calmMs);
  stage.kill(app, "SIGKILL");
  await app.child.exited;
  await stage.startApp("a", "v1");
  await pause(sizes.calmMs);
  return { figures: [], broken: [] };
}

/** Kills the active app again and again; each time the other takes over and the dead one is started anew as its stand-in. */
export async function killRounds(
  stage: Stage,
  sizes: Sizes,
  rounds: number,
): Promise<{ killedAt: number[]; load: Awaited<ReturnType<Stage["load"]>> }> {
  const apps: Record<SlotName, App> = {
    a: await stage.startApp("a", "v1"),
    b: await stage.startApp("b", "v2"),
  };
  await stage.sluice.timeline.wait(({ type, version }) => type === "switch" && version === "v2", 10_000);
  const load = await stage.load({ mix: KILL_MIX, connections: sizes.connections, rate: sizes.rate });
  // Over a bad network the load alone keeps requests under way, and a slow one might meet a reset and a kill: one replay is promised.
  if (stage.relays.length === 0) await keepUnderWay(stage);
  const killedAt: number[] = [];
  let active: SlotName = "b";
  await pause(sizes.calmMs);
  for (let round = 0; round < rounds; round++) {
    const victim = apps[active];
    const heir: SlotName = active === "a" ? "b" : "a";
    const since = stage.sluice.timeline.happenings.length;
    killedAt.push(stage.kill(victim, "SIGKILL").at);
    await victim.child.exited;
    await stage.sluice.timeline.wait(({ type, slot }) => type === "switch" && slot === heir, 10_000, since);
    // A crashed container comes back with the same version, and must not take over again.
    const back = await stage.startApp(active, victim.version);
    apps[active] = back;
    await stage.sluice.timeline.wait(
      ({ type, generation }) => type === "standby" && generation === back.generation,
      10_000,
      since,
    );
    active = heir;
    await pause(sizes.calmMs);
  }
  return { killedAt, load };
}

export const kill: Scenario = {
  name: "kill",
  promise:
    "SIGKILL of the active app with a second one ready: no GET, HEAD or PUT fails, and of the POSTs only those that had reached the dead app.",
  control: "one slot, --hold-max 0, --replay-body 0B",
  short: true,
  excuses: true,
  async run(stage, sizes, isControl) {
    if (isControl) return killUnprotected(stage, sizes);
    await stage.startSluice(["a", "b"], []);
    const { killedAt, load } = await killRounds(stage, sizes, sizes.rounds.kill);
    const first = killedAt.map((at) => firstGoodAfter(load.entries, at));
    // Between the signal and the first sign of the death lies the kernel's work, which no proxy can shorten.
    const reports = stage.sluice.timeline.happenings.filter(({ type }) => type === "lifeline_lost");
    const noticed = killedAt.map(
      (at) => (reports.find(({ seenAt }) => seenAt > at)?.seenAt ?? Number.NaN) - at,
    );
    const longest = killedAt.map((at) => longestAround(load.entries, at, 200));
    const idempotent = load.entries.filter(
      ({ failure, method }) => failure !== undefined && method !== "POST",
    );
    return {
      figures: [
        exactly("GET, HEAD and PUT that failed", idempotent.length, 0),
        atMost(`first good answer after ${killedAt.length} kills, median`, median(first), 5),
        informs("kill to sluice's report of the lost lifeline, median", milliseconds(median(noticed))),
        informs("first good answer, slowest", milliseconds(Math.max(...first))),
        atMost("longest answer around a kill, median", median(longest), 30),
        informs("longest answer around a kill, slowest", milliseconds(Math.max(...longest))),
      ],
      broken: [],
    };
  },
};
