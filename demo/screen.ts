// What the audience sees: one line after the other, each with the time since the beginning.

import { createPaint, wantsColour } from "../src/cli/paint.ts";

export interface Screen {
  /** Opens a part of the story and says in advance what is about to be done. */
  act(title: string, explanation: string): void;
  /** Something that the demo itself does. */
  deed(text: string): void;
  /** What sluice says happens. */
  sluice(text: string): void;
  /** How the load fares. */
  load(text: string): void;
  trouble(text: string): void;
  plain(text: string): void;
  verdict(text: string, good: boolean): void;
}

export function createScreen(output: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const paint = createPaint(wantsColour(output.isTTY === true, env));
  const startedAt = performance.now();

  function line(who: string, text: string): void {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(2).padStart(6);
    output.write(`${paint.dim(`${seconds} s`)}  ${who}  ${text}\n`);
  }

  return {
    act(title, explanation) {
      output.write(`\n${paint.bold(title)}\n${paint.dim(explanation)}\n`);
    },
    deed: (text) => line(paint.bold("demo  "), paint.bold(text)),
    sluice: (text) => line(paint.green("sluice"), text),
    load: (text) => line(paint.dim("load  "), paint.dim(text)),
    trouble: (text) => line(paint.red("!     "), paint.red(text)),
    plain: (text) => void output.write(`${text}\n`),
    verdict: (text, good) => void output.write(`${(good ? paint.green : paint.red)(paint.bold(text))}\n`),
  };
}
