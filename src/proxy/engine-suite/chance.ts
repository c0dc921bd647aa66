// Choices that come out the same for the same seed.

export interface Chance {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** True in one of `n` cases. */
  oneIn(n: number): boolean;
  of<T>(choices: readonly T[]): T;
  /** `text` with some characters changed, dropped or put in. */
  bent(text: string): string;
  /** `text` in up to `most` parts. */
  cut(text: string, most: number): string[];
}

/** The generator is mulberry32. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  function below(bound: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }
  const ODD = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    "\xff",
    "\x80",
    "\xe9",
    "0",
    "9",
    "-",
    ";",
    ",",
    "\x7f",
  ];
  const chance: Chance = {
    below,
    oneIn: (n) => below(n) === 0,
    of: (choices) => choices[below(choices.length)]!,
    bent(text) {
      let out = text;
      for (let times = 1 + below(3); times > 0; times--) {
        const at = below(out.length + 1);
        out = out.slice(0, at) + (chance.oneIn(3) ? "" : chance.of(ODD)) + out.slice(at + below(3));
      }
      return out;
    },
    cut(text, most) {
      const parts: string[] = [];
      let rest = text;
      for (let left = below(most); left > 0 && rest.length > 1; left--) {
        const at = 1 + below(rest.length - 1);
        parts.push(rest.slice(0, at));
        rest = rest.slice(at);
      }
      return [...parts, rest];
    },
  };
  return chance;
}
