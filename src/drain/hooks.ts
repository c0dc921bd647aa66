// Hooks that wait: a caller joins whoever waits for the same hook already, and all are answered together. The order to
// drain is given once, by the lifecycle; a caller that leaves takes nothing back.

export interface Waiters<Answer> {
  /** Resolves with the next answer for the key. */
  join(key: string): Promise<Answer>;
  /** Takes one caller back, who was refused after it had joined. */
  part(key: string): void;
  /** Answers everyone who waits for the key; returns how many that were. */
  answer(key: string, answer: Answer): number;
  /** Those who wait now, over all keys. */
  readonly size: number;
}

export function createWaiters<Answer>(): Waiters<Answer> {
  const waiting = new Map<
    string,
    { readonly promise: Promise<Answer>; resolve(answer: Answer): void; callers: number }
  >();

  return {
    join(key) {
      const present = waiting.get(key);
      if (present) {
        present.callers++;
        return present.promise;
      }
      const { promise, resolve } = Promise.withResolvers<Answer>();
      waiting.set(key, { promise, resolve, callers: 1 });
      return promise;
    },
    part(key) {
      const present = waiting.get(key);
      if (present && --present.callers === 0) waiting.delete(key);
    },
    answer(key, answer) {
      const present = waiting.get(key);
      if (!present) return 0;
      waiting.delete(key);
      present.resolve(answer);
      return present.callers;
    },
    get size() {
      return [...waiting.values()].reduce((sum, { callers }) => sum + callers, 0);
    },
  };
}
