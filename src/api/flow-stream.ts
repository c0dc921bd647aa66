// `GET /v1/flow`: the samples of the flow of requests as JSON lines, past and future, under the same rules as the events: a
// reader that does not keep up loses samples, and sees it by their ids.

import type { Backend } from "./backend.ts";
import type { StreamOpener } from "./line-stream.ts";

/** Room for all the samples that are kept. */
const MAX_WAITING_BYTES = 2_097_152;

/** The samples with an id above `since`: those that are kept and, if `goesOn`, each new one; if not, the one in the making. */
export function openFlowStream(
  backend: Pick<Backend, "flow" | "flowNow">,
  since: number,
  goesOn: boolean,
): StreamOpener {
  return {
    maxWaitingBytes: MAX_WAITING_BYTES,
    open(stream) {
      const stop = backend.flow(since, (sample) => void stream.send(sample));
      if (!goesOn) {
        // Whoever does not wait for the next full second gets what there is of it.
        stream.send(backend.flowNow());
        stream.end();
      }
      return { ended: stop };
    },
  };
}
