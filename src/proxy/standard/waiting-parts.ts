// What waits of a body in node's own stream until somebody takes it. node keeps every part apart, which costs some hundred bytes beside its
// own, and bounds only the bytes; the client chooses how small its parts are.

import type { Readable } from "node:stream";

/** So much of small parts is joined into one, bytes. */
const JOINED_BYTES = 4096;

/** Joins small parts that come to the stream while it does not flow. For one that is taken by its "data" events only; before anything has come. */
export function joinWaitingParts(source: Readable): void {
  const push = source.push.bind(source);
  let joined: Buffer | undefined;
  let bytes = 0;

  function handOver(): void {
    if (joined && bytes > 0) push(joined.subarray(0, bytes));
    joined = undefined;
    bytes = 0;
  }

  source.push = (part: Buffer | null): boolean => {
    const isTaken = part !== null && bytes === 0 && source.readableFlowing === true;
    if (isTaken || part === null || bytes + part.length > JOINED_BYTES) handOver();
    if (isTaken || part === null || part.length > JOINED_BYTES) return push(part);
    joined ??= Buffer.allocUnsafeSlow(JOINED_BYTES);
    bytes += part.copy(joined, bytes);
    return source.readableLength + bytes < source.readableHighWaterMark;
  };
  source.on("resume", handOver);
}
