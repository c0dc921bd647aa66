import type { Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import { closeFrame, createFrameTracker } from "./websocket-frames.ts";

const KEY = Buffer.from([1, 2, 3, 4]);

interface Frame {
  readonly last: boolean;
  readonly opcode: number;
  readonly length: number;
}

/** One frame on the wire, with a payload of zeros. */
function encode({ last, opcode, length }: Frame, masked: boolean): Buffer {
  const first = (last ? 0x80 : 0) | opcode;
  const mask = masked ? 0x80 : 0;
  const size = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  size[0] = first;
  size[1] = mask | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (size.length === 4) size.writeUInt16BE(length, 2);
  else if (size.length === 10) size.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([size, ...(masked ? [KEY] : []), Buffer.alloc(length)]);
}

/** Messages of one to four fragments with control frames before and between them. */
const control = fc.record({
  last: fc.constant(true),
  opcode: fc.constantFrom(0x9, 0xa),
  length: fc.integer({ min: 0, max: 125 }),
});
const length = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 130 }) },
  { weight: 1, arbitrary: fc.constantFrom(125, 126, 127, 65_535, 65_536) },
);
const message = fc
  .record({
    opcode: fc.constantFrom(0x1, 0x2),
    lengths: fc.array(length, { minLength: 1, maxLength: 4 }),
    controls: fc.array(fc.array(control, { maxLength: 2 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ opcode, lengths, controls }): Frame[] =>
    lengths.flatMap((size, i) => [
      ...controls[i]!,
      { last: i === lengths.length - 1, opcode: i === 0 ? opcode : 0, length: size },
    ]),
  );
const stream = fc.array(message, { maxLength: 6, size: "max" }).map((messages) => messages.flat());

/** Where the stream is cut: in and around the headers of frames (all that a tracker looks at), and anywhere. */
interface Cuts {
  readonly nearFrames: readonly (readonly [frame: number, distance: number])[];
  readonly anywhere: readonly number[];
  /** Every byte of a header on its own. */
  readonly everyHeader: boolean;
}
const cuts: fc.Arbitrary<Cuts> = fc.record({
  nearFrames: fc.array(fc.tuple(fc.nat(), fc.integer({ min: -3, max: 16 })), { maxLength: 20, size: "max" }),
  anywhere: fc.array(fc.nat(), { maxLength: 10, size: "max" }),
  everyHeader: fc.boolean(),
});

function cut(wire: readonly Buffer[], { nearFrames, anywhere, everyHeader }: Cuts): Buffer[] {
  const bytes = Buffer.concat(wire);
  if (bytes.length === 0) return [];
  const begins: number[] = [];
  let offset = 0;
  for (const frame of wire) {
    begins.push(offset);
    offset += frame.length;
  }
  const wanted = [
    ...nearFrames.map(([frame, distance]) => begins[frame % begins.length]! + distance),
    ...anywhere.map((at) => at % bytes.length),
    ...(everyHeader ? begins.flatMap((begin) => Array.from({ length: 15 }, (_, i) => begin + i)) : []),
  ];
  const ends = [...new Set(wanted), bytes.length]
    .filter((at) => at > 0 && at <= bytes.length)
    .sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

/** What the type declarations of ws leave out. */
interface WsReceiver extends Writable {
  on(event: "conclude", listener: (code: number, reason: Buffer) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
}
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => WsReceiver };

describe("the tracker, for any frames and any cuts", () => {
  it("knows after every chunk whether it is between frames and within a message", () => {
    fc.assert(
      fc.property(stream, fc.boolean(), cuts, (frames, masked, where) => {
        const wire = frames.map((frame) => encode(frame, masked));
        // Offset of each boundary, and whether a message is unfinished there.
        const boundaries = new Map([[0, false]]);
        const starts = new Map<number, boolean>();
        let offset = 0;
        let unfinished = false;
        for (const [i, frame] of frames.entries()) {
          if (frame.opcode < 8) unfinished = !frame.last;
          // From the end of a frame's header its message counts.
          starts.set(offset + wire[i]!.length - frame.length - (masked ? 4 : 0), unfinished);
          offset += wire[i]!.length;
          boundaries.set(offset, unfinished);
        }
        const tracker = createFrameTracker(masked);
        let passed = 0;
        for (const chunk of cut(wire, where)) {
          const next = [...boundaries.keys()].find((at) => at >= passed)!;
          const expected = next - passed;
          expect(tracker.boundaryIn(chunk)).toBe(expected <= chunk.length ? expected : undefined);
          tracker.pass(chunk);
          passed += chunk.length;
          expect(tracker.broken).toBeUndefined();
          expect(tracker.atBoundary).toBe(boundaries.has(passed));
          const began = [...starts].filter(([at]) => at <= passed).at(-1);
          expect(tracker.inMessage).toBe(began?.[1] ?? false);
        }
        expect(tracker.closeSeen).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("finds a place where a close frame is understood by another implementation", async () => {
    await fc.assert(
      fc.asyncProperty(stream, cuts, fc.nat({ max: 50 }), async (frames, where, when) => {
        const tracker = createFrameTracker(false);
        const chunks = cut(
          frames.map((frame) => encode(frame, false)),
          where,
        );
        const out: Buffer[] = [];
        // Passes chunks until the end is wanted, then up to the next boundary, and closes there.
        for (const [i, chunk] of chunks.entries()) {
          const boundary = i >= when ? tracker.boundaryIn(chunk) : undefined;
          const part = boundary === undefined ? chunk : chunk.subarray(0, boundary);
          tracker.pass(part);
          out.push(part);
          if (boundary !== undefined) break;
        }
        expect(tracker.atBoundary).toBe(true);
        out.push(closeFrame(1012, "service restart"));

        const receiver = new Receiver({ isServer: false });
        const conclusion = new Promise((resolve, reject) => {
          receiver.on("conclude", (code, reason) => resolve([code, String(reason)]));
          receiver.on("error", reject);
        });
        receiver.write(Buffer.concat(out));
        expect(await conclusion).toEqual([1012, "service restart"]);
      }),
    );
  });

  it("passes any bytes at all without throwing, and once broken stays broken", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.boolean(), (chunks, masked) => {
        const tracker = createFrameTracker(masked);
        let broken: string | undefined;
        for (const chunk of chunks) {
          const copy = Uint8Array.from(chunk);
          tracker.boundaryIn(chunk);
          tracker.pass(chunk);
          expect(chunk).toEqual(copy);
          if (broken !== undefined) expect(tracker.broken).toBe(broken);
          broken = tracker.broken;
          if (broken === undefined) continue;
          expect(tracker.atBoundary).toBe(false);
          expect(tracker.boundaryIn(Buffer.from([0x81, 0x00]))).toBeUndefined();
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the tracker", () => {
  it("looks ahead without moving", () => {
    const tracker = createFrameTracker(false);
    const frame = encode({ last: true, opcode: 1, length: 10 }, false);
    tracker.pass(frame.subarray(0, 1));
    expect(tracker.boundaryIn(frame.subarray(1))).toBe(11);
    expect(tracker.boundaryIn(frame.subarray(1))).toBe(11);
    expect(tracker.atBoundary).toBe(false);
    tracker.pass(frame.subarray(1));
    expect(tracker.atBoundary).toBe(true);
  });

  it("remembers the close frame from the end of its header on", () => {
    const tracker = createFrameTracker(true);
    const close = closeFrame(1000, "bye", KEY);
    tracker.pass(close.subarray(0, 1));
    expect(tracker.closeSeen).toBe(false);
    tracker.pass(close.subarray(1, 2));
    expect([tracker.closeSeen, tracker.atBoundary]).toEqual([true, false]);
    tracker.pass(close.subarray(2));
    expect([tracker.closeSeen, tracker.atBoundary, tracker.broken]).toEqual([true, true, undefined]);
  });

  it("takes compressed frames as they are: the reserved bits belong to extensions", () => {
    const tracker = createFrameTracker(false);
    tracker.pass(Buffer.from([0xc1, 0x01, 0x00]));
    expect([tracker.atBoundary, tracker.broken]).toEqual([true, undefined]);
  });

  const huge = Buffer.concat([Buffer.from([0x82, 127, 0x00, 0x20]), Buffer.alloc(6)]);
  const breaches: readonly (readonly [name: string, masked: boolean, bytes: Buffer])[] = [
    ["a client's frame is not masked", true, Buffer.from([0x81, 0x00])],
    ["a server's frame is masked", false, Buffer.from([0x81, 0x80])],
    ["a frame has a reserved opcode", false, Buffer.from([0x83, 0x00])],
    ["a frame has a reserved opcode", false, Buffer.from([0x8b, 0x00])],
    ["a control frame is fragmented", false, Buffer.from([0x09, 0x00])],
    ["a control frame is longer than 125 bytes", false, Buffer.from([0x89, 0x7e])],
    ["a continuation continues nothing", false, Buffer.from([0x80, 0x00])],
    ["a message begins within another", false, Buffer.from([0x01, 0x00, 0x81, 0x00])],
    ["a frame follows the close frame", false, Buffer.from([0x88, 0x00, 0x89, 0x00])],
    ["a frame's length is beyond all measure", false, huge],
  ];
  for (const [name, masked, bytes] of breaches) {
    it(`gives up where ${name} (0x${bytes.toString("hex")})`, () => {
      const tracker = createFrameTracker(masked);
      for (const byte of bytes) tracker.pass(Uint8Array.of(byte));
      expect(tracker.broken).toBe(name);
    });
  }
});

describe("a close frame", () => {
  it("is what RFC 6455 5.5.1 says, to a client", () => {
    expect(closeFrame(1001, "bye")).toEqual(Buffer.from([0x88, 5, 0x03, 0xe9, 0x62, 0x79, 0x65]));
  });

  it("is masked to a server", () => {
    const frame = closeFrame(1012, "é", KEY);
    expect([...frame.subarray(0, 6)]).toEqual([0x88, 0x84, 1, 2, 3, 4]);
    const payload = frame.subarray(6).map((byte, i) => byte ^ KEY[i % 4]!);
    expect(Buffer.from(payload)).toEqual(Buffer.from([0x03, 0xf4, 0xc3, 0xa9]));
  });

  it("refuses what cannot be sent", () => {
    expect(closeFrame(1001, "x".repeat(123)).length).toBe(127);
    for (const [code, reason, mask] of [
      [999, "", undefined],
      [5000, "", undefined],
      [1001.5, "", undefined],
      [1001, "é".repeat(62), undefined],
      [1001, "", Buffer.alloc(3)],
    ] as const) {
      expect(() => closeFrame(code, reason, mask)).toThrow(RangeError);
    }
  });
});
