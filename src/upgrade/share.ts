// How many Pods at a time: a number, or a part of all.

/** Undefined where the text is neither. */
export function parseShare(text: string): ((pods: number) => number) | undefined {
  const match = /^([1-9]\d{0,5})(%?)$/.exec(text);
  if (!match) return undefined;
  const number = Number(match[1]);
  if (match[2] === "") return () => number;
  if (number > 100) return undefined;
  // Rounded down, as maxUnavailable is; but never none.
  return (pods) => Math.max(1, Math.floor((pods * number) / 100));
}
