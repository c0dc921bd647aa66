// All attacks on the request side, by form.

import type { Attack, Chapter } from "../attack.ts";
import { CHUNK_SIZES, CHUNKS, TE_TE } from "./codings.ts";
import { FLOODS } from "./floods.ts";
import { CL_TE, LENGTHS, ZERO_CL } from "./lengths.ts";
import { HOSTS, LINES, REQUEST_LINES } from "./lines.ts";

export const CHAPTERS: readonly Chapter[] = [
  CL_TE,
  TE_TE,
  ZERO_CL,
  LENGTHS,
  CHUNK_SIZES,
  CHUNKS,
  LINES,
  REQUEST_LINES,
  HOSTS,
  FLOODS,
];

export function nameOf({ reference, what }: Attack): string {
  return `${reference}: ${what}`;
}
