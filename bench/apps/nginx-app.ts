// nginx as the app, since nothing cheaper answers: load and app share a core, and what the app takes the load lacks.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nginxConfig } from "../peers/nginx.ts";
import { NGINX } from "../stage/program.ts";
import type { App } from "./app.ts";

const SMALL = "a small answer of an app, as a probe or an API would give it";

/** A gRPC message of 64 bytes, in its frame (flag and length). */
const GRPC_ANSWER = Buffer.concat([Buffer.from([0, 0, 0, 0, 64]), Buffer.alloc(64, "m")]);

/** Files and their sizes: what GET /NAME answers. */
const FILES: Readonly<Record<string, number>> = { "16k": 16_384, "1m": 1_048_576, chunked: 16_384 };

/**
 * `mirror` makes nginx read a request's body to its end before it answers; a static file refuses POST, and error_page turns
 * that into the answer. SSI answers with chunks, since it cannot know the length; each chunk is a buffer of 2 KiB.
 */
function web(port: number, root: string): string {
  return `  client_body_buffer_size 2m;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${root};
    open_file_cache max=10;
    location / { return 200 "${SMALL}"; }
    location = /16k { }
    location = /1m { }
    location = /chunked { ssi on; ssi_types *; output_buffers 2 2k; sendfile off; }
    location = /sink { mirror /mirror; error_page 405 =200 @sunk; }
    location @sunk { return 200 "${SMALL}"; }
    location = /mirror { internal; return 204; }
  }`;
}

function grpc(port: number, root: string): string {
  return `  client_body_buffer_size 2m;
  server {
    listen 127.0.0.1:${port} http2 backlog=4096;
    root ${root};
    open_file_cache max=10;
    default_type application/grpc;
    location = /bench.Unary/Call { mirror /mirror; error_page 405 =200 /grpc; }
    location = /grpc { add_trailer grpc-status 0; }
    location = /mirror { internal; return 204; }
  }`;
}

function nginxApp(name: "web" | "grpc", http: (port: number, root: string) => string): App {
  return {
    name,
    programs: [NGINX],
    command(directory, port) {
      const root = join(directory, "www");
      mkdirSync(join(root, "bench.Unary"), { recursive: true });
      for (const [file, bytes] of Object.entries(FILES))
        writeFileSync(join(root, file), Buffer.alloc(bytes, "x"));
      for (const file of ["sink", "bench.Unary/Call"]) writeFileSync(join(root, file), "");
      writeFileSync(join(root, "grpc"), GRPC_ANSWER);
      const config = join(directory, "nginx.conf");
      writeFileSync(config, nginxConfig(directory, http(port, root)));
      return ["nginx", "-c", config, "-e", "stderr"];
    },
  };
}

export const webApp = nginxApp("web", web);
export const grpcApp = nginxApp("grpc", grpc);
