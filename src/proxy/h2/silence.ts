// How long the app may be silent while it is its turn to say something.

export class Silence {
  readonly #limitMs: number;
  readonly #isAppsTurn: () => boolean;
  readonly #onPassed: () => void;
  #timer: NodeJS.Timeout | undefined = undefined;
  #over = false;

  /** `onPassed` is called once, if the app says nothing for `limitMs` while `isAppsTurn`. Infinity: never. */
  constructor(limitMs: number, isAppsTurn: () => boolean, onPassed: () => void) {
    this.#limitMs = limitMs;
    this.#isAppsTurn = isAppsTurn;
    this.#onPassed = onPassed;
  }

  /** From now on it counts; it begins anew if it counted already. */
  begin(): void {
    if (this.#over || this.#limitMs === Number.POSITIVE_INFINITY) return;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#passed(), this.#limitMs);
  }

  /** It does not count until it begins again: what the app has said is not taken. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  stop(): void {
    this.#over = true;
    this.pause();
  }

  #passed(): void {
    if (!this.#isAppsTurn()) {
      this.#timer?.refresh();
      return;
    }
    this.stop();
    this.#onPassed();
  }
}
