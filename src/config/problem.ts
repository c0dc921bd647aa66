// A problem of a configuration: where it came from, what was given, what was expected. All are shown at once, since
// finding them one restart at a time is no way to live.

export type Origin =
  | { readonly from: "flag"; readonly name: string }
  | { readonly from: "environment"; readonly name: string }
  | { readonly from: "file"; readonly file: string; readonly line: number }
  | { readonly from: "default" };

export interface Problem {
  /** Undefined where several settings contradict each other: `given` then says where each came from. */
  readonly origin: Origin | undefined;
  /** The key, or the keys, that the problem is about. */
  readonly key: string;
  /** Undefined where nothing was given, or where it is a secret. */
  readonly given: string | undefined;
  /** Completes "expected ...". */
  readonly expected: string;
}

export function describeOrigin(origin: Origin): string {
  if (origin.from === "default") return "default";
  return origin.from === "file" ? `${origin.file}:${origin.line}` : origin.name;
}

function formatProblem({ origin, key, given, expected }: Problem): string {
  let subject = key;
  if (origin?.from === "file")
    subject = key === "" ? describeOrigin(origin) : `${describeOrigin(origin)}: ${key}`;
  else if (origin && origin.from !== "default") subject = describeOrigin(origin);
  return `${subject}: ${given === undefined ? "" : `given ${given}, `}expected ${expected}`;
}

/** One line for each problem, under a line that counts them. */
export function formatProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  return `The configuration has ${count}:\n${lines.join("\n")}\n`;
}
