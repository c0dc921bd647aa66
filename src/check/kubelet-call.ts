// What the kubelet will call for a probe or a hook, next to what it should call.

import { at, type JsonObject, stringOf } from "../manifest/json-value.ts";
import { type Container, type Handler, portNumber } from "../manifest/workload.ts";
import type { Sidecar } from "./sidecar.ts";

/** What is wrong with a call that should be a GET of `path` at the ops port; undefined: nothing, or it cannot be told. */
export function wrongCall(
  container: Container,
  handler: Handler | undefined,
  path: string,
  { opsPort }: Sidecar,
): string | undefined {
  const should = `GET ${path} at port ${opsPort}`;
  if (!handler) return `there is none; it should be ${should}`;
  if (handler.kind !== "httpGet") return `it is ${handler.kind ?? "empty"}, and should be ${should}`;
  const port = portNumber(container, handler.port);
  // A name that the container lacks has a check of its own.
  if (port === undefined) return undefined;
  if (port !== opsPort) return `it calls port ${port}, and sluice answers at ${opsPort}`;
  if (handler.path !== path) return `it calls ${handler.path ?? "/"}, and should call ${path}`;
  if (handler.scheme === "HTTPS") return "it speaks HTTPS, and the ops port speaks HTTP";
  const host = stringOf(at(handler.value, "httpGet", "host"));
  if (host !== undefined)
    return `it calls host ${host}, and should call the Pod, which is what it does without a host`;
  return undefined;
}

/** The further mistakes of a hook: sluice would answer it with 403. */
export function lacksToken(handler: Handler | undefined, { config, isSet }: Sidecar): string | undefined {
  if (handler?.kind !== "httpGet" || isSet("hook-token") !== true) return undefined;
  const given = handler.headers.find(isToken);
  if (!given) return "it carries no Sluice-Token, which --hook-token demands";
  const expected = config?.hookToken;
  return expected !== undefined && given.value !== expected
    ? "its Sluice-Token is not the one of --hook-token"
    : undefined;
}

function isToken({ name }: JsonObject): boolean {
  return stringOf(name)?.toLowerCase() === "sluice-token";
}
