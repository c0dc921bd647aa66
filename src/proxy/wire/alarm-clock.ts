// Time-outs without a timer for each: one coarse clock ticks over lists in which all waits have the same length, so that the
// first of a list is always the next to be due. To set or end a wait is to link or unlink it. An alarm rings up to two ticks late,
// never early. The clock ticks only while something is waited for.

/** What is waited for; one object for as many waits as one likes, one at a time. */
export class Alarm {
  readonly #ring: () => void;
  /** Of the clock's ticks. Kept by the list. */
  due = 0;
  list: WaitList | undefined = undefined;
  previous: Alarm | undefined = undefined;
  next: Alarm | undefined = undefined;

  /** `ring` is called once for each wait that came to its end. */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  get isSet(): boolean {
    return this.list !== undefined;
  }

  /** Ends the wait, if one is under way. */
  stop(): void {
    this.list?.remove(this);
  }

  ring(): void {
    this.#ring();
  }
}

/** Waits of one length. */
export class WaitList {
  readonly ticks: number;
  readonly #clock: AlarmClock;
  #first: Alarm | undefined = undefined;
  #last: Alarm | undefined = undefined;

  constructor(clock: AlarmClock, ticks: number) {
    this.#clock = clock;
    this.ticks = ticks;
  }

  /** Begins the wait, or begins it anew. */
  start(alarm: Alarm): void {
    if (alarm.list === this && alarm === this.#last) {
      alarm.due = this.#clock.tick + this.ticks;
      return;
    }
    alarm.list?.remove(alarm);
    alarm.list = this;
    alarm.due = this.#clock.tick + this.ticks;
    alarm.previous = this.#last;
    if (this.#last) this.#last.next = alarm;
    else this.#first = alarm;
    this.#last = alarm;
    this.#clock.entered();
  }

  remove(alarm: Alarm): void {
    const { previous, next } = alarm;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    alarm.previous = undefined;
    alarm.next = undefined;
    alarm.list = undefined;
    this.#clock.left();
  }

  /** The next alarm that is due, taken off the list. */
  takeDue(tick: number): Alarm | undefined {
    const alarm = this.#first;
    if (!alarm || alarm.due > tick) return undefined;
    this.remove(alarm);
    return alarm;
  }
}

export class AlarmClock {
  tick = 0;
  readonly #tickMs: number;
  readonly #onDefect: (error: unknown) => void;
  readonly #lists = new Map<number, WaitList>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `onDefect` hears what an alarm's ring has thrown; the others ring all the same. */
  constructor(tickMs: number, onDefect: (error: unknown) => void) {
    this.#tickMs = tickMs;
    this.#onDefect = onDefect;
  }

  /** The list for waits of that length, ms. */
  waits(ms: number): WaitList {
    // The present tick is partly over.
    const ticks = Math.ceil(ms / this.#tickMs) + 1;
    let list = this.#lists.get(ticks);
    if (!list) {
      list = new WaitList(this, ticks);
      this.#lists.set(ticks, list);
    }
    return list;
  }

  /** For the list only: one more waits. */
  entered(): void {
    this.#waiting++;
    this.#timer ??= setInterval(() => this.#onTick(), this.#tickMs).unref();
  }

  /** For the list only: one waits no longer. */
  left(): void {
    this.#waiting--;
  }

  #onTick(): void {
    if (this.#waiting === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    // Ticks that a busy or stopped process has missed do not count: what it has not read yet must not be taken for silence.
    this.tick++;
    for (const list of this.#lists.values()) {
      for (let alarm = list.takeDue(this.tick); alarm; alarm = list.takeDue(this.tick)) {
        try {
          alarm.ring();
        } catch (error) {
          this.#onDefect(error);
        }
      }
    }
  }
}
