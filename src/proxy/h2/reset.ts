// Breaking a stream off. Before it resets, node:http2 ends what is still to be written, so that the other side gets END_STREAM
// and may take a part for the whole.

import type { Http2Stream } from "node:http2";

/** Sends RST_STREAM with the code, and no end before it. */
export function resetStream(stream: Http2Stream, code: number): void {
  // This is what would send the end.
  stream._final = (callback) => callback();
  stream.close(code);
}
