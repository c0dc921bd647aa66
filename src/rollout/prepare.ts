// Before the first Pod is touched: the image is pulled on every node concerned, and, if asked for, tried out. A version that cannot be
// pulled or does not start is found here, where it costs nobody anything.

import { randomBytes } from "node:crypto";
import type { ApiClient } from "../cluster/api-client.ts";
import type { Workload } from "../cluster/workload.ts";
import type { UpgradePlan } from "../upgrade/record.ts";
import type { Tone } from "./conduct.ts";
import { tryOut } from "./preflight.ts";
import { pull } from "./puller.ts";
import type { Decided } from "./rollout.ts";
import { templateOf } from "./template.ts";

export interface Preparation {
  readonly client: ApiClient;
  readonly workload: Workload;
  readonly decided: readonly Decided[];
  readonly options: { readonly pull: boolean; readonly preflight: boolean; readonly timeoutMs: number };
  readonly say: (pod: string | undefined, tone: Tone, text: string) => void;
  readonly signal: AbortSignal;
}

/** How long a pull may take, ms. */
const PULL_WITHIN_MS = 600_000;

interface Task {
  readonly decided: Decided;
  readonly plan: UpgradePlan;
}

/** Why the upgrade should not begin; undefined: all is well. */
export async function prepare(preparation: Preparation): Promise<string | undefined> {
  const { decided, options } = preparation;
  const tasks = decided.flatMap((one): Task[] => {
    const { decision } = one;
    return decision.do === "upgrade" && decision.phase === "loading" && !decision.back
      ? [{ decided: one, plan: decision.plan }]
      : [];
  });
  const [first] = tasks;
  if (!first) return undefined;
  const pulled = options.pull ? await pullEverywhere(preparation, tasks) : undefined;
  return pulled ?? (options.preflight ? await tryFirst(preparation, first) : undefined);
}

async function pullEverywhere(
  { client, workload, say, signal }: Preparation,
  tasks: readonly Task[],
): Promise<string | undefined> {
  const wanted = new Map<string, Task>();
  for (const task of tasks) {
    wanted.set(`${task.decided.surveyed.pod.spec.nodeName ?? ""} ${task.plan.image}`, task);
  }
  const obstacles = await Promise.all(
    [...wanted.values()].map(async ({ decided, plan }) => {
      const { pod } = decided.surveyed;
      const node = pod.spec.nodeName ?? "";
      say(undefined, "plain", `node ${node}: ${plan.image} is pulled`);
      const { container } = plan.target;
      const task = { image: plan.image, node, like: pod, container, withinMs: PULL_WITHIN_MS };
      const why = await pull(client, task, nameFor(workload, "pull"), signal);
      return why === undefined ? [] : [`${plan.image} cannot be pulled on node ${node}: ${why}`];
    }),
  );
  return obstacles.flat()[0];
}

async function tryFirst({ client, workload, options, say, signal }: Preparation, { decided, plan }: Task) {
  const { pod } = decided.surveyed;
  const { owner, namespace } = workload;
  const template = owner?.spec.template;
  // A Pod starts with the app where the template has it, which need not be where the upgrade puts it.
  const container =
    templateOf(workload, plan.placeholder)?.container ?? plan.from?.container ?? plan.target.container;
  const name = nameFor(workload, "preflight");
  say(undefined, "plain", `preflight: pod/${name} runs ${plan.image} outside of every Service`);
  const trial = {
    name,
    namespace,
    template: template?.spec ?? pod.spec,
    annotations: template?.metadata?.annotations ?? {},
    container,
    image: plan.image,
    claims: (owner?.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name),
    withinMs: options.timeoutMs,
  };
  const why = await tryOut(client, trial, signal);
  if (why !== undefined) return `preflight: ${plan.image} is not good: ${why}`;
  say(undefined, "good", "preflight: it became ready; the Pod is deleted");
  return undefined;
}

function nameFor({ name }: Workload, purpose: string): string {
  return `${name.slice(0, 40).replace(/[-.]+$/, "")}-${purpose}-${randomBytes(3).toString("hex")}`;
}
