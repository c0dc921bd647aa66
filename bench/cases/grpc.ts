import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { grpcApp } from "../apps/nginx-app.ts";
import { h2loadCommand, readH2loadReport } from "../load/h2load.ts";
import { H2LOAD, NGINX } from "../stage/program.ts";
import type { BenchCase } from "./bench-case.ts";
import { warmUp } from "./warm-up.ts";

const CONNECTIONS = 16;
const STREAMS = 4;

/** A gRPC message of 64 bytes in its frame. */
const CALL = Buffer.concat([Buffer.from([0, 0, 0, 0, 64]), Buffer.alloc(64, "c")]);

export const grpc: BenchCase = {
  name: "grpc",
  meaning: "unary gRPC over HTTP/2 without TLS, on both sides; 16 connections with 4 streams each",
  app: grpcApp,
  protocol: "h2c",
  programs: [H2LOAD, NGINX],
  rows: [{ key: "cpu", title: "gRPC, unary call over h2c", unit: "µs", as: "ratio" }],
  async measure(start, stage) {
    const { pace, directory, load } = stage;
    const peer = await start();
    const body = join(directory, "call");
    writeFileSync(body, CALL);
    const command = (seconds: number): readonly string[] =>
      h2loadCommand({
        url: `${peer.url}/bench.Unary/Call`,
        connections: CONNECTIONS,
        streams: STREAMS,
        seconds,
        body,
        fields: ["content-type: application/grpc", "te: trailers"],
      });
    await warmUp(peer, stage, (seconds) => load(command(seconds)));
    const before = peer.cpu();
    const { requests, failed } = readH2loadReport(await load(command(pace.seconds)));
    const spent = peer.cpu() - before;
    const { rss, pss } = peer.memory();
    await peer.stop();
    return { cpu: spent / requests, rate: requests / pace.seconds, requests, failed, rss, pss };
  },
};
