// sluice as its image runs it: the bundle, with the flags of the image. No handshake: the app is a server that knows
// nothing of sluice, so its port is probed once a second.

import { join } from "node:path";
import { LAUNCH_ENV, LAUNCH_FLAGS } from "../../loadtest/launch-flags.ts";
import type { Peer, Protocol } from "./peer.ts";

/** Exit code of a configuration that this version does not accept. */
export const NOT_ACCEPTED = 64;

const MOST_CONNECTIONS = 25_000;

function sluice(engine: "standard" | "wire"): Peer {
  const protocolFlags: Readonly<Record<Protocol, readonly string[]>> = {
    h1: [],
    h2c: ["--app-protocol", "h2c"],
  };
  return {
    name: `sluice-${engine}`,
    title: `sluice, ${engine}`,
    protocols: ["h1", "h2c"],
    programs: [],
    async command({ bundle, listen, app, protocol, freePort }) {
      return [
        "env",
        ...Object.entries(LAUNCH_ENV).map(([name, value]) => `${name}=${value}`),
        process.execPath,
        ...LAUNCH_FLAGS,
        join(bundle, "start.js"),
        "run",
        ...["--engine", engine],
        ...["--listen", `127.0.0.1:${listen}`],
        ...["--ops", `127.0.0.1:${await freePort()}`],
        ...["--control", `127.0.0.1:${await freePort()}`],
        ...["--slots", `a=127.0.0.1:${app}`],
        ...["--handshake", "off", "--probe", "tcp"],
        ...["--max-connections", `${MOST_CONNECTIONS}`],
        ...["--log-level", "warn"],
        ...protocolFlags[protocol],
      ];
    },
  };
}

export const sluiceWirePeer = sluice("wire");
export const sluiceStandardPeer = sluice("standard");
