// A body that is kept in hand, in the parts in which it came. A part costs some hundred bytes beside its own, and the client chooses how
// small its parts are: they are joined before they are many.

/** So many parts are kept apart; another one joins them. */
const MOST_PARTS = 64;

/** The same bytes, in no more parts than that. */
export function fewParts(parts: Buffer[]): Buffer[] {
  return parts.length <= MOST_PARTS ? parts : [Buffer.concat(parts)];
}
