// HAProxy, one thread, connections to the app shared by all clients, nothing logged, the same forwarding fields.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HAPROXY } from "../stage/program.ts";
import type { Peer, Place } from "./peer.ts";

function config({ listen, app, protocol }: Place): string {
  const h2 = protocol === "h2c" ? " proto h2" : "";
  // It would refuse to start where two descriptors for each connection are more than the limit; idle ones need one. And it
  // gives its connections to the app up where clients hold a fifth of all descriptors: 10,000 of them would.
  return `global
  nbthread 1
  no strict-limits
  maxconn 25000
  tune.pool-low-fd-ratio 70
  tune.pool-high-fd-ratio 80
defaults
  mode http
  http-reuse always
  option forwardfor
  timeout connect 1s
  timeout client 650s
  timeout server 60s
  timeout tunnel 1h
  timeout http-request 10s
  timeout http-keep-alive 650s
frontend clients
  bind 127.0.0.1:${listen} backlog 4096${h2}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Request-Id %[uuid()]
  default_backend apps
backend apps
  server app 127.0.0.1:${app} pool-max-conn 1024${h2}
`;
}

export const haproxyPeer: Peer = {
  name: "haproxy",
  title: "HAProxy",
  protocols: ["h1", "h2c"],
  programs: [HAPROXY],
  async command(place) {
    const file = join(place.directory, "haproxy.cfg");
    writeFileSync(file, config(place));
    return ["haproxy", "-db", "-f", file];
  },
};
