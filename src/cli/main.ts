// The command line's entry: the process in, an exit code out.

import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { dispatch } from "./dispatch.ts";
import { createPaint, wantsColour } from "./paint.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A verb that has begun something goes on to its end, whether anybody still reads of it or not. */
let mustFinish = false;

// `sluice events | head`: the reader has left, and there is nobody to tell.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (!mustFinish) process.exit(error.code === "EPIPE" ? 0 : 1);
});
process.stderr.on("error", () => {});

const isTerminal = process.stdout.isTTY === true;
const colour = wantsColour(isTerminal, process.env);

const exitCode = await dispatch(process.argv.slice(2), {
  // kubectl runs plugins under their own name: `kubectl sluice` is kubectl-sluice.
  name: basename(process.argv[1] ?? "").startsWith("kubectl") ? "kubectl sluice" : "sluice",
  runtime: `node ${process.version}, ${process.platform} ${process.arch}`,
  env: process.env,
  isTerminal,
  colour,
  columns: process.stdout.columns ?? 100,
  paint: createPaint(colour),
  onInterrupt(listener) {
    mustFinish = true;
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
  inputIsTerminal: process.stdin.isTTY === true,
  input: () => text(process.stdin),
  out: (written) => process.stdout.write(written),
  // The paint is chosen for stdout, and stderr may lead elsewhere.
  err: (written) => process.stderr.write(process.stderr.isTTY ? written : stripVTControlCharacters(written)),
});
process.exit(exitCode);
