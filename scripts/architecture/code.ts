// The code of a TypeScript text: comments, and what stands inside strings and regular expressions, turned into spaces,
// so that a rule about code finds code only. Lines and columns stay.

/** After these a slash begins a regular expression, not a division. */
const BEFORE_REGEX = /(^|[=(,:;[!&|?{}+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))$/;

export function codeOf(text: string): string {
  let code = "";
  let at = 0;

  const blank = (end: number): void => {
    code += text.slice(at, end).replace(/[^\n]/g, " ");
    at = end;
  };
  const keep = (): void => {
    code += text[at];
    at++;
  };
  const endOf = (needle: string, from: number): number => {
    const found = text.indexOf(needle, from);
    return found === -1 ? text.length : found;
  };

  /** A quoted part from `at`; quotes stay, the inside goes. */
  const quoted = (quote: string): void => {
    keep();
    let end = at;
    let inClass = false;
    while (end < text.length && text[end] !== "\n") {
      if (text[end] === "\\") end++;
      else if (quote === "/" && text[end] === "[") inClass = true;
      else if (quote === "/" && text[end] === "]") inClass = false;
      else if (text[end] === quote && !inClass) break;
      end++;
    }
    blank(Math.min(end, text.length));
    if (at < text.length) keep();
  };

  const template = (): void => {
    keep();
    while (at < text.length && text[at] !== "`") {
      if (text[at] === "\\") blank(at + 2);
      else if (text.startsWith("${", at)) {
        keep();
        keep();
        plain(true);
      } else blank(at + 1);
    }
    if (at < text.length) keep();
  };

  /** Code up to the end of the text, or of the `${}` that it stands in. */
  const plain = (inTemplate: boolean): void => {
    let depth = 0;
    while (at < text.length) {
      const here = text[at]!;
      if (text.startsWith("//", at)) blank(endOf("\n", at));
      else if (text.startsWith("/*", at)) blank(Math.min(endOf("*/", at + 2) + 2, text.length));
      else if (here === '"' || here === "'") quoted(here);
      else if (here === "`") template();
      else if (here === "/" && BEFORE_REGEX.test(code.slice(-40).trimEnd())) quoted("/");
      else {
        keep();
        if (here === "{") depth++;
        else if (here === "}" && depth-- === 0 && inTemplate) return;
      }
    }
  };

  plain(false);
  return code;
}
