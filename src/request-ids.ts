// Ids of requests: 128 random bits as 32 hexadecimal digits. The bits are drawn for many at a time, since to ask for them costs
// more than all that is done with them.

import { randomFillSync } from "node:crypto";

const ID_BYTES = 16;
const IDS_AT_A_TIME = 256;

/** Returns a function that returns another id each time. */
export function createRequestIds(): () => string {
  const bits = Buffer.alloc(ID_BYTES * IDS_AT_A_TIME);
  let at = bits.length;
  return () => {
    if (at === bits.length) {
      randomFillSync(bits);
      at = 0;
    }
    at += ID_BYTES;
    return bits.toString("hex", at - ID_BYTES, at);
  };
}
