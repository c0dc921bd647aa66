// Where the app's answer ends. node:http2 also ends what can be read from a stream that was reset, or whose connection was
// lost: whoever goes by that takes a part for the whole.

import type { ClientHttp2Stream } from "node:http2";

/** Returns whether END_STREAM has come. To be called before anything can have come on the stream. */
export function watchEnd(stream: ClientHttp2Stream): () => boolean {
  const push = stream.push.bind(stream);
  let hasCome = false;
  // The app's own end is put on the stream while it still stands; node closes it before it puts on one of its own.
  stream.push = (chunk, encoding) => {
    if (chunk === null && !stream.closed && !stream.destroyed) hasCome = true;
    return push(chunk, encoding);
  };
  return () => hasCome;
}
