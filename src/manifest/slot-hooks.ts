// The app's hooks: before SIGTERM, the kubelet asks sluice whether the slot is empty.

import type { Account } from "./account.ts";
import type { App } from "./app-container.ts";
import { type Handler, portNumber } from "./workload.ts";

/** Refuses a hook that does anything but wait: a container has room for one handler. */
export function judgeHooks({ container, port }: App, slots: 1 | 2, account: Account): void {
  const { name, preStop, postStart } = container;
  const waits = preStop && sleepOf(preStop);
  if (!preStop)
    account.did(`${name}: preStop asks sluice: SIGTERM comes when none of its requests is in flight`);
  else if (waits !== undefined) {
    account.did(
      `${name}: preStop asks sluice instead of sleeping for ${waits} s: SIGTERM comes when no request is in flight`,
    );
  } else {
    account.refuse(
      `${name}: preStop is taken (${describe(preStop)}), a container has room for one handler, and sluice needs it: ` +
        "do that in the app's handler of SIGTERM, which comes when no request is in flight any more",
    );
  }
  if (slots === 2 && postStart?.kind === "exec") {
    account.refuse(
      `${name}: postStart runs a command, which the placeholder of an idle slot has not: do that in the image's own entry point`,
    );
  }
  const asked = postStart?.kind === "httpGet" ? postStart.port : undefined;
  if (slots === 2 && asked !== undefined && portNumber(container, asked) !== port) {
    account.refuse(
      `${name}: postStart asks port ${asked}, where the placeholder of an idle slot does not answer: do that in the image's own entry point`,
    );
  }
}

function describe({ kind, command, path }: Handler): string {
  if (kind === "exec") return `exec ${JSON.stringify(command ?? []).slice(0, 80)}`;
  return path === undefined ? String(kind ?? "of an unknown kind") : `${kind} ${path}`;
}

const SLEEP = /^\s*(?:exec\s+)?(?:\/(?:usr\/)?bin\/)?sleep\s+(\d+(?:\.\d+)?)s?\s*;?\s*$/;

/** Seconds of a hook that only sleeps; undefined for every other. */
function sleepOf({ kind, command, seconds }: Handler): number | undefined {
  if (kind === "sleep") return seconds ?? 0;
  if (kind !== "exec" || !command) return undefined;
  const [first = "", option, script, ...rest] = command;
  const isShell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/.test(first);
  const line =
    isShell && option !== undefined && /^-[a-z]*c$/.test(option) && rest.length === 0
      ? script
      : command.join(" ");
  const found = SLEEP.exec(line ?? "");
  return found ? Number(found[1]) : undefined;
}
