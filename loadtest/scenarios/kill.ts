import { atMost, exactly, firstGoodAfter, informs, longestAround, median, milliseconds } from "../figures.ts";
import { KILL_MIX } from "../mix.ts";
import { pause, type Scenario, type Sizes, type Told } from "../scenario.ts";
import type { App, SlotName, Stage } from "../stage.ts";
import { keepUnderWay, untilUnderWay } from "../under-way.ts";
import { promote } from "./switch-order.ts";

/** From the switch to the restart of what has died: longer than the figures look, ms. */
const RESTART_MS = 250;

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

/**
 * Kills the active app again and again; each time the other takes over and the dead one is started anew. Both have served
 * before one is killed, as a version has that stands by for going back: the first answer of a new process is its own affair.
 */
export async function killRounds(
  stage: Stage,
  sizes: Sizes,
  rounds: number,
): Promise<{ killedAt: number[]; exitedAt: number[]; load: Awaited<ReturnType<Stage["load"]>> }> {
  const apps: Record<SlotName, App> = {
    a: await stage.startApp("a", "v1"),
    b: await stage.startApp("b", "v2"),
  };
  await stage.sluice.timeline.wait(({ type, version }) => type === "switch" && version === "v2", 10_000);
  const load = await stage.load({ mix: KILL_MIX, connections: sizes.connections, rate: sizes.rate });
  // Over a bad network the load alone keeps requests under way, and a slow one might meet a reset and a kill: one replay is promised.
  if (stage.relays.length === 0) await keepUnderWay(stage);
  const killedAt: number[] = [];
  const exitedAt: number[] = [];
  let active: SlotName = "b";
  await pause(sizes.calmMs);
  for (let round = 0; round < rounds; round++) {
    const victim = apps[active];
    const heir: SlotName = active === "a" ? "b" : "a";
    await promote(stage, heir);
    await pause(sizes.calmMs);
    await promote(stage, active);
    await pause(sizes.calmMs);
    const since = stage.sluice.timeline.happenings.length;
    await untilUnderWay(stage);
    killedAt.push(stage.kill(victim, "SIGKILL").at);
    exitedAt.push((await victim.child.exited).at);
    await stage.sluice.timeline.wait(({ type, slot }) => type === "switch" && slot === heir, 10_000, since);
    // A kubelet would not be faster; and to start a process holds up the clients, which live in this one.
    await pause(RESTART_MS);
    // A crashed container comes back with the same version, and must not take over again.
    const back = await stage.startApp(active, victim.version);
    apps[active] = back;
    await stage.sluice.timeline.wait(
      ({ type, generation }) => type === "standby" && generation === back.generation,
      10_000,
      since,
    );
    active = heir;
  }
  await pause(sizes.calmMs);
  return { killedAt, exitedAt, load };
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
    const { killedAt, exitedAt, load } = await killRounds(stage, sizes, sizes.rounds.kill);
    const first = killedAt.map((at) => firstGoodAfter(load.entries, at));
    // Between the signal and the death lies the kernel's work, which no proxy can shorten.
    const reports = stage.sluice.timeline.happenings.filter(({ type }) => type === "lifeline_lost");
    const noticed = killedAt.map(
      (at) => (reports.find(({ seenAt }) => seenAt > at)?.seenAt ?? Number.NaN) - at,
    );
    const deaths = killedAt.map((at, round) => (exitedAt[round] ?? Number.NaN) - at);
    const longest = killedAt.map((at) => longestAround(load.entries, at, 200));
    const idempotent = load.entries.filter(
      ({ failure, method }) => failure !== undefined && method !== "POST",
    );
    return {
      figures: [
        exactly("GET, HEAD and PUT that failed", idempotent.length, 0),
        atMost(
          `first good answer after ${killedAt.length} deaths, median`,
          median(first.map((ms, round) => Math.max(0, ms - (deaths[round] ?? Number.NaN)))),
          5,
        ),
        informs("first good answer after the signals, median", milliseconds(median(first))),
        informs("kill to the app's exit, as the kernel reports it, median", milliseconds(median(deaths))),
        informs("kill to sluice's report of the lost lifeline, median", milliseconds(median(noticed))),
        informs("first good answer after a signal, slowest", milliseconds(Math.max(...first))),
        atMost("longest answer around a kill, median", median(longest), 30),
        informs("longest answer around a kill, slowest", milliseconds(Math.max(...longest))),
      ],
      broken: [],
    };
  },
};
