// What the API server says of a namespace, mirrored by watching: whoever waits, waits for the event.

import type { Api } from "./api.ts";
import type { EndpointSlice, Pod } from "./objects.ts";

export interface Mirror {
  /** Pods of an app that exist now, by the label `app`. */
  pods(app: string): readonly Pod[];
  /** Endpoint addresses of a Service that traffic goes to while nothing better is there: ready ones. */
  readyEndpoints(service: string): readonly string[];
  /** Resolves with what `find` returns as soon as that is not undefined; rejects after `ms`. */
  until<T>(what: string, find: () => T | undefined, ms?: number): Promise<T>;
  /** Hears each change of a Pod, and those that are there already; `undefined` once it is gone. */
  onPod(listener: (pod: Pod, gone: boolean) => void): void;
  close(): void;
}

type Change<T> = { readonly type: string; readonly object: T };
const PATIENCE_MS = 60_000;

export async function openMirror(api: Api, namespace: string): Promise<Mirror> {
  const pods = new Map<string, Pod>();
  const slices = new Map<string, EndpointSlice>();
  const waiters = new Set<() => void>();
  const listeners = new Set<(pod: Pod, gone: boolean) => void>();
  const ending = new AbortController();

  function wake(): void {
    for (const waiter of [...waiters]) waiter();
  }

  async function follow<T extends { metadata: { name: string } }>(
    path: string,
    into: Map<string, T>,
    onChange: (object: T, gone: boolean) => void,
  ): Promise<void> {
    const list = await api.get<{ metadata: { resourceVersion: string }; items: T[] }>(path);
    for (const item of list.items) into.set(item.metadata.name, item);
    let from = list.metadata.resourceVersion;
    const take = (line: string) => {
      const { type, object } = JSON.parse(line) as Change<T & { metadata: { resourceVersion: string } }>;
      if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") return;
      from = object.metadata.resourceVersion;
      if (type === "DELETED") into.delete(object.metadata.name);
      else into.set(object.metadata.name, object);
      onChange(object, type === "DELETED");
      wake();
    };
    (async () => {
      while (!ending.signal.aborted) {
        // The server ends a watch after some minutes; the next one goes on where it ended.
        await api
          .lines(`${path}?watch=true&resourceVersion=${from}`, take, ending.signal)
          .catch(() => new Promise((resolve) => setTimeout(resolve, 200)));
      }
    })();
  }

  await follow<Pod>(`/api/v1/namespaces/${namespace}/pods`, pods, (pod, gone) => {
    for (const listener of listeners) listener(pod, gone);
  });
  await follow<EndpointSlice>(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    slices,
    () => {},
  );

  return {
    pods: (app) => [...pods.values()].filter(({ metadata }) => metadata.labels?.app === app),
    readyEndpoints: (service) =>
      [...slices.values()]
        .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service)
        .flatMap(({ endpoints }) => endpoints ?? [])
        .filter(({ conditions }) => conditions.ready)
        .flatMap(({ addresses }) => addresses),
    until(what, find, ms = PATIENCE_MS) {
      return new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          waiters.delete(look);
        };
        const look = () => {
          try {
            const found = find();
            if (found === undefined) return;
            end();
            resolve(found);
          } catch (error) {
            end();
            reject(error);
          }
        };
        const timer = setTimeout(() => {
          waiters.delete(look);
          const seen = [...pods.values()].map(
            (pod) =>
              `${pod.metadata.name} ${pod.status.phase} ${JSON.stringify(pod.status.containerStatuses?.map(({ name, ready, state }) => [name, ready, state]))}`,
          );
          reject(new Error(`not seen within ${ms} ms: ${what}\n  ${seen.join("\n  ")}`));
        }, ms);
        waiters.add(look);
        look();
      });
    },
    onPod(listener) {
      listeners.add(listener);
      for (const pod of pods.values()) listener(pod, false);
    },
    close: () => ending.abort(),
  };
}
