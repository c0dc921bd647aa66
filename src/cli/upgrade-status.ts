// `sluice upgrade status WORKLOAD`: how far an upgrade is, read from the Pods themselves and from the Lease.

import { readHolding } from "../cluster/lease.ts";
import type { Pod } from "../cluster/objects.ts";
import { isReady } from "../cluster/objects.ts";
import { podsOf } from "../cluster/workload.ts";
import { templateOf } from "../rollout/template.ts";
import { isHalfWay, parseRecord, RECORD_ANNOTATION, type UpgradeRecord } from "../upgrade/record.ts";
import type { Found } from "./cluster-access.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { leaseNameOf } from "./upgrade-lease.ts";

export async function showUpgrade(
  { client, workload }: Found,
  { out, name, paint }: Terminal,
): Promise<void> {
  const { namespace, title } = workload;
  const [holding, { items }] = await Promise.all([
    readHolding(client, namespace, leaseNameOf(workload)),
    client.list<Pod>(podsOf(namespace), workload.selection),
  ]);
  const pods = items
    .filter(workload.isOwn)
    .map((pod) => ({ pod, record: parseRecord(pod.metadata.annotations?.[RECORD_ANNOTATION]) }));
  out(
    holding
      ? `${title}: an upgrade runs, by ${holding.holder} since ${holding.since}${holding.isPausing ? "; it was asked to pause" : ""}\n`
      : `${title}: no upgrade runs\n`,
  );
  if (pods.length === 0) return out("It has no Pods.\n");
  const rows = pods.map(({ pod, record }) => [
    { text: pod.metadata.name, paint: paint.bold },
    { text: isReady(pod) ? "yes" : "no", paint: isReady(pod) ? paint.green : paint.red },
    { text: record?.phase ?? "never upgraded", paint: isHalfWay(record) ? paint.yellow : undefined },
    { text: imageOf(record) },
    { text: record ? (servesNew(record) ? record.previous : record.image) : "-" },
    { text: record?.at ?? "-" },
    { text: record?.reason ?? "" },
  ]);
  out(`\n${formatTable(["POD", "READY", "PHASE", "SERVES", "OTHER IMAGE", "SINCE", "WHY"], rows)}`);
  const template = templateOf(workload, pods.find(({ record }) => record?.placeholder)?.record?.placeholder);
  if (template) out(`\nTemplate: container ${template.container} has ${template.image}.\n`);
  const halfWay = pods.flatMap(({ record }) => (record && isHalfWay(record) ? [record] : []));
  if (!holding && halfWay[0]) {
    const command = `${name} upgrade ${title} -n ${namespace}`;
    out(
      `\n${halfWay.length} Pod(s) half way. Go on: ${command} --image ${halfWay[0].image}\n             Go back: ${command} --undo\n`,
    );
  }
}

function imageOf(record: UpgradeRecord | undefined): string {
  if (!record) return "-";
  return servesNew(record) ? record.image : record.previous;
}

function servesNew({ phase }: UpgradeRecord): boolean {
  return phase === "done" || phase === "window" || phase === "committing";
}
