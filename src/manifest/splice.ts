// Changes of a text, made all at once; the text around them stays as it is, byte by byte.

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Where two begin at one place, the insertion comes first. They must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const inOrder = splices.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let result = "";
  let at = 0;
  for (const { start, end, text: inserted } of inOrder) {
    if (start < at) throw new Error("changes of a text overlap");
    result += text.slice(at, start) + inserted.replaceAll("\n", eol);
    at = end;
  }
  return result + text.slice(at);
}

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

export function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}

/** Whether nothing but blanks stands before it in its line. */
export function beginsLine(text: string, at: number): boolean {
  return text.slice(lineStart(text, at), at).trim() === "";
}

/** The beginning of the next line; the end of the text if there is none. */
function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

/** Behind the line of `at` and the comments below it that stand further in than `column`. */
export function endWithComments(text: string, at: number, column: number): number {
  let end = at > 0 && text[at - 1] === "\n" ? at : nextLine(text, at);
  const comment = /(?:[ \t]*\r?\n)*([ \t]*)#[^\n]*(?:\n|$)/y;
  for (;;) {
    comment.lastIndex = end;
    const found = comment.exec(text);
    if (!found || found[1]!.length <= column) return end;
    end = comment.lastIndex;
  }
}

/** Before the comment lines right above the line of `at`. */
export function startWithComments(text: string, at: number): number {
  let start = lineStart(text, at);
  while (start > 0) {
    const above = lineStart(text, start - 1);
    if (!/^[ \t]*#/.test(text.slice(above, start))) break;
    start = above;
  }
  return start;
}

export function indented(text: string, column: number): string {
  const blanks = " ".repeat(column);
  return text
    .split("\n")
    .map((line) => (line === "" ? line : blanks + line))
    .join("\n");
}
