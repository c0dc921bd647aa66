// What a failed verb tells its caller: what went wrong, what to do next, and the exit code.

import { ApiRefusal, ClusterUnreachable, NotAllowed } from "../cluster/failure.ts";
import { LeaseTaken } from "../cluster/lease.ts";
import { type ErrorCode, SluiceError } from "../errors.ts";
import { Refused, Unreachable } from "./control-client.ts";
import { NO_PERMISSION, REFUSED, UNREACHABLE, USAGE } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

const NEXT_STEP: Partial<Record<ErrorCode, string>> = {
  UNKNOWN_SLOT: "`NAME status` lists the slots.",
  UNKNOWN_GATE: "`NAME status` lists the gates; --gates of `NAME run` names them.",
  NO_GENERATION:
    "Does the app run, and does it get SLUICE_SLOT and SLUICE_CONTROL? `NAME events --since 0` shows its handshakes.",
  NOT_READY: "`NAME status --watch` shows what it is waiting for.",
  DRAINING: "Promote it again once its new generation has shaken hands: `NAME events` shows when.",
  STOPPING: "Nothing can be ordered any more; `NAME status` shows how long the stop may take.",
  NOT_DECLARED: 'Add "reload" to the signals of the app\'s handshake, and call back when it comes.',
  COMMAND_TIMEOUT: "The app's own log should say what it is busy with.",
  COMMAND_FAILED: "The app's own log should say more.",
  NO_SUCH_ENDPOINT:
    "Is the sidecar older than this command? `NAME status` shows its version, `NAME version` this one's.",
};

/** Prints on stderr; returns the exit code. An error of none of the known kinds is a defect, and is thrown again. */
export function reportFailure(
  error: unknown,
  verb: string,
  terminal: Pick<Terminal, "name" | "paint" | "err">,
): number {
  const { name, paint } = terminal;
  const say = (message: string, next: string) =>
    terminal.err(`${paint.red(`${name}:`)} ${message}\n${next === "" ? "" : `${next}\n`}`);

  if (error instanceof SluiceError && error.code === "USAGE") {
    say(error.message, `See \`${name}${verb === "" ? "" : ` ${verb}`} --help\`.`);
    return USAGE;
  }
  if (error instanceof Unreachable) {
    say(`no sidecar answers\n${error.tried.map((line) => `  ${line}`).join("\n")}`, waysToReachIt(name));
    return UNREACHABLE;
  }
  if (error instanceof Refused) {
    const next = Object.hasOwn(NEXT_STEP, error.code) ? NEXT_STEP[error.code as ErrorCode] : undefined;
    say(`${error.message} (${error.code})`, (next ?? "").replaceAll("NAME", name));
    return REFUSED;
  }
  if (error instanceof ClusterUnreachable) {
    say(error.message, "KUBECONFIG, --context and the current context say which cluster is meant.");
    return UNREACHABLE;
  }
  if (error instanceof NotAllowed) {
    say(error.message, "The permissions that it takes are listed in docs/upgrade.md.");
    return NO_PERMISSION;
  }
  if (error instanceof ApiRefusal || error instanceof LeaseTaken) {
    say(error.message, "");
    return REFUSED;
  }
  throw error;
}

function waysToReachIt(name: string): string {
  return [
    "Is it running? --control or SLUICE_CONTROL says where (a socket's path, or HOST:PORT).",
    `For a Pod, from here: \`${name} status KIND/NAME\` (such as deployment/web) reaches it by itself, and so does \`timeline\`.`,
    "For the other verbs:",
    "  kubectl port-forward pod/POD 9081:9081",
    "and, in another terminal, the same command with --control 127.0.0.1:9081; or, if a container of the Pod has curl:",
    "  kubectl exec POD -c CONTAINER -- curl -s http://127.0.0.1:9081/v1/status",
  ].join("\n");
}
