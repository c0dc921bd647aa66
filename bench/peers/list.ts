import { haproxyPeer } from "./haproxy.ts";
import { nginxLargePeer, nginxPeer } from "./nginx.ts";
import { fastifyPeer, httpProxyPeer, undiciPeer } from "./node-peers.ts";
import type { Peer } from "./peer.ts";
import { sluiceStandardPeer, sluiceWirePeer } from "./sluice.ts";

/** What every ratio is taken to. */
export const YARDSTICK = nginxPeer;

/** In the order of the tables. */
export const PEERS: readonly Peer[] = [
  sluiceWirePeer,
  sluiceStandardPeer,
  nginxPeer,
  nginxLargePeer,
  haproxyPeer,
  httpProxyPeer,
  fastifyPeer,
  undiciPeer,
];
