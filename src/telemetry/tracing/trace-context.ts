// W3C Trace Context: what `traceparent` says (section 3.2), and how sluice says it.

export interface TraceParent {
  /** 32 hexadecimal digits, not all of them 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all of them 0. */
  readonly parentId: string;
  readonly sampled: boolean;
  /** The trace id is random (level 2, section 3.2.2.5.2). */
  readonly random: boolean;
}

const VERSION_00_LENGTH = 55;
const PARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:$|-)/;
const SAMPLED = 1;
const RANDOM = 2;

/** Undefined for what is malformed: it is then as if there were none (section 4.3). Versions to come are read as far as 00 goes. */
export function parseTraceparent(value: string): TraceParent | undefined {
  const found = PARENT.exec(value);
  if (!found) return undefined;
  const [, version, traceId = "", parentId = "", flagsText = ""] = found;
  if (version === "ff" || (version === "00" && value.length !== VERSION_00_LENGTH)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  const flags = Number.parseInt(flagsText, 16);
  return { traceId, parentId, sampled: (flags & SAMPLED) !== 0, random: (flags & RANDOM) !== 0 };
}

/** The field's value for what follows the span, which is sampled. */
export function formatTraceparent(traceId: string, spanId: string, random: boolean): string {
  return `00-${traceId}-${spanId}-0${SAMPLED | (random ? RANDOM : 0)}`;
}
