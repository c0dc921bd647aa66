// What the clients do: kept-alive and fresh connections, GET, HEAD, PUT and POST, quick and slow. Some requests are under
// way at every moment.

import { KILL_MIX } from "../../../loadtest/mix.ts";
import type { LoadOrder } from "../../../loadtest/station/run.ts";

const USUAL: readonly LoadOrder[] = [
  { name: "kept", mix: KILL_MIX, connections: 24, rate: 260, keepAlive: true },
  { name: "fresh", mix: KILL_MIX, connections: 8, rate: 60, keepAlive: false },
  { name: "slow", mix: { ...KILL_MIX, thinkMs: [200, 900] }, connections: 12, rate: 30, keepAlive: true },
];

const times = (factor: number) => USUAL.map((load) => ({ ...load, rate: load.rate * factor }));

/** The load of the promised run: some 350 requests a second, times SLUICE_PACE. */
export const LOADS: readonly LoadOrder[] = times(Number(process.env.SLUICE_PACE ?? 1));

/** The load of a control: the same kinds, fewer of them. */
export const CONTROL_LOADS: readonly LoadOrder[] = times(0.4);

/** Long requests, of some seconds each. */
export function longRequests(connections: number, fromMs: number, toMs: number): LoadOrder {
  return {
    name: "long",
    mix: { ...KILL_MIX, thinkMs: [fromMs, toMs] },
    connections,
    rate: 1_000,
    keepAlive: true,
  };
}

/** POSTs under way all the time: of all requests those that nobody can send twice. */
export const POSTS: LoadOrder = {
  name: "posts",
  mix: { ...KILL_MIX, methods: { POST: 1 }, thinkMs: [300, 900] },
  connections: 16,
  rate: 1_000,
  keepAlive: true,
};

/** New connections all the time, of which some meet whatever is shorter than a second. */
export const NEWCOMERS: LoadOrder = {
  name: "newcomers",
  mix: KILL_MIX,
  connections: 16,
  rate: 200,
  keepAlive: false,
};
