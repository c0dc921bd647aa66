// Orders about sluice itself, as they come over the control API: parsed, and refused with what would be right.

import { parseDuration } from "../config/duration.ts";
import { SluiceError } from "../errors.ts";
import { LOG_LEVELS, type LogLevel, type ProfileOrder, type Upkeep } from "./backend.ts";
import type { Answer, Call } from "./routes.ts";

const MOST_PROFILE_MS = 60_000;

/** Throws BAD_BODY. */
export function parseLogLevel(body: unknown): LogLevel {
  const level = typeof body === "object" && body !== null && "level" in body ? body.level : undefined;
  const known = LOG_LEVELS.find((one) => one === level);
  if (known === undefined)
    throw new SluiceError("BAD_BODY", `the level must be one of ${LOG_LEVELS.join(", ")}: {"level":"debug"}`);
  return known;
}

/** A profile tells a lot about the process: only who is on this machine, which is in this Pod, gets one. */
export async function answerProfile(upkeep: Upkeep, call: Call): Promise<Answer> {
  if (!isLocal(call.localAddress) || !isLocal(call.remoteAddress))
    throw new SluiceError("FORBIDDEN", "profiles are taken over loopback and the control socket only");
  const order = parseProfileOrder(call.params.kind ?? "", call.body);
  return { body: await upkeep.profile(order), contentType: "application/json; charset=utf-8" };
}

function parseProfileOrder(kind: string, body: unknown): ProfileOrder {
  if (kind === "heap") return { kind };
  if (kind !== "cpu" && kind !== "allocations")
    throw new SluiceError(
      "NO_SUCH_ENDPOINT",
      `there is no profile ${kind}; there are cpu, allocations and heap`,
    );
  const text = typeof body === "object" && body !== null && "duration" in body ? body.duration : undefined;
  const ms = typeof text === "string" ? parseDuration(text) : undefined;
  if (ms === undefined || ms < 1 || ms > MOST_PROFILE_MS)
    throw new SluiceError("BAD_BODY", 'the duration must be one of at most 60s: {"duration":"10s"}');
  return { kind, ms };
}

/** Undefined: a Unix socket. */
function isLocal(address: string | undefined): boolean {
  return address === undefined || address === "::1" || /^(::ffff:)?127\./.test(address);
}
