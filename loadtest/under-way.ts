// Answers come so fast that at a given moment none may be under way; an event that meets none proves nothing.

import { KILL_MIX, type Mix } from "./mix.ts";
import type { Stage } from "./stage.ts";

const SLOW_MIX: Mix = { ...KILL_MIX, methods: { GET: 0.6, PUT: 0.4 }, thinkMs: [40, 120] };

/** Keeps four requests under way at every moment, beside the load that is measured; none of them is a POST. */
export async function keepUnderWay(stage: Stage): Promise<void> {
  await stage.load({ mix: SLOW_MIX, connections: 4, rate: 100 });
}

/** Resolves as soon as a request is under way. */
export async function untilUnderWay({ clients }: Stage): Promise<void> {
  while (clients.every(({ inFlight }) => inFlight === 0)) await new Promise(setImmediate);
}
