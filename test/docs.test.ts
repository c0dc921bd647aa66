import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { TABLES, withTables } from "../scripts/docs-tables.ts";
import { CONTROL_ROUTES } from "../src/api/control.ts";
import { OPS_ROUTES } from "../src/api/ops.ts";
import { OPTION_KEYS, variableOf } from "../src/config/options.ts";
import { CATALOGUE } from "../src/errors.ts";
import { EVENT_TYPES } from "../src/telemetry/event-types.ts";
import { METRICS } from "../src/telemetry/metric-catalogue.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT }).sort();
const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");

test.each(Object.keys(TABLES))("the table of %s says what the code has", (name) => {
  const { page, render } = TABLES[name]!;
  expect(read(page), "run: node scripts/docs-tables.ts").toContain(render());
});

test("a table that has fallen behind is noticed", () => {
  const page = "a\n<!-- table: errors -->\n| `OLD` | 1 | x |\n<!-- end -->\nb\n";
  expect(withTables(page)).not.toContain("`OLD`");
  expect(withTables(page)).toContain("`HOLD_FULL`");
  expect(withTables(page)).toMatch(/^a\n[\s\S]*\nb\n$/);
  expect(() => withTables("<!-- table: nothing -->\n<!-- end -->")).toThrow("nothing");
});

test("docs/api.md lists exactly the endpoints that the servers have", () => {
  const braced = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");
  const real = [...OPS_ROUTES, ...CONTROL_ROUTES].map(([method, path]) => `${method} ${braced(path)}`);
  const text = braced(read("docs/api.md"));
  const told = [
    ...text.matchAll(
      /\b(GET|HEAD|PUT|POST|DELETE|PATCH) (\/(?:(?:livez|readyz|lb|metrics|prestop|v1)[\w/{}-]*|(?=\n)))/g,
    ),
  ];
  const listed = new Set(told.map(([, method, path]) => `${method} ${path}`));
  expect(
    [...listed].filter((one) => !real.includes(one)),
    "not real",
  ).toEqual([]);
  expect(
    real.filter((one) => !one.startsWith("HEAD ") && !listed.has(one)),
    "not listed",
  ).toEqual([]);
});

test.each(PAGES)("%s links to files and headings that exist", (page) => {
  const broken = [...read(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].filter(
    ([, file, heading]) => {
      const target = file ? join(ROOT, dirname(page), file) : join(ROOT, page);
      if (!existsSync(target)) return true;
      return heading !== undefined && !headingsOf(readFileSync(target, "utf8")).has(heading);
    },
  );
  expect(broken.map(([link]) => link)).toEqual([]);
});

test.each(PAGES)("%s names only metrics and variables that exist", (page) => {
  const text = read(page);
  const metrics = [...text.matchAll(/\bsluice_[a-z_]+[a-z]\b/g)].map(([name]) =>
    name.replace(/_(bucket|sum|count)$/, ""),
  );
  expect(metrics.filter((name) => !(name in METRICS))).toEqual([]);
  // The app's own two, and one that Kubernetes makes for a Service named sluice.
  const variables = new Set([
    "SLUICE_SLOT",
    "SLUICE_CONTROL",
    "SLUICE_SERVICE_HOST",
    // What the cluster tests read.
    "SLUICE_LONG",
    // Where the tests of the page leave their pictures.
    "SLUICE_TEST_PICTURES",
    "SLUICE_PACE",
    "SLUICE_ENGINES",
    ...OPTION_KEYS.map(variableOf),
  ]);
  expect(
    [...text.matchAll(/\bSLUICE_[A-Z_]+\b/g)].map(([name]) => name).filter((name) => !variables.has(name)),
  ).toEqual([]);
});

test.each([
  ["event", Object.keys(EVENT_TYPES)],
  ["error code", Object.keys(CATALOGUE)],
])("every %s of the catalogue is used somewhere", (_what, names) => {
  const files = globSync("src/**/*.ts", {
    cwd: ROOT,
    exclude: ["**/*.test.ts", "src/errors.ts", "src/telemetry/event-types.ts"],
  });
  const code = files
    .filter((file) => file !== "src/lifecycle/effects.ts")
    .map(read)
    .join("\n");
  expect(names.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
});

/** As GitHub makes anchors of headings. */
function headingsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}
