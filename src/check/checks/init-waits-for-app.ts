import { commandLine } from "../command-line.ts";
import type { Facts } from "../facts.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const initWaitsForApp: Check = {
  id: "init-waits-for-app",
  severity: "error",
  title: "An init container waits for something that starts only after it.",
  why:
    "Containers start when all init containers have ended. One that waits for the app's own port, or through the Service for a first Pod that " +
    "is ready, waits for ever: the Pod never starts, and a rolling update hangs with the old version half gone.",
  find(facts) {
    const { workload } = facts;
    return workload.initContainers
      .filter((container) => !container.isNativeSidecar && container !== facts.sidecar?.container)
      .flatMap((container) => {
        const text = [...commandLine(container), ...container.env.values()].join(" ");
        const waited = waitedFor(text, facts);
        if (waited === undefined) return [];
        return [
          {
            at: inContainer(workload, container, container.command ? "command" : "args"),
            what: `init container ${container.name} waits for ${waited}, which this Pod serves itself`,
            fix: "Let the app itself wait for what it needs, and be not ready until then; or wait for another Service.",
          },
        ];
      });
  },
};

function waitedFor(text: string, { workload, sidecar, services }: Facts): string | undefined {
  const declared = workload.containers.flatMap(({ ports }) => ports.map(({ number }) => number));
  const slots = (sidecar?.config?.slots ?? []).map(({ port }) => port);
  const own = new Set([...declared, ...slots, ...(sidecar ? [sidecar.listenPort] : [])]);
  for (const [all, port] of text.matchAll(
    /(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?::|\s+)(\d+)(?!\.\d)/g,
  )) {
    // sluice as a native sidecar stands already; the app does not.
    if (own.has(Number(port)) || (sidecar && Number(port) === sidecar.opsPort && /readyz/.test(text)))
      return all;
  }
  const service = services.find(({ object: { name } }) => {
    const literal = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(
      `(?:://|\\s-z\\s+(?:-\\S+\\s+)*)${literal}(?![\\w-])|(?<![\\w.-])${literal}(?:\\.[\\w.-]+)?:\\d+`,
    ).test(text);
  });
  return service?.title;
}
