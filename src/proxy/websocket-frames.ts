// Frame boundaries of one direction of a WebSocket (RFC 6455 5.2). The payload passes by uncopied and unread: what is
// looked at are the 2 to 14 bytes of each frame's header, however the stream is cut into chunks.

export interface FrameTracker {
  /** Takes the next chunk of the stream, which goes on to the peer whole. */
  pass(chunk: Uint8Array): void;
  /**
   * How many bytes of the coming `chunk` belong to the frame that is under way: after them a frame of ours may be put in. 0: at a
   * boundary already. Undefined: the frame goes on beyond the chunk, or the stream cannot be followed. Changes nothing.
   */
  boundaryIn(chunk: Uint8Array): number | undefined;
  /** Exactly between two frames, of a stream that can be followed: a control frame may be put in here (5.4, 5.5). */
  readonly atBoundary: boolean;
  /** Between the fragments of a message: control frames may come here, data frames of another message may not. */
  readonly inMessage: boolean;
  /** The head of a close frame has passed: nothing may follow that frame (5.5.1). */
  readonly closeSeen: boolean;
  /** Why the stream cannot be followed (a breach of RFC 6455); from then on it is only passed through. */
  readonly broken: string | undefined;
}

const OPCODE_CONTINUATION = 0x0;
const OPCODE_CLOSE = 0x8;

interface State {
  /** Bytes of the header that have come: the first two, then the extended length. The masking key only counts. */
  headerSeen: number;
  first: number;
  second: number;
  length: number;
  /** Bytes of masking key and payload still to pass. */
  left: number;
  inMessage: boolean;
  closeSeen: boolean;
  broken: string | undefined;
}

/** `masked`: whether this direction's frames must be masked, which is so from client to server only (5.1). */
export function createFrameTracker(masked: boolean): FrameTracker {
  const state: State = {
    headerSeen: 0,
    first: 0,
    second: 0,
    length: 0,
    left: 0,
    inMessage: false,
    closeSeen: false,
    broken: undefined,
  };

  return {
    pass(chunk) {
      let at = 0;
      while (at < chunk.length && state.broken === undefined) at = step(state, masked, chunk, at);
    },
    boundaryIn(chunk) {
      if (isBoundary(state)) return 0;
      const ahead = { ...state };
      for (let at = 0; at < chunk.length && ahead.broken === undefined; ) {
        at = step(ahead, masked, chunk, at);
        if (isBoundary(ahead)) return at;
      }
      return undefined;
    },
    get atBoundary() {
      return isBoundary(state);
    },
    get inMessage() {
      return state.inMessage;
    },
    get closeSeen() {
      return state.closeSeen;
    },
    get broken() {
      return state.broken;
    },
  };
}

function isBoundary(state: State): boolean {
  return state.headerSeen === 0 && state.left === 0 && state.broken === undefined;
}

/** Takes one byte of a header, or all that the chunk has of a payload. Returns the offset of what comes next. */
function step(state: State, masked: boolean, chunk: Uint8Array, at: number): number {
  if (state.left > 0) {
    const taken = Math.min(state.left, chunk.length - at);
    state.left -= taken;
    return at + taken;
  }
  const byte = chunk[at]!;
  state.headerSeen++;
  if (state.headerSeen === 1) state.first = byte;
  else if (state.headerSeen === 2) {
    state.second = byte;
    state.length = (byte & 0x7f) < 126 ? byte & 0x7f : 0;
    state.broken = breach(state, masked);
  } else state.length = state.length * 256 + byte;

  if (state.headerSeen >= 2 && state.headerSeen === 2 + extendedBytes(state.second)) endHeader(state, masked);
  return at + 1;
}

function extendedBytes(second: number): number {
  const length = second & 0x7f;
  if (length === 126) return 2;
  return length === 127 ? 8 : 0;
}

function endHeader(state: State, masked: boolean): void {
  state.headerSeen = 0;
  if (!Number.isSafeInteger(state.length)) state.broken = "a frame's length is beyond all measure";
  if (state.broken !== undefined) return;
  state.left = state.length + (masked ? 4 : 0);
  const opcode = state.first & 0x0f;
  if (opcode === OPCODE_CLOSE) state.closeSeen = true;
  if (opcode < 0x8) state.inMessage = (state.first & 0x80) === 0;
}

/** What in a header's first two bytes breaks the protocol. Reserved bits belong to extensions (5.2) and say nothing. */
function breach(state: State, masked: boolean): string | undefined {
  const isLast = (state.first & 0x80) !== 0;
  const opcode = state.first & 0x0f;
  if (state.closeSeen) return "a frame follows the close frame";
  if (((state.second & 0x80) !== 0) !== masked)
    return masked ? "a client's frame is not masked" : "a server's frame is masked";
  if ((opcode > 0x2 && opcode < 0x8) || opcode > 0xa) return "a frame has a reserved opcode";
  if (opcode >= 0x8) {
    if (!isLast) return "a control frame is fragmented";
    return (state.second & 0x7f) > 125 ? "a control frame is longer than 125 bytes" : undefined;
  }
  if (opcode === OPCODE_CONTINUATION) return state.inMessage ? undefined : "a continuation continues nothing";
  return state.inMessage ? "a message begins within another" : undefined;
}

/**
 * A close frame (5.5.1): status code, then the reason in UTF-8, at most 123 bytes (else RangeError). `mask`: the four bytes of
 * the masking key, for a frame to the app, drawn at random (5.3); without it the frame is for the client.
 */
export function closeFrame(code: number, reason: string, mask?: Uint8Array): Buffer {
  const text = Buffer.from(reason, "utf8");
  if (!Number.isInteger(code) || code < 1000 || code > 4999)
    throw new RangeError(`not a close code: ${code}`);
  if (text.length > 123) throw new RangeError("a close frame's reason is at most 123 bytes");
  if (mask && mask.length !== 4) throw new RangeError("a masking key is 4 bytes");

  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  if (!mask) return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
  for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i % 4]!;
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), mask, payload]);
}
