// What the exit codes of the command line mean (run has those of the sidecar: see main.ts).

export const DONE = 0;
/** The order was refused, or it failed. */
export const REFUSED = 1;
/** The command line or the configuration cannot be understood (EX_USAGE). */
export const USAGE = 64;
/** No sidecar, or no cluster, answers (EX_UNAVAILABLE). */
export const UNREACHABLE = 69;
/** The cluster does not allow it (EX_NOPERM). */
export const NO_PERMISSION = 77;
