// Flags: `--drain-delay 5s`, `--drain-delay=5s`, and `--via` alone for what is true or false.

import { type Given, quote, type Source } from "./given.ts";
import { flagInstead } from "./nearest.ts";
import { isOptionKey, OPTION_KEYS, optionOf } from "./options.ts";
import type { Problem } from "./problem.ts";

export function readFlags(argv: readonly string[]): Source {
  const given = new Map<string, Given>();
  const problems: Problem[] = [];

  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!;
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const key = name.slice(2);
    const origin = { from: "flag", name } as const;

    if (!name.startsWith("--") || !isOptionKey(key)) {
      problems.push({ origin, key: name, given: undefined, expected: whatInstead(word, argv[index - 1]) });
      // The value of a flag that does not exist is no problem of its own.
      if (name.startsWith("--") && equals < 0 && argv[index + 1]?.startsWith("-") === false) index++;
      continue;
    }
    let text = equals < 0 ? undefined : word.slice(equals + 1);
    const option = optionOf(key);
    if (text === undefined && option.kind.bare) text = "true";
    if (text === undefined && argv[index + 1]?.startsWith("--") === false) text = argv[++index];
    if (text === undefined) {
      problems.push({
        origin,
        key,
        given: "nothing",
        expected: `a value: ${name} ${option.kind.placeholder}`,
      });
      continue;
    }
    const earlier = given.get(key);
    if (earlier) {
      const both = option.secret ? "two values" : `${quote(earlier.text)} and ${quote(text)}`;
      problems.push({
        origin,
        key,
        given: both,
        expected: `${name} only once${option.kind.list ? ", with a list" : ""}`,
      });
      continue;
    }
    given.set(key, { key, text, origin });
  }
  return { given: [...given.values()], problems };
}

function whatInstead(word: string, before: string | undefined): string {
  if (!word.startsWith("-")) {
    const bare =
      before?.startsWith("--") &&
      isOptionKey(before.slice(2)) &&
      optionOf(before.slice(2) as never).kind.bare;
    return bare ? `flags only; write ${before}=${word}` : "flags only (--help lists them)";
  }
  return flagInstead(word, OPTION_KEYS);
}
