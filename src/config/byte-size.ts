// Sizes carry a unit of bytes, in powers of 1,024 only: 64KiB.

import { type ValueKind, wrong } from "./value-kind.ts";

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 };

/** Bytes of "64KiB", "1MiB", "512B"; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9})(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  const bytes = UNITS[unit ?? ""];
  return bytes === undefined ? undefined : Number(amount) * bytes;
}

/** The largest unit that divides the size: 65536 is "64KiB". */
export function formatSize(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"]) {
    const size = UNITS[unit]!;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}

/** A size in bytes, from `least` to `most`. */
export function byteSize(least: number, most: number): ValueKind<number> {
  return {
    placeholder: "SIZE",
    parse(text) {
      const value = parseSize(text);
      if (value === undefined) return wrong(text, "a size with a unit such as 64KiB (B, KiB, MiB, GiB)");
      if (value < least || value > most)
        return wrong(text, `from ${formatSize(least)} to ${formatSize(most)}`);
      return { value };
    },
  };
}
