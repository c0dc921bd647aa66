// Nothing names a machine's folders or the host of a package registry: both work on one machine only.

import { namesWhatItForbids, type Rule } from "./source.ts";

const MACHINE_PATH = /(?<![\w.])\/(root|work|home\/[a-z]\w*|Users\/[A-Za-z]\w*)\//;
const REGISTRY =
  /registry\.npmjs|registry\.yarnpkg|npm\.pkg\.github|npmmirror|proxy\.golang|sum\.golang|pypi\.org|\/artifactory\/|verdaccio/i;

export const noPlaceOfOneMachine: Rule = (sources) =>
  sources
    .filter((source) => !namesWhatItForbids(source))
    .flatMap(({ path, text }) =>
      [MACHINE_PATH, REGISTRY].flatMap((place) => {
        const found = place.exec(text)?.[0];
        return found === undefined ? [] : [{ path, rule: "place", detail: `names ${found}` }];
      }),
    );
