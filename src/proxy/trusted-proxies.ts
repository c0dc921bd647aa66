// Which peers are proxies of ours, whose X-Forwarded-* are believed.

import { BlockList, isIP } from "node:net";
import { plainAddress } from "./headers/forwarded.ts";

type Family = "ipv4" | "ipv6";

/**
 * Builds the predicate over peer addresses from CIDRs and single addresses. IPv4 addresses that come mapped into IPv6
 * (::ffff:10.0.0.1) count as what they are, on both sides, so ::/0 is everybody; what is no address is not trusted. Throws TypeError on a bad CIDR.
 */
export function createTrust(cidrs: readonly string[]): (address: string) => boolean {
  if (cidrs.length === 0) return () => false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const { network, bits, family } = parseCidr(cidr);
    list.addSubnet(network, bits, family);
  }
  return (address) => {
    const plain = plainAddress(address);
    const family = familyOf(plain);
    return family !== undefined && list.check(plain, family);
  };
}

function parseCidr(cidr: string): { network: string; bits: number; family: Family } {
  const parts = /^([0-9A-Fa-f.:]+)(?:\/([0-9]{1,3}))?$/.exec(cidr);
  const written = parts?.[1] ?? "";
  const network = plainAddress(written);
  const family = familyOf(network);
  if (!family) throw new TypeError(`not a CIDR: ${cidr}`);
  const width = family === "ipv4" ? 32 : 128;
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const bits = parts?.[2] === undefined ? width : Number(parts[2]) - (network === written ? 0 : 96);
  if (bits < 0 || bits > width) throw new TypeError(`not a CIDR: ${cidr}`);
  return { network, bits, family };
}

function familyOf(address: string): Family | undefined {
  const version = isIP(address);
  if (version === 4) return "ipv4";
  return version === 6 ? "ipv6" : undefined;
}
