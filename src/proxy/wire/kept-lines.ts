// A head on its way out: the ranges between the field lines that are left out, as they came.

import { CONTENT_LENGTH, TRANSFER_ENCODING } from "./field-kinds.ts";
import type { FieldLines } from "./field-lines.ts";

/** A bit for each of these kinds. */
export function kindsOf(...kinds: readonly number[]): number {
  let mask = 0;
  for (const kind of kinds) mask |= 1 << kind;
  return mask;
}

/** What stands from `from` to the end of the field lines (before the empty line), without the lines of the kinds in `dropped`. */
export function keptLines(
  bytes: Buffer,
  from: number,
  end: number,
  lines: FieldLines,
  dropped: number,
): string {
  const fieldsEnd = end - 2;
  if ((lines.seen & dropped) === 0) return bytes.toString("latin1", from, fieldsEnd);
  let out = "";
  let keptFrom = from;
  for (let line = 0; line < lines.count; line++) {
    if (((1 << lines.kind[line]!) & dropped) === 0) continue;
    const at = lines.nameAt[line]!;
    if (keptFrom < at) out += bytes.toString("latin1", keptFrom, at);
    keptFrom = lines.lineEnd[line]!;
  }
  return keptFrom < fieldsEnd ? out + bytes.toString("latin1", keptFrom, fieldsEnd) : out;
}

const LENGTH = kindsOf(CONTENT_LENGTH);
const CODING = kindsOf(TRANSFER_ENCODING);

/**
 * The framing lines that are left out because they do not have the form in which everybody reads them alike (odd spaces, capitals), as a mask
 * for `keptLines`; who leaves them out says the same anew.
 */
export function oddFraming(bytes: Buffer, lines: FieldLines): number {
  let odd = 0;
  if (lines.has(CONTENT_LENGTH) && !lines.isPlain(bytes, lines.lineOf[CONTENT_LENGTH]!)) odd |= LENGTH;
  if (lines.has(TRANSFER_ENCODING) && !isPlainChunked(bytes, lines)) odd |= CODING;
  return odd;
}

/** In another case it means the same, but not to every app. */
function isPlainChunked(bytes: Buffer, lines: FieldLines): boolean {
  return (
    lines.isPlain(bytes, lines.lineOf[TRANSFER_ENCODING]!) &&
    lines.text(bytes, TRANSFER_ENCODING) === "chunked"
  );
}

/** Field lines from [name, value, ...]. */
export function linesOf(fields: readonly string[]): string {
  let out = "";
  for (let i = 0; i + 1 < fields.length; i += 2) out += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return out;
}
