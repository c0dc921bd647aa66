// The stage of a test file: a namespace of its own under `restricted` Pod Security, the station, and what is deployed there.

import { type Api, openApi } from "./api.ts";
import { type Images, imagesFrom } from "./images.ts";
import { beginRun, type LoadRun } from "./load-run.ts";
import { type KubeObject, makeManifest, type Wish } from "./manifest.ts";
import { type Mirror, openMirror } from "./mirror.ts";
import { isLeaving, isReady, type Pod } from "./objects.ts";
import { followSidecars, type Sidecars } from "./sidecars.ts";

export interface Deployed {
  readonly wish: Wish;
  /** The label `app`, and the name of Deployment and Service. */
  readonly app: string;
  readonly path: string;
  readonly host: string;
  readonly port: number;
  /** Pods that are not being deleted. */
  pods(): readonly Pod[];
  /** Puts another image into the template, as a release does, and resolves when only its Pods serve; others may be ending. */
  roll(tag: string): Promise<void>;
  /** Puts another image into a container of a running Pod. */
  patchImage(pod: string, container: string, image: string): Promise<void>;
  /** Resolves when the mirror knows of it as well, so that `steady` is not told of the time before. */
  deletePod(pod: string, graceSeconds?: number): Promise<void>;
  /** Resolves when the Pod is being deleted, or has been. */
  left(pod: string): Promise<true>;
  /** Resolves when so many Pods are ready and no other is left. */
  steady(replicas?: number): Promise<void>;
  scale(replicas: number): Promise<void>;
}

export interface Stage {
  readonly api: Api;
  readonly images: Images;
  readonly namespace: string;
  readonly mirror: Mirror;
  readonly sidecars: Sidecars;
  /** Path of the namespace in the core API. */
  readonly path: string;
  /** Applies the manifest without waiting for its Pods. */
  apply(wish: Wish): Promise<Deployed>;
  /** Applies the manifest; resolves when the Service reaches the Pods. */
  deploy(wish: Wish): Promise<Deployed>;
  begin(deployed: Deployed): Promise<LoadRun>;
  /** Ends what was deployed, without waiting for it. */
  discard(deployed: Deployed): Promise<void>;
  /** Resolves when no Pod of the app is left. */
  vacant(app: string): Promise<void>;
  close(): Promise<void>;
}

const RESTRICTED = {
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};
const COLLECTIONS: Readonly<Record<string, string>> = {
  Service: "api/v1",
  Deployment: "apis/apps/v1",
  PodDisruptionBudget: "apis/policy/v1",
};
const PLURALS: Readonly<Record<string, string>> = {
  Service: "services",
  Deployment: "deployments",
  PodDisruptionBudget: "poddisruptionbudgets",
};

export async function openStage(name: string, env: NodeJS.ProcessEnv): Promise<Stage> {
  const api = await openApi(env.KUBECONFIG);
  const images = imagesFrom(env);
  const namespace = `promise-${name}-${Math.random().toString(36).slice(2, 7)}`;
  await api.post("/api/v1/namespaces", {
    metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  const path = `/api/v1/namespaces/${namespace}`;
  const mirror = await openMirror(api, namespace);
  const sidecars = followSidecars(api, namespace, mirror);
  // Pods cannot be made before the namespace has its service account.
  for (const limit = performance.now() + 30_000; ; ) {
    const { status, text } = await api.call("POST", `${path}/pods`, stationPod(images));
    if (status < 300) break;
    if (performance.now() > limit) throw new Error(`the station is refused: ${status} ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const station = await mirror.until("the station runs", () => mirror.pods("station").find(isReady));
  const stationPath = `${path}/pods/station:9000/proxy`;
  let runs = 0;

  async function create(object: KubeObject): Promise<void> {
    const collection = COLLECTIONS[object.kind];
    if (!collection) throw new Error(`no collection for ${object.kind}`);
    await api.post(`/${collection}/namespaces/${namespace}/${PLURALS[object.kind]}`, object);
  }

  async function apply(wish: Wish): Promise<Deployed> {
    for (const object of makeManifest(wish, images, `${station.status.podIP}:9001`)) await create(object);
    const service = await api.get<{ spec: { clusterIP: string } }>(`${path}/services/${wish.name}`);
    const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/${wish.name}`;
    const left = (name: string) =>
      mirror.until(`${name} is leaving`, () => {
        const pod = mirror.pods(wish.name).find(({ metadata }) => metadata.name === name);
        return pod === undefined || isLeaving(pod) ? true : undefined;
      });
    const pods = () => mirror.pods(wish.name).filter((pod) => !isLeaving(pod));
    return {
      wish,
      app: wish.name,
      path: deployment,
      host: service.spec.clusterIP,
      port: 80,
      pods,
      async roll(tag) {
        await api.patch(deployment, {
          spec: {
            template: {
              metadata: { labels: { version: tag } },
              spec: { containers: [{ name: "app", image: images.app(tag) }] },
            },
          },
        });
        await mirror.until(
          `${wish.name}: only ${tag} is left`,
          () => {
            const all = pods();
            const isDone = all.every((pod) => pod.metadata.labels?.version === tag && isReady(pod));
            return isDone && all.length === wish.replicas ? true : undefined;
          },
          180_000,
        );
      },
      async patchImage(pod, container, image) {
        await api.patch(`${path}/pods/${pod}`, { spec: { containers: [{ name: container, image }] } });
      },
      async deletePod(pod, graceSeconds) {
        await api.remove(
          `${path}/pods/${pod}`,
          graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds },
        );
        await left(pod);
      },
      left,
      async steady(replicas = wish.replicas) {
        await mirror.until(
          `${wish.name}: ${replicas} Pods ready, no other left`,
          () => {
            const all = mirror.pods(wish.name);
            const areReady = all.length === replicas && all.every((pod) => isReady(pod) && !isLeaving(pod));
            return areReady && mirror.readyEndpoints(wish.name).length === replicas ? true : undefined;
          },
          120_000,
        );
      },
      async scale(replicas) {
        await api.patch(deployment, { spec: { replicas } });
      },
    };
  }

  return {
    api,
    images,
    namespace,
    mirror,
    sidecars,
    path,
    apply,
    async deploy(wish) {
      const deployed = await apply(wish);
      await deployed.steady();
      for (const limit = performance.now() + 15_000; ; ) {
        const { host, port } = deployed;
        const { reached } = await api.post<{ reached: boolean }>(`${stationPath}/reach`, { host, port });
        if (reached) return deployed;
        if (performance.now() > limit) throw new Error(`${wish.name}: its Service is not reached`);
      }
    },
    begin: ({ host, port, app }) =>
      beginRun(api, stationPath, `${app.replaceAll("-", "")}${(++runs).toString(36)}`, { host, port }),
    async discard({ app, path: deployment }) {
      await api.remove(deployment);
      await api.remove(`${path}/services/${app}`);
    },
    async vacant(app) {
      const isVacant = () => (mirror.pods(app).length === 0 ? true : undefined);
      await mirror.until(`${app}: its Pods are gone`, isVacant, 120_000);
    },
    async close() {
      mirror.close();
      sidecars.close();
      await api.remove(`/api/v1/namespaces/${namespace}`);
      api.close();
    },
  };
}

function stationPod(images: Images): unknown {
  return {
    metadata: { name: "station", labels: { app: "station" } },
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: RESTRICTED,
      containers: [
        {
          name: "station",
          image: images.tools,
          imagePullPolicy: "IfNotPresent",
          command: ["/usr/local/bin/node", "/sluice/loadtest/station/main.ts"],
          readinessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
          securityContext: {
            runAsUser: 65532,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}
