// kubectl, as a user has it: with the cluster that KUBECONFIG names.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

/** Runs it to its end, whatever that is. */
export async function runKubectl(args: readonly string[], input = ""): Promise<Ended> {
  if (!process.env.KUBECONFIG) throw new Error("KUBECONFIG must name a cluster to test against");
  const child = spawn("kubectl", args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject).on("close", resolve);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), promise]);
  return { out, err, code };
}

/** What it wrote; throws with what it complained of. */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { out, err, code } = await runKubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${err}`);
  return out;
}

/** Runs a script by the node of a Pod's container `app`. */
export function runInApp(namespace: string, pod: string, script: string): Promise<Ended> {
  return runKubectl(["exec", "-n", namespace, pod, "-c", "app", "--", "/usr/local/bin/node", "-e", script]);
}
