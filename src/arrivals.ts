// Between the handshake's order and its effect: the stream that arrives is attached when the lifecycle accepts, so that
// `accepted` is its first line.

import type { Lifeline, LifelineStream } from "./api/backend.ts";
import { SluiceError } from "./errors.ts";
import type { Lifelines } from "./health/lifelines.ts";

export interface Arrivals {
  /** Runs the order; the stream becomes the lifeline of the generation that is accepted meanwhile. */
  arrive(stream: LifelineStream, order: () => void): Lifeline;
  accept(generation: number): void;
}

export function createArrivals(lifelines: () => Lifelines): Arrivals {
  let arriving: LifelineStream | undefined;
  let arrived: Lifeline | undefined;

  return {
    arrive(stream, order) {
      arriving = stream;
      arrived = undefined;
      try {
        order();
      } finally {
        arriving = undefined;
      }
      if (!arrived) throw new SluiceError("INTERNAL", "the handshake was dispatched, but not accepted");
      return arrived;
    },
    accept(generation) {
      if (arriving) arrived = lifelines().attach(generation, arriving);
    },
  };
}
