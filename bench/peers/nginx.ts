// nginx, one worker, connections to the app kept, nothing logged, the forwarding fields that sluice writes as well.
// Whatever is not named here is as nginx has it.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NGINX } from "../stage/program.ts";
import type { Peer, Place } from "./peer.ts";

/** Common to proxy and app: how it runs, where it puts its files, and no limit that would end a connection within a run. */
export function nginxConfig(directory: string, http: string): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${join(directory, name)};`)
    .join("\n");
  return `${process.getuid?.() === 0 ? "user root;\n" : ""}daemon off;
worker_processes 1;
pid ${join(directory, "nginx.pid")};
error_log stderr crit;
events { worker_connections 30000; }
http {
  access_log off;
  sendfile on;
  keepalive_timeout 650s;
  keepalive_requests 1000000000;
  client_header_timeout 10s;
  client_max_body_size 0;
${folders}
${http}
}
`;
}

/** nginx's own, but for a body of 16 KiB: it would just not fit, and go to disk. */
const USUAL_BUFFERS = "    client_body_buffer_size 32k;\n";

/** Buffers for whole answers and requests of 1 MiB; a request of that size otherwise goes to disk, as nginx has it. */
const LARGE_BUFFERS = `    client_body_buffer_size 2m;
    proxy_buffer_size 64k;
    proxy_buffers 16 64k;
    proxy_busy_buffers_size 256k;
`;

const FORWARDED = ["proxy", "grpc"].map(
  (module) => `      ${module}_set_header X-Forwarded-For $remote_addr;
      ${module}_set_header X-Forwarded-Proto $scheme;
      ${module}_set_header X-Forwarded-Host $http_host;
      ${module}_set_header X-Request-Id $request_id;
`,
);

function h1({ listen, app }: Place, buffers: string): string {
  return `  upstream app {
    server 127.0.0.1:${app};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 60s;
  }
  server {
    listen 127.0.0.1:${listen} backlog=4096;
    proxy_http_version 1.1;
    proxy_max_temp_file_size 0;
${buffers}    location / {
      proxy_pass http://app;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
${FORWARDED[0]}    }
    location = /ws {
      proxy_pass http://app;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "upgrade";
      proxy_set_header Upgrade $http_upgrade;
      proxy_read_timeout 1h;
${FORWARDED[0]}    }
  }`;
}

function h2c({ listen, app }: Place): string {
  return `  upstream app {
    server 127.0.0.1:${app};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 60s;
  }
  server {
    listen 127.0.0.1:${listen} http2 backlog=4096;
    location / {
      grpc_pass grpc://app;
${FORWARDED[1]}    }
  }`;
}

function nginx(name: string, title: string, buffers: string, protocols: Peer["protocols"]): Peer {
  return {
    name,
    title,
    protocols,
    programs: [NGINX],
    async command(place) {
      const file = join(place.directory, "nginx.conf");
      const http = place.protocol === "h2c" ? h2c(place) : h1(place, buffers);
      writeFileSync(file, nginxConfig(place.directory, http));
      return ["nginx", "-c", file, "-e", "stderr"];
    },
  };
}

export const nginxPeer = nginx("nginx", "nginx", USUAL_BUFFERS, ["h1", "h2c"]);
export const nginxLargePeer = nginx("nginx-large", "nginx, large buffers", LARGE_BUFFERS, ["h1"]);
