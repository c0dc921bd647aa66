// A verb's own command line, by node:util's parseArgs; what it cannot understand becomes USAGE.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { flagInstead, nearest } from "../config/nearest.ts";
import { SluiceError } from "../errors.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * Options and positional arguments. `names` names the positionals, all of which must be there but those in brackets; a
 * last one such as `[FILE...]` takes any number. Throws USAGE.
 */
export function parseArguments<const O extends Options>(
  argv: readonly string[],
  options: O,
  names: readonly string[] = [],
) {
  const parsed = attempt(options, () =>
    parseArgs({ args: [...argv], options, allowPositionals: true, allowNegative: true, strict: true }),
  );
  const { positionals, values } = parsed;
  const takesMore = names.at(-1)?.endsWith("...]") === true;
  const missing = names.filter((name) => !name.startsWith("[")).slice(positionals.length);
  if (missing.length > 0) throw new SluiceError("USAGE", `${missing.join(" and ")} must be given`);
  if (!takesMore && positionals.length > names.length) {
    throw new SluiceError("USAGE", `there is one argument too many: ${positionals[names.length]}`);
  }
  return { values, positionals };
}

function attempt<T>(options: Options, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new SluiceError("USAGE", inOurWords(cause as NodeJS.ErrnoException, Object.keys(options)), {
      cause,
    });
  }
}

/** Node's own words have the flag in them, and advice for another program. */
function inOurWords({ code, message }: NodeJS.ErrnoException, known: readonly string[]): string {
  // "Unknown option '-x'. …", "Option '-o, --output <value>' argument missing"
  const quoted = /'(-[^']*)'/.exec(message)?.[1];
  if (quoted === undefined) return message;
  const flag = /--[^\s']+/.exec(quoted)?.[0] ?? quoted;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `${flag}: expected ${flagInstead(flag, known)}`;
  return message.includes("does not take")
    ? `${flag} takes no value`
    : `${flag} must have a value: ${flag}=…`;
}

/** `text` if it is one of `choices`, the first of them if nothing was given. Throws USAGE. */
export function choose<const C extends string>(
  option: string,
  text: string | undefined,
  choices: readonly [C, ...C[]],
): C {
  if (text === undefined) return choices[0];
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined)
    throw new SluiceError("USAGE", `${option} takes ${choices.join(", ")}, not ${text}`);
  return chosen;
}

/** `text` as a whole number; undefined if nothing was given. Throws USAGE. */
export function wholeNumber<T extends string | undefined>(
  option: string,
  text: T,
  least: number,
  most: number,
): number | Extract<T, undefined> {
  if (text === undefined) return text as Extract<T, undefined>;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new SluiceError("USAGE", `${option} takes a whole number from ${least} to ${most}, not ${text}`);
  return value;
}

/** Those of `known` that `text` names, separated by commas, in its order. Throws USAGE. */
export function chooseSome<C extends string>(
  option: string,
  text: string,
  known: readonly C[],
): readonly C[] {
  return text.split(",").map((word) => {
    const name = word.trim();
    const found = known.find((one) => one === name);
    if (found !== undefined) return found;
    const guess = nearest(name, known);
    const instead = guess === undefined ? `it takes ${known.join(", ")}` : `did you mean ${guess}?`;
    throw new SluiceError("USAGE", `${option}: there is no ${name}; ${instead}`);
  });
}
