// An event loop that was starved runs its timers before it looks at what has come meanwhile. Whatever concludes from
// "nobody came" lets that be read first.

/** Connections that wait are accepted in one turn of the event loop, their requests are read in the next. */
const ARRIVAL_TURNS = 3;

/** Calls back when what waits in the kernel now has been read. */
export function afterArrivals(then: () => void, turns = ARRIVAL_TURNS): void {
  if (turns === 0) then();
  else setImmediate(afterArrivals, then, turns - 1);
}
