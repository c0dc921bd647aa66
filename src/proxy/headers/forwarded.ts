// Who the client is and what it asked for: X-Forwarded-For, -Proto, -Host (no RFC; RFC 7239 describes the same idea).
// A trusted peer is believed; what anybody else says about this is removed, in every spelling, and said anew.

import { type Fields, listOf, valuesOf } from "./fields.ts";

export interface Peer {
  /** Address of the peer, as node shows it: "10.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0". */
  readonly client: string;
  readonly trusted: boolean;
  readonly scheme: "http";
}

/** An IPv4 address in its own form where it came mapped into IPv6 (RFC 4291 2.5.5.2); a zone is of no use elsewhere. */
export function plainAddress(address: string): string {
  const zone = address.indexOf("%");
  const bare = zone === -1 ? address : address.slice(0, zone);
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(bare) ? bare.slice(7) : bare;
}

/**
 * Whether a field (lower case) claims to know the client: X-Forwarded-*, Forwarded and X-Real-IP. Underscores count as
 * hyphens, since CGI and its successors (WSGI, Rack, FastCGI) cannot tell X_Forwarded_For from X-Forwarded-For.
 */
export function claimsClient(name: string): boolean {
  const spelled = name.replaceAll("_", "-");
  return spelled.startsWith("x-forwarded-") || spelled === "forwarded" || spelled === "x-real-ip";
}

/**
 * Whether a field (lower case) that claims to know the client stays as it is. From a trusted peer all do but those that are
 * written anew; a spelling with underscores never does, since the app would merge it with ours.
 */
export function claimStays(name: string, peer: Peer): boolean {
  return peer.trusted && !name.includes("_") && name !== "x-forwarded-for";
}

/**
 * The field lines to append: For with the peer at the end of what a trusted peer said; Proto and Host where no trusted peer
 * has said them (the first proxy knows them; a second value would make them unreadable for most apps).
 */
export function forwardedFields(fields: Fields, peer: Peer): string[] {
  const path = peer.trusted ? listOf(fields, "x-forwarded-for") : [];
  const said: string[] = ["X-Forwarded-For", [...path, plainAddress(peer.client)].join(", ")];
  const isSaid = (name: string) => peer.trusted && valuesOf(fields, name).length > 0;
  if (!isSaid("x-forwarded-proto")) said.push("X-Forwarded-Proto", peer.scheme);
  const host = valuesOf(fields, "host")[0];
  if (host !== undefined && host !== "" && !isSaid("x-forwarded-host")) said.push("X-Forwarded-Host", host);
  return said;
}
