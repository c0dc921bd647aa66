// The rules of the house, checked over the whole repository: `node scripts/check-architecture.ts`. Each line names a
// file, the rule that it breaks, and how. test/architecture.test.ts runs the same, and shows that each rule bites.

import { join } from "node:path";
import {
  filesBearANoun,
  filesStaySmall,
  noBarrels,
  nothingIsUnfinished,
  relativeImportsNameTheFile,
} from "./architecture/form.ts";
import { noPlaceOfOneMachine } from "./architecture/places.ts";
import { onlyProgramsTouchTheProcess } from "./architecture/process-access.ts";
import {
  leavesImportNothing,
  productStandsAlone,
  roomsMeetOnlyInTheWiring,
  sidecarStaysLight,
} from "./architecture/rooms.ts";
import { type Rule, readSources, type Source, type Violation } from "./architecture/source.ts";
import { eachVendorEntersThroughOneFile } from "./architecture/vendors.ts";

const RULES: readonly Rule[] = [
  roomsMeetOnlyInTheWiring,
  leavesImportNothing,
  productStandsAlone,
  sidecarStaysLight,
  eachVendorEntersThroughOneFile,
  onlyProgramsTouchTheProcess,
  filesBearANoun,
  filesStaySmall(),
  noBarrels,
  relativeImportsNameTheFile,
  nothingIsUnfinished,
  noPlaceOfOneMachine,
];

/** Everything in `sources` that breaks a rule of the house. */
export function checkArchitecture(sources: readonly Source[]): Violation[] {
  return RULES.flatMap((rule) => rule(sources));
}

if (import.meta.main) {
  const sources = readSources(join(import.meta.dirname, ".."));
  const violations = checkArchitecture(sources);
  for (const { path, rule, detail } of violations) console.error(`${path}: ${rule}: ${detail}`);
  console.log(
    `architecture: ${sources.length} files, ${RULES.length} rules, ${violations.length} violations`,
  );
  if (violations.length > 0) process.exitCode = 1;
}
