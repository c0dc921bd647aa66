// The options as people read them: in --help, and as the table of docs/configuration.md.

import { flagOf, GROUPS, OPTION_KEYS, optionOf, variableOf } from "./options.ts";

/** Every option with its meaning and default, by group, for a terminal of `columns` columns. */
export function optionsHelp(columns = 100): string {
  const sections = GROUPS.map((group) => {
    const keys = OPTION_KEYS.filter((key) => optionOf(key).group === group);
    const entries = keys.map((key) => {
      const { kind, meaning, default: text } = optionOf(key);
      const head = `  ${flagOf(key)}${kind.bare ? "" : ` ${kind.placeholder}`}`;
      const standard = text === undefined || text === "" ? "" : ` Default: ${text}.`;
      return `${head}\n${wrap(meaning.replaceAll("`", "") + standard, 6, columns)}`;
    });
    return `${group}:\n${entries.join("\n")}`;
  });
  return `${sections.join("\n\n")}\n`;
}

/** A Markdown table of every option: flag, variable, key of the file, default, meaning. */
export function optionsTable(): string {
  const escapeBars = (text: string) => text.replaceAll("|", "\\|");
  const rows = OPTION_KEYS.map((key) => {
    const { kind, meaning, default: text } = optionOf(key);
    const standard = text === undefined ? "unset" : text === "" ? "none" : `\`${text}\``;
    const flag = `\`${flagOf(key)}${kind.bare ? "" : ` ${kind.placeholder}`}\``;
    const name = key === "config" ? "(not in the file)" : `\`${key}\``;
    return `| ${escapeBars(flag)} | \`${variableOf(key)}\` | ${name} | ${escapeBars(standard)} | ${escapeBars(meaning)} |`;
  });
  return ["| option | environment | key | default | meaning |", "|---|---|---|---|---|", ...rows].join("\n");
}

function wrap(text: string, indent: number, columns: number): string {
  const margin = " ".repeat(indent);
  const lines: string[] = [];
  let line = margin;
  for (const word of text.split(" ")) {
    if (line !== margin && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = margin;
    }
    line += line === margin ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
