// docs/checks.md has a section for each check, and no other; each tells the check's own title and reason.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CHECKS } from "../src/check/catalogue.ts";
import { docsOf } from "../src/check/finding.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../docs/checks.md"), "utf8");
const SECTIONS = new Map(
  PAGE.split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
);
/** Sections about checks in general are titled in words. */
const ids = [...SECTIONS.keys()].filter((heading) => /^[a-z0-9-]+$/.test(heading));

test("docs/checks.md and the catalogue list the same checks, in the same order", () => {
  expect(ids).toEqual(CHECKS.map(({ id }) => id));
});

test.each(CHECKS)(
  "the section of $id tells its title, its severity and its reason",
  ({ id, title, why, severity }) => {
    const section = SECTIONS.get(id);
    expect(section).toContain(`**${title}** ${severity === "error" ? "An error" : "A warning"}`);
    expect(section).toContain(why);
    // And how to mend it.
    expect(section?.slice(section.indexOf(why) + why.length).trim().length).toBeGreaterThan(20);
    expect(docsOf(id)).toBe(`docs/checks.md#${id}`);
  },
);
