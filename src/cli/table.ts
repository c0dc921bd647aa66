// A table in plain text: columns as wide as their widest cell, two blanks between them.

export interface Cell {
  readonly text: string;
  /** Adds colour; the width is that of the text without it. */
  readonly paint?: ((text: string) => string) | undefined;
}

export function formatTable(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const all = [heads.map((text): Cell => ({ text })), ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]?.text.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map(({ text, paint }, column) => {
        const padding = column === heads.length - 1 ? "" : " ".repeat(widths[column]! - text.length);
        return `${paint ? paint(text) : text}${padding}`;
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}
