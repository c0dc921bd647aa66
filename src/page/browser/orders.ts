// Orders: what is asked before, what is sent, what is told after. An order is about the generation that the person saw: if
// another one has come meanwhile, nothing is sent.

import type { SlotStatus, Status } from "../../api/backend.ts";
import { count } from "../../picture/scale.ts";

export type Order = "promote" | "drain" | "reload";

export interface Question {
  readonly title: string;
  readonly words: readonly string[];
  /** Said in red. */
  readonly warning: string | undefined;
  readonly act: string;
}

export function questionOf(order: Order, slot: SlotStatus, status: Status): Question {
  const name = `${slot.version ?? "the app"} in slot ${slot.name}`;
  const about = `${slot.version ?? "The app"}, generation ${slot.generation}.`;
  const active = status.slots.find((one) => one.name === status.active);
  const others = status.slots.filter((one) => one.name !== slot.name && one.ready);
  if (order === "promote") {
    const leaves = active
      ? `${active.version ?? "The app"} in slot ${active.name} finishes its ${count(active.inFlight)} requests in flight and stands by.`
      : "No slot is active now.";
    return {
      title: `Make slot ${slot.name} active?`,
      words: [about, `All new requests go to ${name}.`, leaves],
      warning: slot.ready
        ? undefined
        : `It is not ready, so sluice will refuse: ${slot.waitingFor.join("; ")}.`,
      act: `Promote ${slot.name}`,
    };
  }
  if (order === "drain") {
    const goes =
      slot.name !== status.active
        ? "It gets no requests at present."
        : others.length > 0
          ? `New requests go to slot ${others[0]?.name}.`
          : "New requests are held.";
    return {
      title: `Drain slot ${slot.name}?`,
      words: [
        about,
        `It gets no new requests and finishes the ${count(slot.inFlight)} that it has. ${goes}`,
        "Promote ends a drain.",
      ],
      warning:
        slot.name === status.active && others.length === 0
          ? "No other slot is ready: new requests wait until one is, and are refused when they have waited for too long."
          : undefined,
      act: `Drain ${slot.name}`,
    };
  }
  return {
    title: `Ask slot ${slot.name} to reload?`,
    words: [about, `${name} is told to reload and has 5 s to say what came of it.`],
    warning: undefined,
    act: `Reload ${slot.name}`,
  };
}

/** Resolves with what is to be told; never rejects. */
export async function give(
  order: Order,
  slot: string,
): Promise<{ readonly ok: boolean; readonly words: string }> {
  try {
    const answer = await fetch(`v1/slots/${encodeURIComponent(slot)}/${order}`, {
      method: "POST",
      credentials: "omit",
      redirect: "error",
    });
    const body = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) return { ok: false, words: `Refused: ${String(body.message ?? answer.status)}` };
    return { ok: true, words: `Slot ${slot}: ${wordsOf(order, body)}` };
  } catch (error) {
    return {
      ok: false,
      words: `${order} ${slot}: no answer (${error instanceof Error ? error.message : error}); it may have been carried out.`,
    };
  }
}

function wordsOf(order: Order, { outcome, inFlight, reason }: Record<string, unknown>): string {
  if (order === "drain") return `${outcome}, ${inFlight} in flight`;
  if (order === "reload") return `reloaded${reason ? `: ${reason}` : ""}`;
  return String(outcome);
}
