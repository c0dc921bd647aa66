// What is told about one object while it is changed: what was done and why, and what keeps it from being done.

export interface Account {
  /** Past tense: "web: readinessProbe moved to sluice …". */
  readonly did: (line: string) => void;
  /** Something that whoever injects has to know or do. */
  readonly note: (line: string) => void;
  /** Why nothing can be done, and the way out. */
  readonly refuse: (line: string) => void;
  readonly isRefused: () => boolean;
}

export interface Told {
  readonly title: string;
  readonly file: string;
  readonly line: number;
  readonly done: readonly string[];
  readonly notes: readonly string[];
  readonly refused: readonly string[];
}

export function openAccount(object: {
  readonly title: string;
  readonly file: string;
  readonly line: number;
}): {
  readonly account: Account;
  readonly told: () => Told;
} {
  const done: string[] = [];
  const notes: string[] = [];
  const refused: string[] = [];
  return {
    account: {
      did: (line) => void done.push(line),
      note: (line) => void notes.push(line),
      refuse: (line) => void refused.push(line),
      isRefused: () => refused.length > 0,
    },
    told: () => ({ ...object, done, notes, refused }),
  };
}
