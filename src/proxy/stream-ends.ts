// The end of long-lived answers, in order and in time.

/** How long the ends of long-lived answers may take to be flushed, ms. */
const STREAM_END_MS = 1000;

/** Ends the long-lived answers among them; resolves when all are flushed, or have had their time. `end`: undefined where there is none. */
export async function endStreamsOf<T>(
  all: Iterable<T>,
  end: (one: T) => Promise<void> | undefined,
): Promise<void> {
  const ends: Promise<void>[] = [];
  for (const one of all) {
    const ended = end(one);
    if (ended) ends.push(ended);
  }
  if (ends.length === 0) return;
  const timeUp = Promise.withResolvers<void>();
  const timer = setTimeout(timeUp.resolve, STREAM_END_MS);
  await Promise.race([Promise.all(ends), timeUp.promise]);
  clearTimeout(timer);
}
