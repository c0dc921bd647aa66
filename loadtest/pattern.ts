// Bodies that both ends can compute: the bytes of request 17 are the same in the client and in the app, and differ
// from those of every neighbour, so that a body mixed up, cut or doubled shows without being kept.

import { createRandom } from "./random.ts";

export const MOST_BODY_BYTES = 1_048_576;

/** Returns the first `bytes` (0 to 1 MiB) of the body that belongs to `number`. The buffer is shared: do not write to it. */
export type Pattern = (number: number, bytes: number) => Buffer;

export function createPattern(): Pattern {
  const words = new Uint32Array((2 * MOST_BODY_BYTES) / 4);
  const random = createRandom(20_260_101);
  for (let index = 0; index < words.length; index++) words[index] = random() * 4_294_967_296;
  const pool = Buffer.from(words.buffer);
  return (number, bytes) => {
    const offset = (Math.imul(number + 1, 2_654_435_761) >>> 0) % MOST_BODY_BYTES;
    return pool.subarray(offset, offset + bytes);
  };
}
