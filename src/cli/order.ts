// Orders to a slot: promote, drain, reload. They differ in one word and in what is told.

import { parseArguments } from "./arguments.ts";
import { createControlClient } from "./control-client.ts";
import { DONE } from "./exit-code.ts";
import { CONTROL_OPTION, type Verb } from "./verb.ts";

interface Order {
  readonly name: "promote" | "drain" | "reload";
  readonly about: string;
  readonly examples: Verb["examples"];
  /** What the answer says, in words. */
  readonly told: (slot: string, answer: Readonly<Record<string, unknown>>) => string;
}

export function createOrder({ name, about, examples, told }: Order): Verb {
  return {
    name,
    usage: "SLOT",
    about,
    options: [CONTROL_OPTION],
    examples,
    async run(argv, terminal) {
      const { values, positionals } = parseArguments(argv, { control: { type: "string" } }, ["SLOT"]);
      const slot = positionals[0]!;
      const client = createControlClient(values.control ?? terminal.env.SLUICE_CONTROL);
      const path = `/v1/slots/${encodeURIComponent(slot)}/${name}`;
      const answer = await client.call(path, { method: "POST", patient: true });
      terminal.out(`${told(slot, answer as Readonly<Record<string, unknown>>)}\n`);
      return DONE;
    },
  };
}
