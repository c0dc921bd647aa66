// Ids of traces and spans. Randomness is fetched for many of them at once: a call of the system's generator costs more than all
// that is done with an id.

import type { Ids } from "./span.ts";

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
const POOL_BYTES = 4_096;
/** That it comes is as good as impossible; it would mean "none" (W3C Trace Context, sections 3.2.2.3 and 3.2.2.4). */
const NONE = /^0+$/;

/** `fill` fills the buffer with random bytes. */
export function createIds(fill: (pool: Buffer) => unknown): Ids {
  const pool = Buffer.alloc(POOL_BYTES);
  let at = POOL_BYTES;

  function hex(bytes: number): string {
    if (at + bytes > POOL_BYTES) {
      fill(pool);
      at = 0;
    }
    const text = pool.toString("hex", at, at + bytes);
    at += bytes;
    return NONE.test(text) ? hex(bytes) : text;
  }

  return { trace: () => hex(TRACE_BYTES), span: () => hex(SPAN_BYTES) };
}
