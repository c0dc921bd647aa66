// `GET /v1/events`: the timeline as JSON lines, past and future. A reader that does not keep up loses events, and is told
// how many; it never makes sluice wait, nor keep more than a bounded number of bytes for it.

import type { Backend } from "./backend.ts";
import type { StreamOpener } from "./line-stream.ts";

/** Room for all the past events that a backend keeps. */
const MAX_WAITING_BYTES = 1_048_576;

/** The events with an id above `since`: those that are kept and, if `goesOn`, each new one. */
export function openEventStream(
  backend: Pick<Backend, "events">,
  since: number,
  goesOn: boolean,
): StreamOpener {
  return {
    maxWaitingBytes: MAX_WAITING_BYTES,
    open(stream) {
      let dropped = 0;
      let lastId = since;

      // Only when the reader has caught up: told in between, it would be told after every event.
      function tellDropped(): void {
        if (dropped === 0) return;
        const message = `${dropped} events were dropped, since this reader did not keep up`;
        if (stream.send({ type: "dropped", count: dropped, after: lastId, message })) dropped = 0;
      }

      const stop = backend.events(since, (event) => {
        const isSent = dropped === 0 && stream.send(event);
        if (isSent) lastId = event.id;
        else dropped++;
        return isSent;
      });
      if (!goesOn) stream.end();
      return { ended: stop, drained: tellDropped };
    },
  };
}
