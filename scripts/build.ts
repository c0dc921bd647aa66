// `npm run build`: one file for the sidecar, one for the command line. The sidecar's starts without node_modules.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { formatSize } from "../src/config/byte-size.ts";
import { buildBundles } from "./bundles.ts";

const bundles = await buildBundles("dist");
for (const { file, bytes } of bundles) {
  const packed = gzipSync(readFileSync(file)).length;
  console.log(`${file}  ${kib(bytes)}, gzip ${kib(packed)}`);
}

function kib(bytes: number): string {
  return formatSize(Math.ceil(bytes / 1_024) * 1_024);
}
