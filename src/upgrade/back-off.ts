// The kubelet's back-off, as far as it can be foreseen: it counts starts of a container by name and image, whyever they come. The first
// start of an image in a container that had another one is immediate; the next within ten minutes of the last wait 10 s, 20 s, 40 s …
// after the end of whatever ran there, and the Pod is not ready meanwhile. So what we put where, and when, is remembered.

export interface Start {
  readonly container: string;
  readonly image: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Twice the longest back-off: an entry that is older is forgotten. */
const REMEMBERED_MS = 600_000;
const FIRST_MS = 10_000;
const MOST_MS = 300_000;

/** Those that still count at the moment `now`, ms since 1970. */
export function recent(starts: readonly Start[], now: number): readonly Start[] {
  return starts.filter(({ at }) => Date.parse(at) + REMEMBERED_MS > now);
}

/** How long the kubelet would wait before it starts the image in the container once more, ms; 0: not at all. */
export function delayOf(starts: readonly Start[], container: string, image: string, now: number): number {
  const count = startsOf(starts, container, image, now).length;
  return count === 0 ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** (count - 1));
}

/** From when on it would start at once, ms since 1970. */
export function freeAt(starts: readonly Start[], container: string, image: string, now: number): number {
  const times = startsOf(starts, container, image, now).map(({ at }) => Date.parse(at));
  return Math.max(now, ...times.map((time) => time + REMEMBERED_MS));
}

function startsOf(starts: readonly Start[], container: string, image: string, now: number): readonly Start[] {
  return recent(starts, now).filter((one) => one.container === container && one.image === image);
}
