// `sluice inject`: manifests in, the same manifests with sluice in place out.

import { SluiceError } from "../errors.ts";
import { inject as injectInto } from "../manifest/inject.ts";
import type { InjectOptions } from "../manifest/inject-options.ts";
import { isJob, workloadOf } from "../manifest/workload.ts";
import { VERSION } from "../version.ts";
import { parseArguments } from "./arguments.ts";
import { USAGE } from "./exit-code.ts";
import { FILES, readManifestInput } from "./manifest-input.ts";
import { printOutcome } from "./manifest-output.ts";
import { demandNamed, onlyOf } from "./only.ts";
import type { Verb } from "./verb.ts";

const DEFAULT_IMAGE = `sluice:${VERSION}`;
const DEFAULT_PLACEHOLDER = "registry.k8s.io/pause:3.10";

export const inject: Verb = {
  name: "inject",
  usage: "[options] [FILE...] [-- OPTIONS OF RUN]",
  about: [
    "Writes the manifests (of the files, or of stdin) with sluice in every Deployment, StatefulSet, DaemonSet, ReplicaSet,",
    "CloneSet and Pod, and with their Services leading to it. Comments and the order of keys stay; everything else stays",
    "byte by byte. What was injected before is injected anew with these options. The report is on stderr.",
    "",
    "Exit codes: 0 written; 1 refused, with the reason and the way out; 64 a bad command line, or input that is no manifest. Unless it is",
    "0, nothing is written.",
  ].join("\n"),
  options: [
    ["--image IMAGE", `sluice's own image. Default: ${DEFAULT_IMAGE}.`],
    ["--classic", "An ordinary container instead of a native sidecar: for Kubernetes before 1.29."],
    ["--slots 1|2", "Two slots: the app is upgraded inside the Pod. Default: 1."],
    [
      "--placeholder IMAGE",
      `What runs in the idle slot: does nothing, obeys SIGTERM. Default: ${DEFAULT_PLACEHOLDER}.`,
    ],
    ["--container NAME", "The app's container, where there are several."],
    ["--port NAME|NUMBER", "The app's port that carries the requests, where it has several."],
    ["--app-port PORT", "The port is fixed in the app's image; sluice then listens on 18080, or --listen."],
    ["--listen PORT", "Where sluice takes the requests. Default: the port that was the app's."],
    ["--only [KIND/]NAME,...", 'These workloads only. An annotation sluice/inject: "false" leaves one out.'],
    ["-- --drain-delay 10s ...", "Options of `run`. They go before what is taken from the manifest."],
  ],
  examples: [
    ["inject deployment.yaml | kubectl apply -f -", "One file."],
    ["inject --slots 2 --image example.com/sluice:1 *.yaml > all.yaml", "Many, for upgrades in the Pod."],
    ["inject --app-port 8080 web.yaml -- --handshake off", "An image that cannot be changed."],
    ["inject < rendered.yaml", "As Helm's post-renderer would call it."],
  ],
  async run(argv, terminal) {
    const end = argv.indexOf("--");
    const { values, positionals } = parseArguments(
      end === -1 ? argv : argv.slice(0, end),
      {
        image: { type: "string" },
        classic: { type: "boolean" },
        slots: { type: "string" },
        placeholder: { type: "string" },
        container: { type: "string" },
        port: { type: "string" },
        "app-port": { type: "string" },
        listen: { type: "string" },
        only: { type: "string" },
      },
      [FILES],
    );
    const options: InjectOptions = {
      image: imageName("--image", values.image ?? DEFAULT_IMAGE),
      classic: values.classic ?? false,
      slots: slotCount(values.slots),
      placeholder: imageName("--placeholder", values.placeholder ?? DEFAULT_PLACEHOLDER),
      container: values.container,
      port: portNameOf(values.port),
      appPort: portOf("--app-port", values["app-port"]),
      listen: portOf("--listen", values.listen),
      only: onlyOf(values.only),
      flags: end === -1 ? [] : argv.slice(end + 1),
    };
    const manifests = await readManifestInput(positionals, terminal);
    if (!manifests) return USAGE;
    demandNamed(
      options.only,
      manifests.objects.filter((object) => workloadOf(object) ?? isJob(object)),
      "workload",
    );
    const nothing =
      "nothing to put sluice into: no Deployment, StatefulSet, DaemonSet, ReplicaSet, CloneSet or Pod";
    return printOutcome(await injectInto(manifests, options), nothing, terminal);
  },
};

/** distribution/reference: registry and path, then a tag or a digest. */
const IMAGE =
  /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

function imageName(option: string, text: string): string {
  if (IMAGE.test(text)) return text;
  throw new SluiceError(
    "USAGE",
    `${option} takes an image such as example.com/sluice:1.2, not ${JSON.stringify(text)}`,
  );
}

function slotCount(text: string | undefined): 1 | 2 {
  if (text === undefined || text === "1") return 1;
  if (text === "2") return 2;
  throw new SluiceError("USAGE", `--slots takes 1 or 2, not ${text}; their addresses go behind \`--\``);
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^:?\d{1,5}$/.test(text) ? Number(text.replace(":", "")) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new SluiceError("USAGE", `${option} takes a port from 1 to 65535, not ${text}`);
}

/** A name has a letter in it (RFC 6335 5.1). */
function portNameOf(text: string | undefined): string | undefined {
  return text !== undefined && /[a-z]/i.test(text) ? text : portOf("--port", text)?.toString();
}
