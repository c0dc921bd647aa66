// SIGKILL of the app in its container. PID 1 is deaf to signals from inside its PID namespace, so the Pod's containers share
// one, in which the app is an ordinary process; or it is the child of a shell.

import { runInApp } from "./kubectl.ts";
import { statusOf } from "./objects.ts";
import type { Deployed, Stage } from "./stage.ts";

const SCRIPT = `
const { readdirSync, readFileSync } = require("node:fs");
for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
  let words = [];
  try { words = readFileSync("/proc/" + pid + "/cmdline", "latin1").split("\\0"); } catch {}
  if (words[1]?.endsWith("/loadtest/app.ts")) process.kill(Number(pid), "SIGKILL");
}`;

/** Kills the app, whatever becomes of its container then. The Pod needs `sharePids`, or an app that is not PID 1. */
export async function killProcess({ namespace }: Stage, pod: string): Promise<void> {
  // Its status says nothing: the script may die with the container that it kills.
  await runInApp(namespace, pod, SCRIPT);
}

/** Resolves when the kubelet has seen the app's death by SIGKILL. */
export async function killApp(stage: Stage, deployed: Deployed, pod: string): Promise<void> {
  await killProcess(stage, pod);
  await stage.mirror.until(`the app in ${pod} was killed`, () => {
    const status = deployed.pods().find(({ metadata }) => metadata.name === pod);
    const app = status && statusOf(status, "app");
    return [app?.state.terminated, app?.lastState?.terminated].find((end) => end?.exitCode === 137);
  });
}
