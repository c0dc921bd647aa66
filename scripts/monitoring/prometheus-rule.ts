// The rules of k8s/monitoring as the Prometheus operator takes them: the same text, indented under a head.

const HEAD = `# Written by \`node scripts/monitoring/write.ts\` from rules.yaml: change that one.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: sluice
spec:
`;

/** `rules`: the text of a rules file. */
export function prometheusRule(rules: string): string {
  const from = rules.indexOf("groups:\n");
  if (from === -1) throw new Error("the rules file has no groups");
  const lines = rules.slice(from).trimEnd().split("\n");
  return `${HEAD}${lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n")}\n`;
}
