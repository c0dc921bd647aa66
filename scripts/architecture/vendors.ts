// Each vendor enters through one file, and its types do not travel.

import { importsOf, packageOf } from "./imports.ts";
import { isTest, isTypeScript, type Rule } from "./source.ts";

/** Folders of their own: what one of them uses does not count for the other. */
const REALMS = ["src/", "loadtest/", "bench/", "demo/"];

/** A door beside the first one, each with its reason. */
const SECOND_DOORS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "src/manifest/yaml-source.ts": {
    yaml: "edits manifests in the command line; src/config/yaml-file.ts reads options in the sidecar, whose bundle stays without this",
  },
};

export const eachVendorEntersThroughOneFile: Rule = (sources) =>
  REALMS.flatMap((realm) => {
    const entries = new Map<string, Set<string>>();
    for (const source of sources) {
      if (!source.path.startsWith(realm) || !isTypeScript(source) || isTest(source)) continue;
      for (const one of importsOf(source)) {
        const vendor = packageOf(one);
        if (vendor === undefined || SECOND_DOORS[source.path]?.[vendor]) continue;
        entries.set(vendor, (entries.get(vendor) ?? new Set()).add(source.path));
      }
    }
    return [...entries].flatMap(([vendor, paths]) => {
      if (paths.size === 1) return [];
      return [...paths].map((path) => ({
        path,
        rule: "vendor",
        detail: `${vendor} enters through ${paths.size} files; one introduces it, and exports what is ours`,
      }));
    });
  });
