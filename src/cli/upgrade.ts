// `sluice upgrade`: the app is upgraded inside its running Pods, which keep their address and their connections.

import { askToPause } from "../cluster/lease.ts";
import { findInCluster } from "./cluster-access.ts";
import { CLUSTER_OPTIONS } from "./cluster-flags.ts";
import { DONE, REFUSED } from "./exit-code.ts";
import { leaseNameOf } from "./upgrade-lease.ts";
import { parseUpgrade } from "./upgrade-options.ts";
import { runUpgrade } from "./upgrade-run.ts";
import { showUpgrade } from "./upgrade-status.ts";
import type { Verb } from "./verb.ts";

export const upgrade: Verb = {
  name: "upgrade",
  usage: "WORKLOAD --image IMAGE [options]  |  WORKLOAD --undo  |  WORKLOAD --pause  |  status WORKLOAD",
  about: [
    "Upgrades the app inside its running Pods, one Pod after another. With two slots the new version starts beside the old one and",
    "takes over when it is ready; with one slot requests are held while its container is replaced. A version that goes bad is",
    "put back by itself. WORKLOAD is deployment/web, sts/db, pod/web-0, or a bare name.",
    "",
    "Started again after an interruption, it goes on where it was. Exit codes: 0 upgraded, 1 put back, refused or interrupted,",
    "64 bad command line, 69 the cluster cannot be reached, 77 not allowed.",
  ].join("\n"),
  options: [
    ["--image IMAGE", "The new version's image."],
    ["--parallel N|P%", "How many Pods at a time; default: 1."],
    ["--timeout DURATION", "From the new image to a version that is ready; default: 2m."],
    ["--commit-window DURATION", "How long it must stay ready before the old version goes; default: 30s."],
    ["--preflight", "First runs one Pod from the template with the new image, outside of every Service."],
    ["--no-pull", "Does not pull the image ahead with a short-lived Pod on each node."],
    [
      "--placeholder IMAGE",
      "What the old version's slot runs afterwards; default: what the idle slot runs now.",
    ],
    [
      "--update-template",
      "Puts the image into the owner's template too, where that rolls no Pods (OnDelete).",
    ],
    ["--retry-now", "Begins although the kubelet's back-off delays an image that was started there before."],
    ["--dry-run", "Shows what would be done, and changes nothing."],
    [
      "--pause",
      "Ends after the first Pod (or share); alone: asks an upgrade that runs to end after the Pods in hand.",
    ],
    ["--undo", "Goes back to the image that ran before, in the same way."],
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    ["upgrade deployment/web --image registry.example/web:v2", "Pod after Pod."],
    ["upgrade sts/db --image db:v8 --preflight --parallel 25%", "After a trial, a quarter at a time."],
    ["upgrade web --image web:v2 --pause", "One Pod as a canary; the same without --pause goes on."],
    ["upgrade status web", "How far it is."],
  ],
  async run(argv, terminal) {
    const options = parseUpgrade(argv);
    const found = await findInCluster(options.workload, options, terminal);
    const { client, workload } = found;
    try {
      if (options.order === "status") {
        await showUpgrade(found, terminal);
        return DONE;
      }
      if (options.order === "pause") {
        const asked = await askToPause(client, workload.namespace, leaseNameOf(workload));
        terminal.out(
          asked
            ? "The upgrade was asked to end after the Pods in hand.\n"
            : `No upgrade of ${workload.title} runs.\n`,
        );
        return asked ? DONE : REFUSED;
      }
      return await runUpgrade(found, options, terminal);
    } finally {
      client.close();
    }
  },
};
