// Writes the table of all options into docs/configuration.md, between its markers.

import { readFileSync, writeFileSync } from "node:fs";
import { optionsTable } from "../src/config/options-help.ts";

const file = new URL("../docs/configuration.md", import.meta.url);
const text = readFileSync(file, "utf8");
const written = text.replace(
  /(<!-- options:begin[^\n]*-->\n)[\s\S]*(<!-- options:end -->)/,
  (_, begin, end) => `${begin}${optionsTable()}\n${end}`,
);
if (!written.includes(optionsTable())) throw new Error("docs/configuration.md has lost its markers");
writeFileSync(file, written);
