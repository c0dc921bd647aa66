import type { Container, Workload } from "../../manifest/workload.ts";
import type { Check, Trace } from "../finding.ts";
import { inContainer, inPodSpec } from "../place.ts";
import type { Sidecar } from "../sidecar.ts";

export const socketNotMounted: Check = {
  id: "socket-not-mounted",
  severity: "error",
  title: "The app cannot reach sluice's control socket.",
  why:
    "The app shakes hands over the socket. Where app and sluice do not share its folder, the handshake fails, and the Pod never gets ready. A folder that other Pods " +
    "share as well (hostPath, a claim) lets the app shake hands with another Pod's sluice.",
  find({ workload, sidecar, apps }) {
    const config = sidecar?.config;
    if (!sidecar || !config || config.handshake === "off") return [];
    return apps.flatMap(({ container }) => traceOf(workload, container, sidecar));
  },
};

function traceOf(workload: Workload, container: Container, sidecar: Sidecar): readonly Trace[] {
  const control = container.env.get("SLUICE_CONTROL");
  const isElsewhere = container.env.has("SLUICE_CONTROL") && control === undefined;
  const place = inContainer(workload, container, "volumeMounts");
  if (isElsewhere) return [];
  const first = (control ?? "/run/sluice/control.sock").split(",")[0]!;
  if (!first.includes("/") || first.includes("://")) return addressTrace(workload, container, sidecar, first);

  const paths = (sidecar.config?.control ?? []).flatMap((address) =>
    "path" in address ? [address.path] : [],
  );
  const own = locate(container, first);
  const theirs = paths.map((path) => locate(sidecar.container, path)).find((mount) => mount !== undefined);
  const fix = "Mount one emptyDir at /run/sluice in both, and set SLUICE_CONTROL=/run/sluice/control.sock.";
  if (!theirs) {
    return [
      {
        at: inContainer(workload, sidecar.container, "volumeMounts"),
        what: `sluice has no volume at the folder of its socket (${paths.join(", ") || "none is configured"})`,
        fix,
      },
    ];
  }
  if (!own)
    return [{ at: place, what: `container ${container.name} has no volume at the folder of ${first}`, fix }];
  if (own.volume !== theirs.volume || own.file !== theirs.file) {
    return [
      {
        at: place,
        what: `container ${container.name} looks for ${own.file} in volume ${own.volume}, and sluice makes ${theirs.file} in ${theirs.volume}`,
        fix,
      },
    ];
  }
  const index = workload.volumes.findIndex(({ name }) => name === own.volume);
  const volume = workload.volumes[index];
  if (volume && volume.emptyDir === undefined) {
    return [
      {
        at: inPodSpec(workload, "volumes", index),
        what: `volume ${own.volume} is no emptyDir: other Pods may share it`,
        fix,
      },
    ];
  }
  return [];
}

function addressTrace(
  workload: Workload,
  container: Container,
  { config }: Sidecar,
  address: string,
): readonly Trace[] {
  const port = Number(/:(\d+)\/?$/.exec(address)?.[1]);
  const ports = (config?.control ?? []).flatMap((one) => ("port" in one ? [one.port] : []));
  if (ports.includes(port)) return [];
  return [
    {
      at: inContainer(workload, container, "env"),
      what: `container ${container.name} shakes hands at ${address}, and sluice listens there at ${ports.join(", ") || "no port"}`,
      fix: "Let SLUICE_CONTROL and --control name the same address.",
    },
  ];
}

/** The volume that holds the path, and the path within it. */
function locate(
  { mounts }: Container,
  path: string,
): { readonly volume: string; readonly file: string } | undefined {
  const within = mounts
    .map((mount) => ({ ...mount, folder: `${mount.path.replace(/\/$/, "")}/` }))
    .filter(({ folder }) => path.startsWith(folder))
    .sort((left, right) => right.folder.length - left.folder.length)[0];
  return within && { volume: within.volume, file: path.slice(within.folder.length) };
}
