// Two-slot Pods in memory, with a kubelet and a sidecar that do at once what they are told: what an upgrade meets, without a cluster.

import type { Status } from "../api/backend.ts";
import type { ApiClient } from "../cluster/api-client.ts";
import type { ContainerStatus, Pod } from "../cluster/objects.ts";
import type { PodWatch } from "../cluster/pod-watch.ts";
import { parseRecord, RECORD_ANNOTATION } from "../upgrade/record.ts";
import { decideAll, type Rollout, rollOut } from "./rollout.ts";
import type { MakeApi } from "./sidecar-road.ts";

export interface FakePod {
  readonly name: string;
  /** Container and image. */
  readonly images: Record<string, string>;
  readonly lives: Record<string, number>;
  active: string;
  ready: boolean;
  /** Of the app in the active slot. */
  appReady: boolean;
  annotation: string | undefined;
  isLeaving: boolean;
}

const CONTAINERS: Readonly<Record<string, string>> = { a: "app", b: "app-b" };
const PLACEHOLDER = "pause:1";

/** `onPatch` comes before each patch of a Pod, and may throw what the API server would answer. */
export function createPods(
  names: readonly string[],
  hooks: {
    readonly onPatch?: (pod: FakePod, images: Readonly<Record<string, string>>) => void;
    readonly onStatus?: (pod: FakePod) => Promise<void>;
    /** The streams of the timelines hang: nothing that happens is told. */
    readonly isDeaf?: boolean;
  } = {},
) {
  const pods = names.map(
    (name): FakePod => ({
      name,
      images: { app: "app:v1", "app-b": PLACEHOLDER },
      lives: { app: 1, "app-b": 1 },
      active: "a",
      ready: true,
      appReady: true,
      annotation: undefined,
      isLeaving: false,
    }),
  );
  const listeners = new Set<() => void>();
  let version = 0;
  const find = (name: string) => pods.find((pod) => pod.name === name);
  const streams = new Set<() => void>();
  const tell = () => {
    version++;
    for (const listener of [...listeners]) listener();
    for (const stream of streams) stream();
    streams.clear();
  };

  const watch: PodWatch = {
    pods: () => pods.map((pod) => objectOf(pod, version)),
    pod(name) {
      const found = find(name);
      return found && objectOf(found, version);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    until: (ask) => Promise.resolve(ask() as never),
    close() {},
  };

  async function patch(_resource: unknown, name: string, change: unknown): Promise<never> {
    const { metadata, spec } = change as {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec?: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
    };
    const pod = find(name)!;
    const images = Object.fromEntries((spec?.containers ?? []).map((one) => [one.name, one.image]));
    hooks.onPatch?.(pod, images);
    pod.annotation = metadata.annotations[RECORD_ANNOTATION];
    for (const [container, image] of Object.entries(images)) {
      if (pod.images[container] === image) continue;
      pod.images[container] = image;
      pod.lives[container] = (pod.lives[container] ?? 0) + 1;
      const slot = Object.keys(CONTAINERS).find((one) => CONTAINERS[one] === container)!;
      if (image !== PLACEHOLDER && pod.active !== slot) pod.active = slot;
    }
    tell();
    return undefined as never;
  }

  const makeApi: MakeApi = ({ name }) => {
    const pod = find(/^pod\/(\S+)/.exec(name)?.[1] ?? "")!;
    return {
      async call(path) {
        if (path !== "/v1/status") {
          pod.active = path.split("/")[3] ?? "";
          return {};
        }
        await hooks.onStatus?.(pod);
        return statusOf(pod);
      },
      async *lines(path) {
        if (path.includes("follow=false")) return;
        for (;;) {
          await new Promise<void>((resolve) => hooks.isDeaf || streams.add(resolve));
          yield { type: "something" };
        }
      },
    };
  };

  return {
    pods,
    tell,
    phaseOf: (pod: FakePod | undefined) => parseRecord(pod?.annotation)?.phase,
    /** Decides on all, and rolls. */
    async roll(more: Partial<Rollout> = {}) {
      const rollout: Rollout = {
        client: { patch } as unknown as ApiClient,
        makeApi,
        watch,
        namespace: "shop",
        goal: { image: "app:v2", placeholder: undefined, anyway: false },
        limits: { timeoutMs: 2_000, windowMs: 0 },
        share: () => 1,
        onlyFirst: false,
        by: "me",
        say: () => {},
        interrupted: new AbortController().signal,
        paused: new AbortController().signal,
        dropped: new AbortController().signal,
        ...more,
      };
      return rollOut(rollout, await decideAll(rollout));
    },
  };
}

function objectOf({ name, images, lives, ready, annotation, isLeaving }: FakePod, version: number): Pod {
  const status = (container: string): ContainerStatus => ({
    name: container,
    containerID: `${container}-${lives[container]}`,
    imageID: `sha-${images[container]}`,
    state: { running: {} },
  });
  const slot = (one: string) => ({
    name: CONTAINERS[one]!,
    image: images[CONTAINERS[one]!]!,
    env: [{ name: "SLUICE_SLOT", value: one }],
  });
  return {
    metadata: {
      name,
      namespace: "shop",
      uid: name,
      resourceVersion: `${version}`,
      ...(isLeaving ? { deletionTimestamp: "2026-11-23T12:00:00Z" } : {}),
      ...(annotation === undefined ? {} : { annotations: { [RECORD_ANNOTATION]: annotation } }),
    },
    spec: { containers: [slot("a"), slot("b")], initContainers: [{ name: "sluice" }] },
    status: {
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [status("app"), status("app-b")],
    },
  };
}

function statusOf({ images, lives, active, appReady }: FakePod): Status {
  const slots = Object.entries(CONTAINERS).map(([name, container]) => {
    const isEmpty = images[container] === PLACEHOLDER;
    const ready = !isEmpty && (name !== active || appReady);
    return {
      name,
      state: isEmpty ? "empty" : name === active ? "active" : "standby",
      instance: isEmpty ? undefined : `${container}-${lives[container]}`,
      version: isEmpty ? undefined : images[container],
      ready,
      waitingFor: ready ? [] : ["its probe fails"],
    };
  });
  const ended = { answered: 0, client_aborted: 0, refused: 0, failed: 0, deadline: 0 };
  const account = { accepted: 0, inFlight: 0, ended };
  return { active, slots, account, uptimeMs: 1 } as unknown as Status;
}
