// The account at the end: what the clients sent, what they got, and whether sluice counted the same.

import type { LoadCounts } from "./load.ts";
import type { Screen } from "./screen.ts";

export interface SluiceFigures {
  readonly accepted: number;
  readonly answered: number;
  readonly held: number;
  readonly replayed: number;
}

/** Shows the account. True if nothing failed and all figures agree. */
export function settle(screen: Screen, counts: LoadCounts, figures: SluiceFigures): boolean {
  const { gets, posts, answeredBy, failures } = counts;
  const sent = gets + posts;
  const number = (value: number) => value.toLocaleString("en").padStart(8);
  const row = (what: string, value: number, more = "") =>
    screen.plain(`  ${what.padEnd(34)}${number(value)}${more && `   ${more}`}`);

  row("requests sent", sent, `${gets.toLocaleString("en")} GET, ${posts.toLocaleString("en")} POST`);
  for (const [version, count] of [...answeredBy].sort()) row(`  answered by ${version}`, count);
  row("held (waited for an app to be there)", figures.held);
  row("replayed (sent again, app had died)", figures.replayed);
  row("failed", failures.length);
  for (const failure of failures.slice(0, 20)) screen.trouble(failure);
  if (failures.length > 20) screen.trouble(`and ${failures.length - 20} more`);
  screen.plain("");
  screen.plain(
    "Every answer was checked to be whole and to belong to its request; the clients never tried again.",
  );
  screen.plain(
    "Each POST carried an Idempotency-Key. Without one, a POST of which the killed app may have read",
  );
  screen.plain(
    "a byte is answered 502: nobody can know whether it was carried out, and sluice never guesses.",
  );
  screen.plain("");

  const answered = [...answeredBy.values()].reduce((sum, count) => sum + count, 0);
  const agree =
    figures.accepted === sent && figures.answered === answered && sent === answered + failures.length;
  if (!agree) {
    const { accepted } = figures;
    screen.trouble(
      `The accounts disagree: sent ${sent}, answered ${answered}; sluice accepted ${accepted}, answered ${figures.answered}.`,
    );
  }
  return agree && failures.length === 0 && sent > 0;
}
