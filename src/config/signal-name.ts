// Signals that an app's handshake must declare a handler for.

import { constants } from "node:os";
import { nearest } from "./nearest.ts";
import { type ValueKind, wrong } from "./value-kind.ts";

/** No process can catch these. */
const NEVER_CAUGHT: readonly string[] = ["SIGKILL", "SIGSTOP"];

export const signalName: ValueKind<string> = {
  placeholder: "SIGNAL",
  parse(text) {
    if (NEVER_CAUGHT.includes(text)) return wrong(text, "a signal that a process can catch");
    if (Object.hasOwn(constants.signals, text)) return { value: text };
    const upper = text.toUpperCase();
    const guess = nearest(upper.startsWith("SIG") ? upper : `SIG${upper}`, Object.keys(constants.signals));
    return wrong(text, `the name of a signal such as ${guess ?? "SIGTERM"}`);
  },
};
