// Everything that the checks know of one workload.

import type { ManifestObject } from "../manifest/documents.ts";
import type { JsonObject } from "../manifest/json-value.ts";
import type { Service } from "../manifest/service.ts";
import type { Container, Workload } from "../manifest/workload.ts";
import type { ClusterVersion } from "./cluster-version.ts";
import type { Sidecar } from "./sidecar.ts";

export interface AppContainer {
  readonly container: Container;
  /** The slot that it says it is; undefined without sluice, or where it does not say. */
  readonly slot: string | undefined;
}

export interface LivePod {
  readonly name: string;
  readonly value: JsonObject;
  /** The spec that its owner would give it now; undefined where the owner has another template for new ones. */
  readonly template: JsonObject | undefined;
  /** What its sluice says of the slots; undefined where that cannot be asked. */
  readonly slots: readonly LiveSlot[] | undefined;
}

export interface LiveSlot {
  readonly name: string;
  /** In plain words, as /readyz and `sluice status` tell it. */
  readonly waitingFor: readonly string[];
}

export interface Facts {
  readonly workload: Workload;
  /** Undefined: the workload runs without sluice. */
  readonly sidecar: Sidecar | undefined;
  /** The containers that serve requests: the slots, or without sluice what Services, probes and ports point at. */
  readonly apps: readonly AppContainer[];
  /** Those whose selector takes in the Pods. */
  readonly services: readonly Service[];
  /** The least number of Pods: of the autoscaler where there is one. Undefined for a DaemonSet and a Pod. */
  readonly replicas: number | undefined;
  /** PodDisruptionBudgets of the Pods. Undefined: nobody could look. */
  readonly budgets: readonly ManifestObject[] | undefined;
  /** NetworkPolicies of the Pods. Undefined: nobody could look. */
  readonly policies: readonly ManifestObject[] | undefined;
  readonly clusterVersion: ClusterVersion | undefined;
  /** Undefined: only manifests were given. */
  readonly pods: readonly LivePod[] | undefined;
}
