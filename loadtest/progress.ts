// What is shown while it runs, on standard error: a line that renews itself on a terminal, plain lines elsewhere.

import type { StrictClient } from "./strict-client.ts";
import { count } from "./table.ts";

export interface Progress {
  /** Shows what these clients do from now on; undefined: nothing. */
  watch(clients: (() => readonly StrictClient[]) | undefined, what: string, lastEvent: () => string): void;
  /** Prints a line of its own. */
  say(text: string): void;
  stop(): void;
}

export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function createProgress(screen: Screen): Progress {
  const clear = screen.isTTY ? "\r\x1b[K" : "";
  let show: (() => string) | undefined;
  const timer = setInterval(() => {
    if (show) screen.write(`${clear}${show()}${screen.isTTY ? "" : "\n"}`);
  }, 1_000);

  return {
    watch(clients, what, lastEvent) {
      if (!clients) {
        show = undefined;
        screen.write(clear);
        return;
      }
      const since = performance.now();
      show = () => {
        const all = clients();
        const ended = all.reduce((sum, client) => sum + client.entries.length, 0);
        const failed = all.reduce(
          (sum, client) => sum + client.entries.filter(({ failure }) => failure !== undefined).length,
          0,
        );
        const inFlight = all.reduce((sum, client) => sum + client.inFlight, 0);
        const seconds = ((performance.now() - since) / 1000).toFixed(0).padStart(3);
        return `${what}  ${seconds} s  ${count(ended - failed)} verified, ${count(failed)} not, ${inFlight} in flight  ${lastEvent()}`.trimEnd();
      };
    },
    say(text) {
      screen.write(`${clear}${text}\n`);
    },
    stop() {
      clearInterval(timer);
      screen.write(clear);
    },
  };
}
