// `sluice status WORKLOAD`: the sidecars of all its Pods, each asked through the API server.

import { setTimeout as after } from "node:timers/promises";
import type { Pod } from "../cluster/objects.ts";
import { podsOf } from "../cluster/workload.ts";
import { type Surveyed, survey } from "../rollout/survey.ts";
import { findInCluster } from "./cluster-access.ts";
import { createControlClientBy } from "./control-client.ts";
import { DONE, REFUSED } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import { formatWorkload } from "./workload-table.ts";

const WATCH_EVERY_MS = 1_000;
const CLEAR_SCREEN = "\u001b[H\u001b[2J\u001b[3J";

export interface WorkloadQuestion {
  readonly workload: string;
  readonly watch: boolean;
  readonly output: "table" | "json";
  readonly context: string | undefined;
  readonly namespace: string | undefined;
}

/** Exit code 0 if every Pod's sidecar answered, else 1. */
export async function statusOfWorkload(question: WorkloadQuestion, terminal: Terminal): Promise<number> {
  const { client, workload } = await findInCluster(question.workload, question, terminal);
  for (;;) {
    const { items } = await client.list<Pod>(podsOf(workload.namespace), workload.selection);
    const pods = await survey(client, createControlClientBy, items.filter(workload.isOwn));
    const text =
      question.output === "json"
        ? `${JSON.stringify({ workload: workload.title, namespace: workload.namespace, pods: pods.map(plain) })}\n`
        : formatWorkload(workload.title, pods, terminal.paint);
    terminal.out(
      question.watch && question.output === "table" && terminal.isTerminal ? CLEAR_SCREEN + text : text,
    );
    if (!question.watch) return pods.length > 0 && pods.every(({ status }) => status) ? DONE : REFUSED;
    await after(WATCH_EVERY_MS);
  }
}

function plain({ pod, place, status, problem, record }: Surveyed) {
  const images = pod.spec.containers.map(({ name, image }) => [name, image] as const);
  return {
    pod: pod.metadata.name,
    ...(problem === undefined ? {} : { problem }),
    ...(status ? { status } : {}),
    containers: Object.fromEntries(place?.slots ?? []),
    images: Object.fromEntries(images),
    ...(record ? { upgrade: record } : {}),
  };
}
