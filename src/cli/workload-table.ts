// The slots of all Pods of a workload as a table for people.

import { isReady } from "../cluster/objects.ts";
import { formatDuration } from "../config/duration.ts";
import type { Surveyed } from "../rollout/survey.ts";
import type { Paint } from "./paint.ts";
import { type Cell, formatTable } from "./table.ts";

const HEADS = ["POD", "READY", "SLOT", "STATE", "VERSION", "IMAGE", "IN FLIGHT", "GATES", "WAITING FOR"];

export function formatWorkload(title: string, pods: readonly Surveyed[], paint: Paint): string {
  if (pods.length === 0) return `${title} has no Pods.\n`;
  const serving = pods.filter(({ pod }) => isReady(pod)).length;
  const headline = `${serving} of ${pods.length} Pods ready`;
  const accounts = pods.flatMap(({ status }) => (status ? [status.account] : []));
  const sum = (read: (account: (typeof accounts)[number]) => number) =>
    accounts.reduce((total, account) => total + read(account), 0);
  const ends = (["answered", "client_aborted", "refused", "failed", "deadline"] as const).map(
    (ending) => `${sum(({ ended }) => ended[ending])} ${ending.replaceAll("_", " ")}`,
  );
  return [
    `${title}: ${serving === pods.length ? paint.green(headline) : paint.red(headline)}\n\n`,
    formatTable(
      HEADS,
      pods.flatMap((one) => rowsOf(one, paint)),
    ),
    `\nRequests: ${sum(({ accepted }) => accepted)} accepted = ${ends.join(" + ")} + ${sum(({ inFlight }) => inFlight)} in flight\n`,
  ].join("");
}

function rowsOf({ pod, place, status, problem }: Surveyed, paint: Paint): readonly (readonly Cell[])[] {
  const ready = isReady(pod);
  const leaving = pod.metadata.deletionTimestamp !== undefined;
  const head: Cell[] = [
    { text: pod.metadata.name, paint: paint.bold },
    { text: leaving ? "leaving" : ready ? "yes" : "no", paint: ready ? paint.green : paint.red },
  ];
  if (!status) {
    const blanks = Array.from({ length: 6 }, (): Cell => ({ text: "-" }));
    return [[...head, ...blanks, { text: problem ?? "", paint: paint.yellow }]];
  }
  return status.slots.map((slot, index) => {
    const container = place?.slots.get(slot.name);
    const image = pod.spec.containers.find(({ name }) => name === container)?.image;
    const left =
      slot.drainLeftMs === undefined
        ? ""
        : ` ${formatDuration(Math.round(slot.drainLeftMs / 100) * 100)} left`;
    const gates = Object.entries(slot.gates).map(([gate, { open }]) => `${gate} ${open ? "open" : "closed"}`);
    return [
      ...(index === 0 ? head : [{ text: "" }, { text: "" }]),
      { text: slot.name },
      { text: `${slot.state}${left}`, paint: slot.state === "active" ? paint.green : undefined },
      { text: slot.version ?? "-" },
      { text: image ?? "(no container)" },
      { text: String(slot.inFlight) },
      { text: gates.join(", ") || "-" },
      { text: slot.waitingFor.join("; "), paint: paint.yellow },
    ];
  });
}
