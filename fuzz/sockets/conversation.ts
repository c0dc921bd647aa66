// What a client says over one connection and what the app answers, by a fast-check grammar: mostly right, with something odd here
// and there, and then bent byte by byte.

import fc from "fast-check";
import { type AppAnswer, answer } from "./answer-grammar.ts";
import { bend, bent } from "./grammar.ts";
import { request } from "./request-grammar.ts";

export interface Conversation {
  /** All that the client sends, latin1. */
  readonly sent: string;
  /** Offsets in `sent` between two writes, in rising order. */
  readonly cuts: readonly number[];
  /** Methods of the requests as the grammar has them; the answers to come are read by them. */
  readonly methods: readonly string[];
  /** The client closes its side right behind its last byte; otherwise when it has what it waits for. */
  readonly halfCloses: boolean;
  /** The n-th request that the app sees gets the n-th of these; beyond, the last. */
  readonly answers: readonly AppAnswer[];
}

export const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    requests: fc.array(request, { minLength: 1, maxLength: 4 }),
    bends: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(bend, { minLength: 1, maxLength: 3 }) },
    ),
    cuts: fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 4 }),
    halfCloses: fc.boolean(),
    answers: fc.array(answer, { minLength: 1, maxLength: 4 }),
  })
  .map(({ requests, bends, cuts, halfCloses, answers }) => {
    // Whose body is none cannot be told from bytes that are bent: then nobody asks by HEAD.
    const plain = bends.length === 0;
    const asked = requests.map(({ method, text }) =>
      plain || method !== "HEAD" ? { method, text } : { method: "GET", text: text.replace(/^HEAD/, "GET") },
    );
    const sent = bent(asked.map(({ text }) => text).join(""), bends);
    return {
      sent,
      cuts: [...new Set(cuts.map((at) => at % (sent.length + 1)))].sort((a, b) => a - b),
      methods: asked.map(({ method }) => method),
      halfCloses,
      answers,
    };
  });
