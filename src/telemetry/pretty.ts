// Log lines for people at a terminal. pino-pretty enters here and only here; the sidecar's bundle does not import it.

import { prettyFactory } from "pino-pretty";

/** Returns what turns one JSON log line into one line for people; for createLog's `pretty`. */
export function createPretty(colour: boolean): (line: string) => string {
  const format = prettyFactory({
    colorize: colour,
    messageKey: "message",
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
  });
  return (line) => format(line);
}
