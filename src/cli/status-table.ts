// A status as a table for people.

import type { SlotStatus, Status } from "../api/backend.ts";
import { formatDuration } from "../config/duration.ts";
import type { Paint } from "./paint.ts";
import { type Cell, formatTable } from "./table.ts";

const HEADS = [
  "SLOT",
  "ADDRESS",
  "STATE",
  "VERSION",
  "GENERATION",
  "AGE",
  "IN FLIGHT",
  "PROBE",
  "GATES",
  "WAITING FOR",
];

export function formatStatus(status: Status, paint: Paint): string {
  const headline = status.ready ? paint.green("ready") : paint.red("not ready");
  const left = status.podLeftMs === undefined ? "" : ` (deadline in ${age(status.podLeftMs)})`;
  const { accepted, ended, inFlight } = status.account;
  const ends = Object.entries(ended).map(([ending, count]) => `${count} ${ending.replaceAll("_", " ")}`);
  return [
    `${headline}: ${status.reason}\n`,
    `Pod: ${status.pod}${left}. sluice ${status.sluice}, up ${age(status.uptimeMs)}.\n\n`,
    formatTable(
      HEADS,
      status.slots.map((slot) => rowOf(slot, paint)),
    ),
    `\nRequests: ${accepted} accepted = ${ends.join(" + ")} + ${inFlight} in flight\n`,
    `Held: ${status.held}. Client connections: ${status.connections}.\n`,
  ].join("");
}

function rowOf(slot: SlotStatus, paint: Paint): readonly Cell[] {
  const left = slot.drainLeftMs === undefined ? "" : ` ${age(slot.drainLeftMs)} left`;
  const gates = Object.entries(slot.gates).map(([gate, { open }]) => `${gate} ${open ? "open" : "closed"}`);
  return [
    { text: slot.name, paint: paint.bold },
    { text: slot.address },
    { text: `${slot.state}${left}`, paint: slot.state === "active" ? paint.green : undefined },
    { text: slot.version ?? "-" },
    { text: slot.generation === undefined ? "-" : String(slot.generation) },
    { text: slot.ageMs === undefined ? "-" : age(slot.ageMs) },
    { text: String(slot.inFlight) },
    { text: slot.probe.state, paint: slot.probe.state === "failing" ? paint.red : undefined },
    { text: gates.join(", ") || "-" },
    { text: slot.waitingFor.join("; "), paint: paint.yellow },
  ];
}

/** Two units at most: nobody needs the milliseconds of an hour. */
function age(ms: number): string {
  if (ms < 10_000) return formatDuration(Math.round(ms / 100) * 100);
  return formatDuration(Math.round(ms / 1_000) * 1_000).replace(/(h\d+m).*/, "$1");
}
