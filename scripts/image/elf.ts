// What an ELF file says of itself: for which machine it is, who loads it, and which libraries it needs. Enough of the format
// for that, and no more: 64 bits, little-endian, which amd64 and arm64 are.

export type Architecture = "amd64" | "arm64";

export interface Elf {
  readonly architecture: Architecture;
  /** Path of the loader; libraries have none. */
  readonly interpreter: string | undefined;
  /** Names of libraries (DT_NEEDED), not paths. */
  readonly needed: readonly string[];
}

const MACHINES: Readonly<Record<number, Architecture>> = { 62: "amd64", 183: "arm64" };
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Whether the bytes begin as an ELF file does. */
export function isElf(bytes: Buffer): boolean {
  return bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46;
}

/** Throws for what is not ELF of one of the two machines. */
export function readElf(bytes: Buffer): Elf {
  const architecture = isElf(bytes) ? MACHINES[bytes.readUInt16LE(18)] : undefined;
  if (architecture === undefined || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error("not an ELF file for amd64 or arm64");
  }
  const segments = segmentsOf(bytes);
  const interp = segments.find(({ type }) => type === PT_INTERP);
  return {
    architecture,
    interpreter: interp && textAt(bytes, interp.offset),
    needed: neededOf(bytes, segments),
  };
}

function segmentsOf(bytes: Buffer): readonly Segment[] {
  const start = number(bytes, 32);
  const size = bytes.readUInt16LE(54);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.readUInt32LE(at),
      offset: number(bytes, at + 8),
      address: number(bytes, at + 16),
      size: number(bytes, at + 32),
    };
  });
}

function neededOf(bytes: Buffer, segments: readonly Segment[]): readonly string[] {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) return [];
  const names: number[] = [];
  let table = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const tag = number(bytes, at);
    if (tag === DT_NEEDED) names.push(number(bytes, at + 8));
    if (tag === DT_STRTAB) table = number(bytes, at + 8);
  }
  const home = segments.find(
    ({ type, address, size }) => type === PT_LOAD && table >= address && table < address + size,
  );
  if (!home) throw new Error("an ELF file without its table of strings");
  return names.map((name) => textAt(bytes, home.offset + table - home.address + name));
}

function number(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, bytes.indexOf(0, at));
}
