// The options by which the command line finds a cluster, as kubectl has them.

export const CLUSTER_FLAGS = {
  context: { type: "string" },
  namespace: { type: "string", short: "n" },
} as const;

export const CLUSTER_OPTIONS = [
  ["--namespace, -n NAME", "The namespace; default: the one of the context."],
  [
    "--context NAME",
    "A context of the kubeconfig (KUBECONFIG, or ~/.kube/config); default: the current one.",
  ],
] as const;
