// The app in the only slot goes and comes back, again and again; without `--hold-max 0` what arrives meanwhile waits.

import { firstGoodAfter } from "../figures.ts";
import type { Mix } from "../mix.ts";
import { pause, type Sizes } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import type { StrictClient } from "../strict-client.ts";
import { keepUnderWay } from "../under-way.ts";

export interface Comebacks {
  readonly load: StrictClient;
  /** By performance.now(), ms. */
  readonly goneAt: readonly number[];
  /** From the signal to the new handshake, ms. */
  readonly down: readonly number[];
  /** From the handshake to the first good answer, ms. */
  readonly first: readonly number[];
}

export const WITHOUT_HOLD = "--hold-max 0";

/** As often as `rounds` says, once in the control. `next` is the version that comes back, and the flags of the app. */
export async function comeBack(
  stage: Stage,
  sizes: Sizes,
  isControl: boolean,
  plan: {
    readonly mix: Mix;
    readonly rounds: number;
    readonly signal: "SIGKILL" | "SIGTERM";
    readonly next: (round: number) => readonly [version: string, ...flags: string[]];
  },
): Promise<Comebacks> {
  await stage.startSluice(["a"], isControl ? WITHOUT_HOLD.split(" ") : []);
  let app = await stage.startApp("a", "v1");
  const load = await stage.load({ mix: plan.mix, connections: sizes.connections, rate: sizes.rate });
  await keepUnderWay(stage);
  await pause(sizes.calmMs);
  const goneAt: number[] = [];
  const acceptedAt: number[] = [];
  for (let round = 0; round < (isControl ? 1 : plan.rounds); round++) {
    goneAt.push(stage.kill(app, plan.signal).at);
    await app.child.exited;
    const since = stage.sluice.timeline.happenings.length;
    const [version, ...flags] = plan.next(round);
    app = await stage.startApp("a", version, flags);
    const handshake = await stage.sluice.timeline.wait(({ type }) => type === "handshake", 5_000, since);
    acceptedAt.push(handshake.seenAt);
    await pause(sizes.calmMs);
  }
  return {
    load,
    goneAt,
    down: acceptedAt.map((at, index) => at - goneAt[index]!),
    first: acceptedAt.map((at) => firstGoodAfter(load.entries, at)),
  };
}
