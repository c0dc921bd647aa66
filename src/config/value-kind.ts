// A kind of value: how one option's text is read, and what to tell someone whose text is not that. Kinds are pure;
// where a text came from (flag, variable, file) is none of their business.

export interface Wrong {
  /** The part of the text that is wrong: one element of a list, or the whole. */
  readonly given: string;
  /** Completes the sentence "expected ...". */
  readonly expected: string;
}

export type Parsed<T> = { readonly value: T } | { readonly wrong: readonly Wrong[] };

export interface ValueKind<T> {
  /** Stands for the value in --help, e.g. DURATION. */
  readonly placeholder: string;
  /** True where the bare flag, without a value, means "true". */
  readonly bare?: boolean;
  /** True where a YAML list or mapping may be written instead of the comma-separated text. */
  readonly list?: boolean;
  parse(text: string): Parsed<T>;
}

export function wrong(given: string, expected: string): { readonly wrong: readonly Wrong[] } {
  return { wrong: [{ given, expected }] };
}

/** Exactly one of the words. */
export function oneOf<const W extends string>(...words: readonly W[]): ValueKind<W> {
  return {
    placeholder: words.join("|"),
    parse(text) {
      const value = words.find((word) => word === text);
      return value === undefined ? wrong(text, `one of ${words.join(", ")}`) : { value };
    },
  };
}

/** `true` or `false`; the bare flag is `true`. */
export const switchKind: ValueKind<boolean> = {
  placeholder: "true|false",
  bare: true,
  parse(text) {
    if (text === "true") return { value: true };
    if (text === "false") return { value: false };
    return wrong(text, "true or false");
  },
};

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): ValueKind<number> {
  return {
    placeholder: "NUMBER",
    parse(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most
        ? { value }
        : wrong(text, `a whole number from ${least} to ${most}`);
    },
  };
}

/** Any text that `pattern` matches; `expected` says what that is. */
export function matching(placeholder: string, pattern: RegExp, expected: string): ValueKind<string> {
  return {
    placeholder,
    parse: (text) => (pattern.test(text) ? { value: text } : wrong(text, expected)),
  };
}

/** Elements of one kind, separated by commas; the empty text is the empty list. Every wrong element is reported. */
export function listOf<T>(
  element: ValueKind<T>,
  placeholder = `${element.placeholder},...`,
): ValueKind<readonly T[]> {
  return {
    placeholder,
    list: true,
    parse(text) {
      if (text.trim() === "") return { value: [] };
      const parsed = text.split(",").map((part) => element.parse(part.trim()));
      const wrongs = parsed.flatMap((one) => ("wrong" in one ? one.wrong : []));
      if (wrongs.length > 0) return { wrong: wrongs };
      return { value: parsed.flatMap((one) => ("value" in one ? [one.value] : [])) };
    },
  };
}
