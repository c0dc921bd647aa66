import { describe, expect, it } from "vitest";
import { type AttemptFacts, isIdempotent, replayVerdict } from "./replay.ts";

const METHODS = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH", "get", "BREW"];
const EITHER = [false, true];

function* everything(): Generator<AttemptFacts> {
  for (const method of METHODS)
    for (const answerSeen of EITHER)
      for (const refused of EITHER)
        for (const sentNothing of EITHER)
          for (const hasIdempotencyKey of EITHER)
            for (const bodyInHand of EITHER)
              for (const replayedBefore of EITHER)
                yield {
                  method,
                  answerSeen,
                  refused,
                  sentNothing,
                  hasIdempotencyKey,
                  bodyInHand,
                  replayedBefore,
                };
}

const verdicts = (filter: (facts: AttemptFacts) => boolean) => {
  const some = [...everything()].filter(filter);
  expect(some.length).toBeGreaterThan(0);
  return new Set(some.map(replayVerdict));
};

describe("methods that may be executed twice (RFC 9110 9.2.2)", () => {
  it("are these, in this case", () => {
    expect(METHODS.filter(isIdempotent)).toEqual(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
  });
});

describe("a request whose attempt failed", () => {
  it("is never replayed once a byte of the answer was seen", () => {
    expect(verdicts((f) => f.answerSeen)).toEqual(new Set(["fail"]));
  });

  it("is never replayed twice", () => {
    expect(verdicts((f) => f.replayedBefore)).toEqual(new Set(["fail"]));
  });

  it("is replayed when the connection was refused, whatever the method", () => {
    expect(verdicts((f) => f.refused && !f.answerSeen && !f.replayedBefore)).toEqual(new Set(["replay"]));
  });

  it("is replayed when nothing of it was sent, whatever the method", () => {
    expect(verdicts((f) => f.sentNothing && !f.answerSeen && !f.replayedBefore)).toEqual(new Set(["replay"]));
  });

  const wasSent = (f: AttemptFacts) => !f.answerSeen && !f.replayedBefore && !f.refused && !f.sentNothing;

  it("is replayed after bytes were sent only if it is idempotent, or carries a key, and its body is in hand", () => {
    const isSafe = (f: AttemptFacts) => f.bodyInHand && (isIdempotent(f.method) || f.hasIdempotencyKey);
    expect(verdicts((f) => wasSent(f) && isSafe(f))).toEqual(new Set(["replay"]));
    expect(verdicts((f) => wasSent(f) && !isSafe(f))).toEqual(new Set(["fail"]));
  });

  it("a POST that may have been executed is never sent twice", () => {
    expect(verdicts((f) => wasSent(f) && f.method === "POST" && !f.hasIdempotencyKey)).toEqual(
      new Set(["fail"]),
    );
  });
});
