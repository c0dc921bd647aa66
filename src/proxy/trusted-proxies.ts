// Which peers are proxies of ours, whose X-Forwarded-* are believed.

import { BlockList, isIP } from "node:net";
import { plainAddress } from "./headers/forwarded.ts";

/** Builds the predicate over peer addresses from CIDRs or single addresses; an address that is none is never trusted. Throws on a bad CIDR. */
export function createTrust(cidrs: readonly string[]): (address: string) => boolean {
  if (cidrs.length === 0) return () => false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [written = "", prefix] = cidr.split("/");
    const network = plainAddress(written);
    const family = familyOf(network);
    if (!family) throw new TypeError(`not a CIDR: ${cidr}`);
    const bits = prefix === undefined ? (family === "ipv4" ? 32 : 128) : Number(prefix);
    // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    list.addSubnet(network, network === written || prefix === undefined ? bits : bits - 96, family);
  }
  return (address) => {
    const plain = plainAddress(address);
    const family = familyOf(plain);
    return family !== undefined && list.check(plain, family);
  };
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(address);
  if (version === 4) return "ipv4";
  return version === 6 ? "ipv6" : undefined;
}
