// Where kubeconfigs are: KUBECONFIG, ~/.kube/config, or, in a Pod, its service account.

import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { SluiceError } from "../errors.ts";
import { readYamlSource } from "../manifest/yaml-source.ts";
import { type ClusterConfig, type ConfigFile, chooseContext } from "./kubeconfig.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What the surroundings say about the context (the current one if undefined). Rejects with USAGE. */
export async function findCluster(env: Environment, context: string | undefined): Promise<ClusterConfig> {
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  const paths = listed.length > 0 ? listed : env.HOME ? [join(env.HOME, ".kube", "config")] : [];
  const files = (await Promise.all(paths.map(readConfig))).filter((file) => file !== undefined);
  if (files.length > 0) return chooseContext(files, context);
  if (listed.length === 0 && context === undefined) {
    const inside = await inPod(env);
    if (inside) return inside;
  }
  throw new SluiceError(
    "USAGE",
    `there is no kubeconfig at ${paths.join(", ") || "~/.kube/config"}: set KUBECONFIG to the path of one`,
  );
}

/** Undefined where there is no such file: kubectl passes over those as well. */
async function readConfig(path: string): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SluiceError("USAGE", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const source = readYamlSource(text);
  if ("problems" in source) {
    const [problem] = source.problems;
    throw new SluiceError("USAGE", `${path} is no kubeconfig: line ${problem?.line}: ${problem?.message}`);
  }
  return { path, value: source.documents.find(({ root }) => root !== undefined)?.value ?? null };
}

async function inPod(env: Environment): Promise<ClusterConfig | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) return undefined;
  let namespace: string;
  try {
    namespace = await readFile(join(SERVICE_ACCOUNT, "namespace"), "utf8");
  } catch {
    return undefined;
  }
  return {
    context: "service account of this Pod",
    server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`),
    authority: { path: join(SERVICE_ACCOUNT, "ca.crt") },
    insecure: false,
    serverName: undefined,
    proxy: undefined,
    namespace: namespace.trim(),
    identity: {
      certificate: undefined,
      key: undefined,
      token: undefined,
      tokenFile: join(SERVICE_ACCOUNT, "token"),
      basic: undefined,
      exec: undefined,
    },
  };
}
