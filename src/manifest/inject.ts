// Puts sluice into every workload of a stream of manifests, and leads their Services to it.

import { type Account, openAccount, type Told } from "./account.ts";
import { type ManifestObject, type Manifests, titleOf } from "./documents.ts";
import { type InjectOptions, OPT_OUT } from "./inject-options.ts";
import { type Injected, injectWorkload } from "./inject-workload.ts";
import { at, type JsonObject, objectOf, objectsOf } from "./json-value.ts";
import { KEY_ORDER, withKey } from "./key-order.ts";
import { annotated, isSealed, seal, unseal } from "./note.ts";
import { type Outcome, outcomeOf, withPath } from "./outcome.ts";
import { isNamed } from "./selection.ts";
import { type Service, selects, serviceOf } from "./service.ts";
import { adviseServices, retargeted } from "./service-targets.ts";
import { canTakeSidecar } from "./template-check.ts";
import { isJob, type Workload, workloadOf } from "./workload.ts";

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** Changes nothing at all if anything is refused. What was injected before is injected anew, with these options. */
export async function inject(manifests: Manifests, options: InjectOptions): Promise<Outcome> {
  const changed = new Map<ManifestObject, JsonObject>();
  const told: Told[] = [];
  const withAccount = async (object: ManifestObject, work: (account: Account) => unknown): Promise<void> => {
    const one = openAccount({ title: titleOf(object), file: object.file, line: object.line });
    await work(one.account);
    told.push(one.told());
  };

  const workloads: { readonly original: ManifestObject; readonly workload: Workload }[] = [];
  for (const object of manifests.objects) {
    const workload = workloadOf(object);
    if (!isNamed(object, options.only)) continue;
    if (!workload) {
      if (isJob(object)) await withAccount(object, ({ note }) => note("left alone: a Job ends by itself"));
      continue;
    }
    await withAccount(object, (account) => {
      const reason = leftAlone(workload);
      const original = reason === undefined ? plainWorkload(workload, account) : undefined;
      if (original) workloads.push({ original: object, workload: original });
      else if (reason) account.note(`left alone: ${reason}`);
    });
  }
  const isConcerned = (service: Service): boolean =>
    workloads.some(({ workload }) => selects(service, workload));
  const services: { readonly original: ManifestObject; readonly service: Service }[] = [];
  for (const object of manifests.objects) {
    const service = serviceOf(object);
    if (!service || !isConcerned(service)) continue;
    await withAccount(object, (account) => {
      const value = plain(object.value, account);
      const original = value && serviceOf({ ...object, value });
      if (original) services.push({ original: object, service: original });
    });
  }

  const done: { readonly workload: Workload; readonly injected: Injected }[] = [];
  for (const { original, workload } of workloads) {
    await withAccount(original, async (account) => {
      if (!canTakeSidecar(workload, account)) return;
      const own = services.map(({ service }) => service).filter((service) => selects(service, workload));
      const injected = await injectWorkload(workload, own, options, account);
      if (!injected) return;
      adviseServices(injected, own, options.classic, account);
      done.push({ workload, injected });
      changed.set(original, injectedObject(workload, injected, options));
    });
  }
  for (const { original, service } of services) {
    await withAccount(original, (account) => {
      const behind = done
        .filter(({ workload }) => selects(service, workload))
        .map(({ injected }) => injected);
      const value = retargeted(service, behind, options.classic, account);
      changed.set(original, value === service.object.value ? value : seal(value, service.object.value));
    });
  }
  return outcomeOf(manifests, changed, told);
}

function leftAlone({ object, annotations }: Workload): string | undefined {
  const asked = [annotations[OPT_OUT], at(object.value, "metadata", "annotations", OPT_OUT)];
  if (asked.some((value) => value === "false" || value === false)) return `it says ${OPT_OUT}: "false"`;
  const owner = objectsOf(at(object.value, "metadata", "ownerReferences")).find(
    ({ controller }) => controller === true,
  );
  return owner && `it belongs to ${owner.kind} ${owner.name}, which would undo the change`;
}

/** The workload as it was before sluice was ever put in; undefined after a refusal. */
function plainWorkload(workload: Workload, account: Account): Workload | undefined {
  const template = plain(workload.template, account);
  if (!template) return undefined;
  const value = withPath(workload.object.value, workload.templatePath, template);
  return workloadOf({ ...workload.object, value });
}

function plain(value: JsonObject, account: Account): JsonObject | undefined {
  if (!isSealed(value)) return value;
  const original = unseal(value);
  if (!original)
    account.refuse("its annotation sluice/injected cannot be read: take it from the original manifest");
  return original?.value;
}

function injectedObject(workload: Workload, { spec, app }: Injected, options: InjectOptions): JsonObject {
  const { template, object, templatePath, annotations } = workload;
  let changed = withKey(template, "spec", spec, KEY_ORDER.object);
  if (options.classic && annotations[DEFAULT_CONTAINER] === undefined) {
    // Without it, `kubectl logs` and `exec` would take sluice, which is the first container now.
    changed = annotated(changed, DEFAULT_CONTAINER, app.container.name);
  }
  return withPath(object.value, templatePath, seal(changed, objectOf(template)));
}
