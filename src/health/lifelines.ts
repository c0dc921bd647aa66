// The registry of open lifelines: which stream speaks for which generation. The server that holds the connections says
// when one has ended; here it is decided only whether that stream still spoke for its generation.

import type { Lifeline, LifelineStream } from "../api/backend.ts";
import type { LifelineLine } from "./facts.ts";

export interface LifelinesParts {
  /** The lifeline of a living generation has ended. Called synchronously, once for each generation that was not ended by us. */
  readonly onLost: (generation: number) => void;
  /** Between two pings, ms. */
  readonly pingEveryMs?: number;
}

export interface Lifelines {
  /** The stream speaks for the generation from now on; an earlier one of the same generation (a resumed instance) is ended, and its loss is no loss. */
  attach(generation: number, stream: LifelineStream): Lifeline;
  /** Writes one line. False if the generation has no lifeline or its peer does not read; in the latter case the stream is ended. */
  tell(generation: number, line: LifelineLine): boolean;
  /** Ends the lifeline from our side, e.g. after `superseded`; `onLost` is not called. False if there was none. */
  end(generation: number): boolean;
  /** Ends all, as `end` does. */
  closeAll(): void;
  /** Lifelines open now. */
  readonly size: number;
}

const PING_EVERY_MS = 15_000;

export function createLifelines({ onLost, pingEveryMs = PING_EVERY_MS }: LifelinesParts): Lifelines {
  const streams = new Map<number, LifelineStream>();
  // One timer for all of them, and none while there are none.
  let pings: NodeJS.Timeout | undefined;

  function remove(generation: number): void {
    streams.delete(generation);
    if (streams.size > 0) return;
    clearInterval(pings);
    pings = undefined;
  }

  function tell(generation: number, line: LifelineLine): boolean {
    const stream = streams.get(generation);
    if (!stream) return false;
    if (stream.send(line)) return true;
    // The loss is reported when the connection has ended: the app may be alive, and its requests go on until then.
    stream.end();
    return false;
  }

  function end(generation: number): boolean {
    const stream = streams.get(generation);
    if (!stream) return false;
    remove(generation);
    stream.end();
    return true;
  }

  return {
    attach(generation, stream) {
      const earlier = streams.get(generation);
      streams.set(generation, stream);
      earlier?.end();
      pings ??= setInterval(() => {
        for (const open of [...streams.keys()]) tell(open, { type: "ping" });
      }, pingEveryMs).unref();
      return {
        lost() {
          if (streams.get(generation) !== stream) return;
          remove(generation);
          onLost(generation);
        },
      };
    },
    tell,
    end,
    closeAll() {
      for (const generation of [...streams.keys()]) end(generation);
    },
    get size() {
      return streams.size;
    },
  };
}
