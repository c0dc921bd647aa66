// From a command line to the cluster and the workload that it means.

import { type ApiClient, createApiClient } from "../cluster/api-client.ts";
import { loadCredentials } from "../cluster/credentials.ts";
import { findCluster } from "../cluster/kubeconfig-files.ts";
import { findWorkload, parseWorkload, type Workload } from "../cluster/workload.ts";
import type { Terminal } from "./terminal.ts";

interface ClusterValues {
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

export interface Found {
  readonly client: ApiClient;
  readonly workload: Workload;
}

/** Rejects with USAGE, ClusterUnreachable, NotAllowed, ApiRefusal. */
export async function findInCluster(text: string, values: ClusterValues, terminal: Terminal): Promise<Found> {
  const name = parseWorkload(text);
  const config = await findCluster(terminal.env, values.context);
  const client = createApiClient(config, await loadCredentials(config, terminal.env));
  return { client, workload: await findWorkload(client, name, values.namespace ?? config.namespace) };
}
