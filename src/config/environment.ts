// Environment variables: SLUICE_DRAIN_DELAY is --drain-delay. A SLUICE_ variable that is no option is an error, since a
// misspelt one would otherwise be ignored in silence; the variables that others set in a Pod are let through.

import type { Given, Source } from "./given.ts";
import { nearest } from "./nearest.ts";
import { OPTION_KEYS, variableOf } from "./options.ts";
import type { Problem } from "./problem.ts";

/** What apps are told; harmless here. (SLUICE_CONTROL is the option.) */
const OF_APPS = new Set(["SLUICE_SLOT"]);

/** Kubernetes and Docker links set these for each Service whose name begins with "sluice". */
const OF_SERVICES =
  /^SLUICE_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Source {
  const keyOf = new Map(OPTION_KEYS.map((key) => [variableOf(key), key]));
  const given: Given[] = [];
  const problems: Problem[] = [];

  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("SLUICE_") || text === undefined) continue;
    const key = keyOf.get(name);
    const origin = { from: "environment", name } as const;
    if (key) {
      given.push({ key, text, origin });
    } else if (!OF_APPS.has(name) && !OF_SERVICES.test(name)) {
      const guess = nearest(name, [...keyOf.keys()]);
      const instead = guess ? `; did you mean ${guess}?` : "";
      problems.push({ origin, key: name, given: undefined, expected: `a variable of sluice${instead}` });
    }
  }
  return { given, problems };
}
