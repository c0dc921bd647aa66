// `sluice config`: the configuration that `run` would start with, and where each value came from.

import { readFile } from "node:fs/promises";
import { loadConfig } from "../config/load.ts";
import { OPTION_KEYS, optionOf } from "../config/options.ts";
import { optionsHelp } from "../config/options-help.ts";
import { describeOrigin, formatProblems } from "../config/problem.ts";
import type { Settings } from "../config/settled.ts";
import { choose } from "./arguments.ts";
import { DONE, USAGE } from "./exit-code.ts";
import type { Paint } from "./paint.ts";
import { formatTable } from "./table.ts";
import type { Verb } from "./verb.ts";

const MASK = "***";

export const config: Verb = {
  name: "config",
  usage: "[--output table|yaml|json] [options of run]",
  about: "Checks the configuration that `run` would start with, and shows each value and where it came from.",
  options: [["--output, -o FORMAT", "table (default), yaml (a file for --config), or json."]],
  examples: [
    ["config", "What the environment and the defaults give."],
    ["config --config sluice.yaml --grace 60s", "The same, for this file and flag."],
    ["config --drain-delay 10s -o yaml > sluice.yaml", "Writes a file."],
  ],
  more: ({ columns }) => optionsHelp(columns),
  async run(argv, terminal) {
    const { output, rest } = takeOutput(argv);
    const format = choose("--output", output, ["table", "yaml", "json"]);
    const loaded = await loadConfig({
      argv: rest,
      env: terminal.env,
      readFile: (path) => readFile(path, "utf8"),
    });
    if ("problems" in loaded) {
      terminal.err(formatProblems(loaded.problems));
      return USAGE;
    }
    terminal.out(FORMATS[format](loaded.settings, terminal.paint));
    return DONE;
  },
};

/** The verb's own option; everything else is run's. */
function takeOutput(argv: readonly string[]): { output: string | undefined; rest: readonly string[] } {
  const rest: string[] = [];
  let output: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!;
    if (word === "--output" || word === "-o") output = argv[++index] ?? "";
    else if (word.startsWith("--output=")) output = word.slice("--output=".length);
    else rest.push(word);
  }
  return { output, rest };
}

function shown(settings: Settings, key: (typeof OPTION_KEYS)[number]): string | undefined {
  const { text } = settings[key];
  return text !== undefined && optionOf(key).secret ? MASK : text;
}

const FORMATS: Readonly<Record<"table" | "yaml" | "json", (settings: Settings, paint: Paint) => string>> = {
  table(settings, paint) {
    const rows = OPTION_KEYS.map((key) => {
      const origin = settings[key].origin;
      const isDefault = origin.from === "default";
      return [
        { text: key },
        { text: shown(settings, key) ?? "(unset)", paint: isDefault ? paint.dim : paint.bold },
        { text: describeOrigin(origin), paint: isDefault ? paint.dim : undefined },
      ];
    });
    return formatTable(["OPTION", "VALUE", "FROM"], rows);
  },
  yaml(settings) {
    return OPTION_KEYS.map((key) => {
      const text = shown(settings, key);
      const origin = describeOrigin(settings[key].origin);
      if (key === "config" || text === undefined) return "";
      if (optionOf(key).secret) return `# ${key}: not shown (${origin})\n`;
      // Every JSON string is a YAML string.
      return `${key}: ${JSON.stringify(text)} # ${origin}\n`;
    }).join("");
  },
  json(settings) {
    const entries = OPTION_KEYS.map((key) => [
      key,
      { value: shown(settings, key) ?? null, from: settings[key].origin },
    ]);
    return `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`;
  },
};
