// `sluice check`: finds what drops requests, in manifests or in a live workload.

import { CHECKS } from "../check/catalogue.ts";
import { type ClusterVersion, parseClusterVersion } from "../check/cluster-version.ts";
import type { Severity } from "../check/finding.ts";
import { type Inspection, inspect } from "../check/inspect.ts";
import { survey } from "../check/survey.ts";
import { nearest } from "../config/nearest.ts";
import { SluiceError } from "../errors.ts";
import { flawsOf } from "../manifest/template-flaws.ts";
import { choose, parseArguments } from "./arguments.ts";
import type { LiveFacts, LiveQuestion } from "./check-live.ts";
import { countOf, formatCatalogue, formatJson, formatReport } from "./check-report.ts";
import { DONE, REFUSED, USAGE } from "./exit-code.ts";
import { FILES, readManifestInput } from "./manifest-input.ts";
import type { Terminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";

/** `deployment/web`; a path that looks so is written with a dot: `./deployment/web`. */
const WORKLOAD =
  /^(?:deployments?|deploy|statefulsets?|sts|daemonsets?|ds|replicasets?|rs|clonesets?|pods?|po)(?:\.[a-z0-9.]+)?\/[^/]+$/i;

export const check: Verb = {
  name: "check",
  usage: "[options] [FILE... | WORKLOAD...]",
  about: [
    "Finds what drops requests when Pods stop, start and change: in manifests (files, or stdin), or in live workloads such as",
    "deployment/web. It is of use without sluice too. Each finding says what is wrong and where, why it drops requests, and how",
    "to mend it. Services, PodDisruptionBudgets and NetworkPolicies among the manifests are taken into account.",
    "",
    "Exit codes: 0 nothing found; 1 something found, or a workload that is none (stderr says why: no containers, an image that",
    "cannot be one); 64 a bad command line or no manifests; 69 the cluster cannot be reached; 77 it does not allow it.",
  ].join("\n"),
  options: [
    ["--output, -o FORMAT", "text (default), or json."],
    ["--ignore ID,...", "Leaves out these checks."],
    ["--severity LEAST", "warning (default), or error: leaves out warnings."],
    ["--cluster-version 1.34", "What the manifests are for; of a live workload it is asked."],
    ["--namespace, -n NAME", "Of live workloads; default: the context's."],
    ["--context NAME", "Of the kubeconfig (KUBECONFIG); default: the current one."],
    ["--list", "Lists every check, and finds nothing."],
  ],
  examples: [
    ["check k8s/*.yaml", "Manifests that belong together."],
    ["check --severity error < rendered.yaml", "What `helm template` has written, for example."],
    ["check deployment/web -n shop", "What runs now."],
    ["check - --output json | jq -r '.workloads[].findings[].id'", "For a script."],
  ],
  async run(argv, terminal) {
    const { values, positionals } = parseArguments(
      argv,
      {
        output: { type: "string", short: "o" },
        ignore: { type: "string" },
        severity: { type: "string" },
        "cluster-version": { type: "string" },
        namespace: { type: "string", short: "n" },
        context: { type: "string" },
        list: { type: "boolean" },
      },
      [FILES],
    );
    if (values.list) {
      terminal.out(formatCatalogue());
      return DONE;
    }
    const output = choose("--output", values.output, ["text", "json"]);
    const least = choose("--severity", values.severity, ["warning", "error"]);
    const ignored = idsOf(values.ignore);
    const clusterVersion = versionOf(values["cluster-version"]);
    const live = positionals.filter((word) => WORKLOAD.test(word));
    if (live.length > 0 && live.length < positionals.length) {
      throw new SluiceError("USAGE", "give manifests or live workloads, not both at once");
    }
    if (live.length === 0 && (values.namespace !== undefined || values.context !== undefined)) {
      throw new SluiceError(
        "USAGE",
        "--namespace and --context are for live workloads, such as deployment/web",
      );
    }
    const { namespace, context } = values;
    const found =
      live.length > 0
        ? await inspectLive({ workloads: live, namespace, context, clusterVersion }, ignored, terminal)
        : await inspectManifests(positionals, clusterVersion, ignored, terminal);
    if (typeof found === "number") return found;
    const shown = found.inspections.map((one) => atLeast(one, least));
    terminal.out(
      output === "json" ? formatJson(shown, found.unseen) : formatReport(shown, found.unseen, terminal),
    );
    const { errors, warnings } = countOf(shown);
    return errors + warnings === 0 ? DONE : REFUSED;
  },
};

interface Found {
  readonly inspections: readonly Inspection[];
  readonly unseen: readonly string[];
}

/** The exit code after what is wrong with the manifests has been told. */
async function inspectManifests(
  files: readonly string[],
  clusterVersion: ClusterVersion | undefined,
  ignored: ReadonlySet<string>,
  terminal: Terminal,
): Promise<Found | number> {
  const manifests = await readManifestInput(files, terminal);
  if (!manifests) return USAGE;
  const facts = await survey(manifests.objects, { clusterVersion, unseen: new Set() });
  if (facts.length === 0) {
    throw new SluiceError(
      "USAGE",
      "nothing to check: there is no Deployment, StatefulSet, DaemonSet, ReplicaSet, CloneSet or Pod",
    );
  }
  // Where there is nothing to look at, nothing is found: that would pass for a workload in order.
  const flaws = facts.flatMap(({ workload }) => flawsOf(workload).map((flaw) => ({ workload, flaw })));
  for (const { workload, flaw } of flaws) {
    const { file, line } = workload.object;
    terminal.err(`${terminal.paint.red(`${terminal.name}:`)} ${file}:${line}: ${workload.title}: ${flaw}\n`);
  }
  if (flaws.length > 0) return REFUSED;
  return { inspections: inspect(facts, manifests.files, ignored), unseen: [] };
}

async function inspectLive(
  { workloads, ...question }: Omit<LiveQuestion, "workload"> & { readonly workloads: readonly string[] },
  ignored: ReadonlySet<string>,
  terminal: Terminal,
): Promise<Found> {
  // Only now: manifests are checked without any of the code that talks to a cluster.
  const { liveFacts } = await import("./check-live.ts");
  const all: LiveFacts[] = [];
  for (const workload of workloads) all.push(await liveFacts({ ...question, workload }, terminal));
  return {
    inspections: all.flatMap(({ facts }) => inspect([facts], [], ignored)),
    unseen: [...new Set(all.flatMap(({ unseen }) => unseen))],
  };
}

function atLeast({ facts, findings }: Inspection, least: Severity): Inspection {
  return { facts, findings: findings.filter(({ severity }) => least === "warning" || severity === "error") };
}

function idsOf(text: string | undefined): ReadonlySet<string> {
  const ids = (text ?? "").split(",").filter((id) => id !== "");
  const known = CHECKS.map(({ id }) => id);
  for (const id of ids) {
    if (known.includes(id)) continue;
    const guess = nearest(id, known);
    throw new SluiceError(
      "USAGE",
      `there is no check ${id}${guess === undefined ? "; --list lists them" : `; did you mean ${guess}?`}`,
    );
  }
  return new Set(ids);
}

function versionOf(text: string | undefined): ClusterVersion | undefined {
  if (text === undefined) return undefined;
  const version = parseClusterVersion(text);
  if (!version) throw new SluiceError("USAGE", `--cluster-version takes a version such as 1.34, not ${text}`);
  return version;
}
