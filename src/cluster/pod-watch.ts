// The Pods of a workload as they are now, by one list and one watch that is opened again whenever it ends.

import { setTimeout as after } from "node:timers/promises";
import type { ApiClient, Selection } from "./api-client.ts";
import { ApiRefusal, isPassing } from "./failure.ts";
import type { Pod } from "./objects.ts";
import { podsOf } from "./workload.ts";

export interface PodWatch {
  /** Sorted by name; those that are not the workload's own left out. */
  pods(): readonly Pod[];
  pod(name: string): Pod | undefined;
  /** Called after each change of any Pod. Returns the way to end it. */
  onChange(listener: () => void): () => void;
  /** Resolves with the first answer that is not undefined; asks again after each change. Rejects when `signal` comes. */
  until<T>(ask: () => T | undefined, signal: AbortSignal): Promise<T>;
  close(): void;
}

const REOPEN_AFTER_MS = 250;

/** Rejects as `list` and the first watch do; later troubles are waited out, with `onTrouble` told, of one kind once. */
export async function watchPods(
  client: ApiClient,
  namespace: string,
  selection: Selection,
  isOwn: (pod: Pod) => boolean,
  onTrouble: (error: unknown) => void,
): Promise<PodWatch> {
  const resource = podsOf(namespace);
  const ending = new AbortController();
  const listeners = new Set<() => void>();
  const known = new Map<string, Pod>();

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };

  async function list(): Promise<string> {
    const { items, version } = await client.list<Pod>(resource, selection);
    known.clear();
    for (const pod of items) known.set(pod.metadata.name, pod);
    tell();
    return version;
  }

  async function follow(from: string): Promise<void> {
    let version: string | undefined = from;
    let told = "";
    while (!ending.signal.aborted) {
      try {
        version ??= await list();
        for await (const { type, object } of client.watch<Pod>(
          resource,
          selection,
          version,
          ending.signal,
          onOpen,
        )) {
          told = "";
          if (type === "ERROR") {
            version = undefined;
            break;
          }
          version = object.metadata.resourceVersion ?? version;
          if (type === "BOOKMARK") continue;
          if (type === "DELETED") known.delete(object.metadata.name);
          else known.set(object.metadata.name, object);
          tell();
        }
      } catch (error) {
        // Who may not watch learns it at once; what worked before may work again, as with a token that has expired.
        if (!isOpened && !isPassing(error) && !isExpired(error)) return opened.reject(error);
        version = undefined;
        const words = error instanceof Error ? error.message : String(error);
        if (!isExpired(error) && words !== told) {
          told = words;
          onTrouble(error);
        }
        await after(REOPEN_AFTER_MS);
      }
    }
  }

  const opened = Promise.withResolvers<void>();
  let isOpened = false;
  const onOpen = () => {
    isOpened = true;
    opened.resolve();
  };
  void follow(await list());
  await opened.promise.catch((error: unknown) => {
    ending.abort();
    throw error;
  });

  const own = () => [...known.values()].filter(isOwn);
  return {
    pods: () => own().sort((a, b) => a.metadata.name.localeCompare(b.metadata.name)),
    pod: (name) => own().find(({ metadata }) => metadata.name === name),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    until(ask, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<NonNullable<ReturnType<typeof ask>>>();
      const look = () => {
        const answer = ask();
        if (answer !== undefined && answer !== null) resolve(answer);
      };
      const leave = () => reject(signal.reason);
      listeners.add(look);
      signal.addEventListener("abort", leave, { once: true });
      if (signal.aborted) leave();
      else look();
      return promise.finally(() => {
        listeners.delete(look);
        signal.removeEventListener("abort", leave);
      });
    },
    close: () => ending.abort(),
  };
}

/** What happened since that version is no longer kept. */
function isExpired(error: unknown): boolean {
  return error instanceof ApiRefusal && error.status === 410;
}
