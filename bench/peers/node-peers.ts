// Proxies in Node that people would otherwise take, each a program of its own, run by the same node without flags.

import { fileURLToPath } from "node:url";
import type { Peer } from "./peer.ts";

function nodePeer(name: string, title: string, program: string): Peer {
  return {
    name,
    title,
    protocols: ["h1"],
    programs: [],
    async command({ listen, app }) {
      return [process.execPath, fileURLToPath(new URL(program, import.meta.url)), `${listen}`, `${app}`];
    },
  };
}

export const httpProxyPeer = nodePeer("http-proxy-3", "http-proxy-3", "./http-proxy-program.ts");
export const fastifyPeer = nodePeer("fastify", "@fastify/http-proxy", "./fastify-program.ts");
export const undiciPeer = nodePeer("undici", "bare undici", "./undici-program.ts");
