// Puts sluice into the Pod template of one workload.

import { formatHostPort } from "../config/address.ts";
import type { Config } from "../config/config.ts";
import type { OptionKey } from "../config/options.ts";
import type { Account } from "./account.ts";
import { type App, findApp } from "./app-container.ts";
import { protocolFlag } from "./app-protocol.ts";
import { type InjectOptions, SIDECAR } from "./inject-options.ts";
import { at, isList, type Json, type JsonObject, objectOf, objectsOf } from "./json-value.ts";
import { KEY_ORDER, withKey } from "./key-order.ts";
import type { Service } from "./service.ts";
import { SOCKET_VOLUME, sidecarContainer } from "./sidecar-container.ts";
import { givenKeys, graceFlag, sidecarFlags } from "./sidecar-flags.ts";
import { idleContainer, idleName, slotContainer } from "./slot-container.ts";
import { judgeHooks } from "./slot-hooks.ts";
import { judgeProbes, probeFlags } from "./slot-probes.ts";
import { judgeTemplate } from "./template-check.ts";
import type { Workload } from "./workload.ts";

/** The Pod's grace where the manifest is silent, s. */
const USUAL_GRACE = 30;
const SLOT_PORTS = [8_081, 8_082] as const;
/** Where sluice listens when the app cannot leave its port. */
const OTHER_PORT = 18_080;
/** Safe in the sense of Kubernetes, and allowed by the `restricted` Pod Security level. */
const LOW_PORTS = "net.ipv4.ip_unprivileged_port_start";
const FIRST_OPEN_PORT = 1_024;

export interface Injected {
  readonly spec: JsonObject;
  readonly app: App;
  readonly config: Config;
}

/** The changed `spec` of the Pods; undefined after a refusal, which the account has. */
export async function injectWorkload(
  workload: Workload,
  services: readonly Service[],
  options: InjectOptions,
  account: Account,
): Promise<Injected | undefined> {
  const app = findApp(workload, services, options, account);
  if (!app) return undefined;
  const given = givenKeys(options.flags);
  const protocol = protocolFlag(app, services, given.has("app-protocol"), account);
  const probe = probeFlags(app, given.has("probe"), account);
  const { keepsStartup } = judgeProbes(app, options.slots, account);
  judgeHooks(app, options.slots, account);

  const derived = new Map<OptionKey, string>([
    ["listen", `:${options.listen ?? (options.appPort === app.port ? OTHER_PORT : app.port)}`],
    ["slots", slotsFlag(options)],
    ...protocol,
    ...probe,
    ["grace", graceFlag(workload.grace ?? USUAL_GRACE)],
  ]);
  const flags = await sidecarFlags(derived, options.flags);
  if ("problems" in flags) {
    for (const problem of flags.problems) account.refuse(`${problem} (options of sluice follow \`--\`)`);
    return undefined;
  }
  const { config, args } = flags;
  judgeTemplate(workload, app, config, options, account);
  if (account.isRefused()) return undefined;

  tell(workload, app, config, args, options, account);
  return { spec: changedSpec(workload, app, config, args, options, keepsStartup), app, config };
}

function slotsFlag({ slots, appPort }: InjectOptions): string {
  const first = `a=127.0.0.1:${appPort ?? SLOT_PORTS[0]}`;
  return slots === 1 ? first : `${first},b=127.0.0.1:${SLOT_PORTS[1]}`;
}

function changedSpec(
  workload: Workload,
  app: App,
  config: Config,
  args: readonly string[],
  options: InjectOptions,
  keepsStartup: boolean,
): JsonObject {
  const { spec } = workload;
  const set = (object: JsonObject, key: string, value: Json): JsonObject =>
    withKey(object, key, value, KEY_ORDER.podSpec);
  const sidecar = sidecarContainer(workload, options, config, args, app);
  const containers = itemsOf(spec.containers).flatMap((value) => {
    if (value !== app.container.value) return [value];
    const slot = slotContainer(app, config, 0, keepsStartup);
    return options.slots === 1 ? [slot] : [slot, idleContainer(app, config, options.placeholder)];
  });
  let changed = set(spec, "terminationGracePeriodSeconds", config.graceMs / 1_000);
  if (needsLowPorts(workload, config)) changed = set(changed, "securityContext", withLowPorts(spec));
  if (!options.classic) changed = set(changed, "initContainers", [sidecar, ...itemsOf(spec.initContainers)]);
  changed = set(changed, "containers", options.classic ? [sidecar, ...containers] : containers);
  return set(changed, "volumes", [...itemsOf(spec.volumes), SOCKET_VOLUME]);
}

/** Whether sluice, which is not root, listens below 1024: container runtimes allow it to everybody, or to nobody. */
function needsLowPorts({ spec }: Workload, { listen, ops }: Config): boolean {
  const isGiven = objectsOf(at(spec, "securityContext", "sysctls")).some(({ name }) => name === LOW_PORTS);
  return !isGiven && Math.min(listen.port, ops.port) < FIRST_OPEN_PORT;
}

function withLowPorts({ securityContext }: JsonObject): JsonObject {
  const context = objectOf(securityContext);
  return { ...context, sysctls: [...itemsOf(context.sysctls), { name: LOW_PORTS, value: "0" }] };
}

function tell(
  workload: Workload,
  app: App,
  config: Config,
  args: readonly string[],
  options: InjectOptions,
  account: Account,
): void {
  const { container } = app;
  const { grace } = workload;
  const [first, second] = config.slots;
  account.did(
    options.classic
      ? `${SIDECAR} added as the first container (${args.join(" ")}): the app may start before it, and its client waits`
      : `${SIDECAR} added as the first init container, with restartPolicy Always (${args.join(" ")}): it starts before the app and ends after it`,
  );
  account.did(
    app.entry
      ? `${container.name}: port ${app.entry.name ?? app.port} moved to sluice, which takes the requests on ${config.listen.port}`
      : `${container.name} declares no port: sluice takes the requests on ${config.listen.port}`,
  );
  account.did(
    `${container.name}: env has PORT=${first?.port}, SLUICE_SLOT and SLUICE_CONTROL; the socket's volume is mounted`,
  );
  if (grace === undefined || grace * 1_000 !== config.graceMs) {
    account.did(
      `terminationGracePeriodSeconds set to ${config.graceMs / 1_000}: sluice derives its deadlines from it`,
    );
  }
  if (second) {
    account.did(
      `${idleName(app, config)} added: slot ${second.name}, idle (${options.placeholder}), with the same resources; \`upgrade\` puts the new version there`,
    );
  }
  if (needsLowPorts(workload, config)) {
    account.did(
      `securityContext.sysctls has ${LOW_PORTS}=0: sluice is not root, and listens on a port below ${FIRST_OPEN_PORT}`,
    );
  }
  for (const { number, protocol } of second ? container.ports : []) {
    if (number === app.port || protocol !== "TCP") continue;
    account.note(
      `${container.name} and ${idleName(app, config)} run two versions at once, which must not both listen on port ${number}: ` +
        "let the app derive it from PORT or SLUICE_SLOT",
    );
  }
  account.note(
    options.appPort === undefined
      ? `${container.name} must listen on ${formatHostPort(first ?? { host: "", port: 0 })}, as PORT says; for an image whose port is fixed: --app-port`
      : `${container.name} keeps port ${options.appPort}, on which others can still reach it past sluice`,
  );
  if (config.handshake === "required") {
    account.note(
      `${container.name} must shake hands with sluice before it gets requests; for an app that cannot be changed: -- --handshake off`,
    );
  }
}

function itemsOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}
