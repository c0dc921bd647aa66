// `npm run build`: one file for the sidecar (sluice.js, which starts without node_modules), one for the command line
// (cli.js), and what the image starts the sidecar with: start.js and the code that V8 compiled, sluice.code.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { formatSize } from "../src/config/byte-size.ts";
import { buildBundles } from "./bundles.ts";
import { writeCompiledCode } from "./compiled-code.ts";

const bundles = await buildBundles("dist");
for (const { file, bytes } of bundles) {
  const packed = gzipSync(readFileSync(file)).length;
  console.log(`${file}  ${kib(bytes)}, gzip ${kib(packed)}`);
}
await writeCompiledCode("dist");

function kib(bytes: number): string {
  return formatSize(Math.ceil(bytes / 1_024) * 1_024);
}
