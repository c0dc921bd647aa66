// A verb of the command line, and the text of its --help.

import type { Terminal } from "./terminal.ts";

export interface Verb {
  readonly name: string;
  /** What stands after the verb in the usage line. */
  readonly usage: string;
  /** One sentence or a few. */
  readonly about: string;
  /** Option and meaning. */
  readonly options: readonly (readonly [option: string, meaning: string])[];
  /** Command line (without the name of the program) and what it does. */
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** Text after the options, e.g. a longer list of them. */
  readonly more?: (terminal: Terminal) => string;
  /** Resolves with the exit code; throws SluiceError USAGE, Unreachable or Refused. */
  run(argv: readonly string[], terminal: Terminal): Promise<number>;
}

/** Of every verb that talks to a sidecar. */
export const CONTROL_OPTION = [
  "--control ADDRESS",
  "The sidecar: PATH, HOST:PORT or http://HOST:PORT (SLUICE_CONTROL). Default: /run/sluice/control.sock, then 127.0.0.1:9081.",
] as const;

/** Two columns, the left one as wide as its widest entry, each line behind two blanks. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
}

export function helpOf(verb: Verb, terminal: Terminal): string {
  const options = [...verb.options, ["--help, -h", "Shows this."] as const];
  const examples = verb.examples.map(
    ([command, meaning]) => [`${terminal.name} ${command}`, meaning] as const,
  );
  return [
    `Usage: ${terminal.name} ${verb.name}${verb.usage === "" ? "" : ` ${verb.usage}`}\n\n${verb.about}\n`,
    `Options:\n${columns(options)}`,
    ...(verb.more ? [verb.more(terminal)] : []),
    `Examples:\n${columns(examples)}`,
  ].join("\n");
}
