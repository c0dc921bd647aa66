// Who may call the hooks. The kubelet does not look at a hook's status: a refusal that hits the kubelet means requests
// dropped at the next stop, and an answer to a stranger means a drain by order of a stranger.

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";
import { SluiceError } from "../errors.ts";

export interface GuardParts {
  readonly nodeIp: string | undefined;
  /** The Pod's default gateways; they count only together with `nodeIp`. */
  readonly gateways: readonly string[];
  /** Takes the place of all addresses. */
  readonly token: string | undefined;
  /** CIDR blocks or single addresses, besides the node and the gateways. */
  readonly from: readonly string[];
}

export interface Guard {
  /** Whether a hook may be called from the address and with the headers. */
  allows(remoteAddress: string | undefined, headers: IncomingHttpHeaders): boolean;
  /** Why it may not, and what to set, in plain words. */
  explain(remoteAddress: string | undefined): string;
  readonly hasToken: boolean;
}

/** Throws BAD_CONFIGURATION for an address or block that is none. */
export function createGuard({ nodeIp, gateways, token, from }: GuardParts): Guard {
  const known = nodeIp === undefined ? ["127.0.0.1", "::1"] : [nodeIp, ...gateways];
  const allowed = new BlockList();
  for (const block of [...known, ...from]) addBlock(allowed, block);
  const expected = token === undefined ? undefined : digest(token);

  return {
    allows(remoteAddress, headers) {
      if (expected) {
        const given = headers["sluice-token"];
        return typeof given === "string" && timingSafeEqual(digest(given), expected);
      }
      const address = plainAddress(remoteAddress);
      const family = isIP(address);
      return family !== 0 && allowed.check(address, family === 4 ? "ipv4" : "ipv6");
    },
    explain(remoteAddress) {
      if (expected) return "hooks are answered with the right Sluice-Token only (--hook-token)";
      const caller = plainAddress(remoteAddress) || "an unknown address";
      const answered = [...known, ...from].join(", ");
      return (
        `hooks are answered from ${answered} only, and this is ${caller}: ` +
        "set --node-ip to the node's address (status.hostIP), or --hook-from to the kubelet's, " +
        "or --hook-token where the network hides it"
      );
    },
    hasToken: expected !== undefined,
  };
}

function addBlock(list: BlockList, block: string): void {
  const [address = "", prefix] = block.split("/");
  // The list itself refuses what is none. (isIP would compile an expression for IPv6, which costs a start 5 ms.)
  const type = address.includes(":") ? "ipv6" : "ipv4";
  try {
    // Number("") is 0, and a prefix of 0 is everybody.
    if (prefix === "") throw new RangeError("no prefix");
    if (prefix === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(prefix), type);
  } catch (error) {
    throw new SluiceError("BAD_CONFIGURATION", `${block} is neither an IP address nor a CIDR block`, {
      cause: error,
    });
  }
}

/** Without a zone, and IPv4 as IPv4: a listener for both families shows `::ffff:10.244.0.1`. */
function plainAddress(address: string | undefined): string {
  const [withoutZone = ""] = (address ?? "").split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone);
  return mapped?.[1] ?? withoutZone;
}

/** Of equal length for every token, so that the comparison tells nothing, not even a length. */
function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
