#!/usr/bin/env node
// Starts sluice under a node that can run it. In a checkout that is the one of the pinned platform package, if the
// machine's own is too old. Plain JavaScript, since any node may read this.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath, pathToFileURL } from "node:url";

const OLDEST_MAJOR = 24;

const source = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const bundle = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= OLDEST_MAJOR) {
  await import(pathToFileURL(existsSync(source) ? source : bundle).href);
} else {
  const node = pinnedNode();
  if (node === undefined) {
    console.error(
      `sluice: needs Node ${OLDEST_MAJOR} or newer; this is ${process.version}, and the package ` +
        `node-${process.platform}-${process.arch} is not installed.\n` +
        "Run `npm ci` in the checkout (it brings a node of its own for linux-x64 and linux-arm64), or install a newer Node.",
    );
    process.exit(1);
  }
  replaceBy(node);
}

function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `node-${process.platform}-${process.arch}/package.json`,
    );
    const node = `${dirname(manifest)}/bin/node`;
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/** The other node does everything; this one hands on signals and takes over the exit code. */
function replaceBy(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  const signals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT"];
  for (const signal of signals) {
    // A terminal sends SIGINT and SIGQUIT to both processes; a second copy would count as a second Ctrl-C.
    const comesFromTerminal = isatty(0) && (signal === "SIGINT" || signal === "SIGQUIT");
    process.on(signal, () => {
      if (!comesFromTerminal) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`sluice: ${node} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}
