/** The middle of the values; of an even number the lower one. Throws for none. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) throw new RangeError("no values");
  return middle;
}
