// The first of the two steps in which a connection is wound down (RFC 9113 6.8): GOAWAY with the highest stream id, so that
// requests that are on their way still count. node:http2 has no call for it: after its own `goaway` nghttp2 drops every new
// stream without a word, whatever id was named. So the frame is written to the socket itself. nghttp2 hands over whole
// frames with each write, and the kernel's queue keeps their order, so it can only come between two of them.

const TYPE_GOAWAY = 7;
const HIGHEST_STREAM_ID = 0x7fff_ffff;
const HEADER_BYTES = 9;
const PAYLOAD_BYTES = 8;

/** The frame: NO_ERROR, and every stream will be looked at. */
export function goawayNotice(): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
  frame.writeUIntBE(PAYLOAD_BYTES, 0, 3);
  frame.writeUInt8(TYPE_GOAWAY, 3);
  frame.writeUInt32BE(HIGHEST_STREAM_ID, HEADER_BYTES);
  return frame;
}
