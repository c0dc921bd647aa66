// SIGKILL of the app in its container. PID 1 is deaf to signals from inside its PID namespace, so the Pod's containers share
// one, in which the app is an ordinary process.

import { spawn } from "node:child_process";
import { statusOf } from "./objects.ts";
import type { Deployed, Stage } from "./stage.ts";

const SCRIPT = `
const { readdirSync, readFileSync } = require("node:fs");
for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
  let words = [];
  try { words = readFileSync("/proc/" + pid + "/cmdline", "latin1").split("\\0"); } catch {}
  if (words[1]?.endsWith("/loadtest/app.ts")) process.kill(Number(pid), "SIGKILL");
}`;

/** Resolves when the kubelet has seen the app's death by SIGKILL; the Pod needs `sharePids`. */
export async function killApp({ mirror, namespace }: Stage, deployed: Deployed, pod: string): Promise<void> {
  const command = ["exec", "-n", namespace, pod, "-c", "app", "--", "/usr/local/bin/node", "-e", SCRIPT];
  const child = spawn("kubectl", command, { stdio: "ignore" });
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    // Its status says nothing: the script dies with the container that it kills.
    child.once("exit", resolve);
  });
  await mirror.until(`the app in ${pod} was killed`, () => {
    const status = deployed.pods().find(({ metadata }) => metadata.name === pod);
    const app = status && statusOf(status, "app");
    return [app?.state.terminated, app?.lastState?.terminated].find((end) => end?.exitCode === 137);
  });
}
