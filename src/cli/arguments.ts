// A verb's own command line, by node:util's parseArgs; what it cannot understand becomes USAGE.

import { type ParseArgsConfig, parseArgs } from "node:util";
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
  const parsed = attempt(() =>
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

function attempt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new SluiceError("USAGE", cause instanceof Error ? cause.message : String(cause), { cause });
  }
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
