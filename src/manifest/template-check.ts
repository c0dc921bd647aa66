// What keeps a Pod template from taking sluice in.

import type { Config } from "../config/config.ts";
import type { Account } from "./account.ts";
import type { App } from "./app-container.ts";
import { type InjectOptions, SIDECAR, VOLUME } from "./inject-options.ts";
import { at } from "./json-value.ts";
import { socketFolder } from "./sidecar-container.ts";
import { idleName } from "./slot-container.ts";
import { flawsOf } from "./template-flaws.ts";
import type { Workload } from "./workload.ts";

/** Before anything else is asked of the template; true if it may go on. */
export function canTakeSidecar(workload: Workload, account: Account): boolean {
  const { containers, initContainers, spec } = workload;
  const all = [...initContainers, ...containers];
  const reasons = [
    ...flawsOf(workload),
    all.some(({ name }) => name === SIDECAR) &&
      `it has a container called ${SIDECAR} that \`inject\` did not put there: rename it, or take it out, first`,
    spec.hostNetwork === true &&
      "it uses hostNetwork: the slots' loopback would be the node's, and the ports those of every Pod there",
    at(spec, "os", "name") === "windows" &&
      "it runs on Windows, which has neither Unix sockets in volumes nor this image",
  ].filter((reason) => typeof reason === "string");
  for (const reason of reasons) account.refuse(reason);
  return reasons.length === 0;
}

/** Refuses ports, mounts, names and commands that are in the way of this configuration. */
export function judgeTemplate(
  workload: Workload,
  app: App,
  config: Config,
  options: InjectOptions,
  account: Account,
): void {
  const { container } = app;
  if (config.slots.length !== options.slots) {
    account.refuse(
      `--slots after \`--\` has ${config.slots.length}, inject's own --slots says ${options.slots}`,
    );
    return;
  }
  portClashes(workload, app, config, account);
  if (config.graceMs % 1_000 !== 0) account.refuse("--grace must be in whole seconds, as the Pod's is");
  const folder = socketFolder(config);
  const isTaken = container.mounts.some(({ path, volume }) => path === folder || volume === VOLUME);
  if (isTaken || workload.volumes.some(({ name }) => name === VOLUME)) {
    account.refuse(
      `${container.name}: ${folder}, or the name ${VOLUME}, is in use for another volume: rename that one`,
    );
  }
  if (options.slots === 1) return;
  if (options.appPort !== undefined) {
    account.refuse(
      `--app-port says that the image listens on port ${options.appPort} whatever PORT says; with two slots two versions run at once, and ` +
        `both would listen on port ${options.appPort}: let the app go by PORT, or use one slot`,
    );
  }
  const taken = [...workload.initContainers, ...workload.containers];
  if (taken.some(({ name }) => name === idleName(app, config))) {
    account.refuse(`there is a container ${idleName(app, config)} already: the second slot needs that name`);
  }
  if (container.command || container.args) {
    const what = [container.command && "command", container.args && "args"].filter(Boolean).join(" and ");
    account.refuse(
      `${container.name} has ${what}: in a running Pod only the image can be changed, so the placeholder would be ` +
        "started with them too: put them into the image's entry point, or use one slot",
    );
  }
}

function portClashes(workload: Workload, app: App, config: Config, account: Account): void {
  const { listen, ops, control, slots } = config;
  const taken = new Map<number, string>([
    [listen.port, "--listen"],
    [ops.port, "--ops"],
    ...control.flatMap((address) => ("port" in address ? [[address.port, "--control"] as const] : [])),
    ...slots.map(({ name, port }) => [port, `slot ${name} (--slots)`] as const),
  ]);
  for (const container of [
    ...workload.initContainers.filter((one) => one.isNativeSidecar),
    ...workload.containers,
  ]) {
    for (const { number, protocol } of container.ports) {
      const isOwn = container === app.container && number === app.port;
      const user = taken.get(number);
      if (isOwn || protocol !== "TCP" || user === undefined) continue;
      account.refuse(
        `port ${number} of ${container.name} clashes with ${user}: give sluice another one, such as ` +
          `\`-- ${exampleOf(user, number)}\``,
      );
    }
  }
}

function exampleOf(user: string, port: number): string {
  const other = 10_000 + (port % 10_000);
  if (user === "--control") return "--control /run/sluice/control.sock";
  if (user.startsWith("--")) return `${user} :${other}`;
  return `--slots a=127.0.0.1:${other}`;
}
