// "Did you mean": the known word nearest to an unknown one.

/** Edits (insert, delete, replace, swap two neighbours) that turn one word into the other. */
function distance(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) cost = Math.min(cost, before[column - 2]! + 1);
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return above[right.length]!;
}

/** The nearest of `known`, if it is near enough to be a slip of the hand (a third of the word, at least one edit). */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(word, candidate);
    if (edits >= least) continue;
    least = edits;
    best = candidate;
  }
  return best;
}

/** What was expected in the place of a flag that does not exist. */
export function flagInstead(word: string, known: readonly string[]): string {
  const guess = nearest(word.replace(/=.*/s, "").replace(/^-+/, ""), known);
  return guess ? `a flag that exists; did you mean --${guess}?` : "a flag that exists (--help lists them)";
}
