// sluice's timeline as it comes over GET /v1/events, each entry with the moment at which we learned of it.

import { request } from "node:http";

export interface Happening {
  readonly id: number;
  readonly monotonicMs: number;
  readonly type: string;
  readonly slot?: string;
  readonly generation?: number;
  readonly version?: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** By performance.now() when it was read, ms. */
  readonly seenAt: number;
}

export interface Timeline {
  readonly happenings: readonly Happening[];
  /** The first entry after `since` (an index into `happenings`) that `matches`; rejects after `timeoutMs`. */
  wait(matches: (happening: Happening) => boolean, timeoutMs: number, since?: number): Promise<Happening>;
  /** Resolves when sluice has ended the stream, or at once after `close`. */
  readonly ended: Promise<void>;
  close(): void;
}

/**
 * Follows the events of the control server at `control` (host:port), and hands each to `onHappening` as it comes. Resolves
 * once the stream stands.
 */
export function followTimeline(
  control: string,
  onHappening: (happening: Happening) => void = () => {},
): Promise<Timeline> {
  const happenings: Happening[] = [];
  const waiters = new Set<(happening: Happening) => void>();

  function take(text: string): void {
    if (text.trim() === "") return;
    const parsed = JSON.parse(text) as Happening;
    if (typeof parsed.type !== "string" || typeof parsed.id !== "number") return;
    const happening = { ...parsed, details: parsed.details ?? {}, seenAt: performance.now() };
    happenings.push(happening);
    onHappening(happening);
    for (const waiter of [...waiters]) waiter(happening);
  }

  return new Promise((resolve, reject) => {
    const call = request(`http://${control}/v1/events`, { agent: false });
    call.once("error", reject);
    call.once("response", (answer) => {
      call.off("error", reject);
      call.on("error", () => {});
      const ended = new Promise<void>((finish) => answer.once("close", finish));
      let rest = "";
      answer.setEncoding("utf8");
      answer.on("error", () => {});
      answer.on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) take(line);
      });
      resolve({
        happenings,
        ended,
        close: () => call.destroy(),
        wait(matches, timeoutMs, since = 0) {
          const past = happenings.slice(since).find(matches);
          if (past) return Promise.resolve(past);
          return new Promise((found, missing) => {
            const timer = setTimeout(() => {
              waiters.delete(waiter);
              const last = happenings.slice(-8).map(({ type, message }) => `${type}: ${message}`);
              missing(
                new Error(
                  `sluice did not report it within ${timeoutMs} ms: ${matches}\nlast reported:\n  ${last.join("\n  ")}`,
                ),
              );
            }, timeoutMs);
            const waiter = (happening: Happening) => {
              if (!matches(happening)) return;
              clearTimeout(timer);
              waiters.delete(waiter);
              found(happening);
            };
            waiters.add(waiter);
          });
        },
      });
    });
    call.end();
  });
}
