// `sluice uninject`: manifests with sluice in, the original ones out.

import { serviceOf } from "../manifest/service.ts";
import { uninject as uninjectFrom } from "../manifest/uninject.ts";
import { workloadOf } from "../manifest/workload.ts";
import { parseArguments } from "./arguments.ts";
import { USAGE } from "./exit-code.ts";
import { FILES, readManifestInput } from "./manifest-input.ts";
import { printOutcome } from "./manifest-output.ts";
import { demandNamed, onlyOf } from "./only.ts";
import type { Verb } from "./verb.ts";

export const uninject: Verb = {
  name: "uninject",
  usage: "[--only [KIND/]NAME,...] [FILE...]",
  about: [
    "Takes out of the manifests (of the files, or of stdin) what `inject` put in, and puts back what it replaced. What was",
    "changed since then, such as an image, stays changed.",
    "",
    "Exit codes: 0 written; 1 refused; 64 a bad command line, or input that is no manifest. Unless it is 0, nothing is written.",
  ].join("\n"),
  options: [["--only [KIND/]NAME,...", "These workloads and Services only."]],
  examples: [
    ["uninject web.yaml | kubectl apply -f -", "One file."],
    ["uninject < all.yaml > original.yaml", "A stream."],
  ],
  async run(argv, terminal) {
    const { values, positionals } = parseArguments(argv, { only: { type: "string" } }, [FILES]);
    const manifests = await readManifestInput(positionals, terminal);
    if (!manifests) return USAGE;
    const only = onlyOf(values.only);
    const concerned = manifests.objects.filter((object) => workloadOf(object) ?? serviceOf(object));
    demandNamed(only, concerned, "workload or Service");
    return printOutcome(uninjectFrom(manifests, only), "nothing that `inject` put in was found", terminal);
  },
};
