// One upgrade of a workload at a time: a Lease that its holder renews, and that ends by itself when the holder is gone.

import { setTimeout as after } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import { isConflict, isNotFound } from "./failure.ts";
import type { Metadata } from "./objects.ts";
import type { Resource } from "./resource.ts";

const DURATION_S = 15;
const RENEW_EVERY_MS = 4_000;
/** Set by somebody else on a Lease that is held: its holder is asked to pause. */
const PAUSE = "sluice/pause";

interface LeaseObject {
  readonly apiVersion: "coordination.k8s.io/v1";
  readonly kind: "Lease";
  readonly metadata: Metadata;
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

export interface Holding {
  readonly holder: string;
  readonly since: string;
  readonly isPausing: boolean;
}

/** Somebody else holds it. */
export class LeaseTaken extends Error {
  override readonly name = "LeaseTaken";
  readonly holding: Holding;

  constructor(holding: Holding, what = "it") {
    super(
      `another upgrade of ${what} runs, by ${holding.holder} since ${holding.since}: wait for it, or ask it to --pause`,
    );
    this.holding = holding;
  }
}

export interface Lease {
  /** Aborted when the Lease could not be kept: nothing may be changed any more. */
  readonly lost: AbortSignal;
  /** Aborted when somebody asks the holder to pause. */
  readonly pause: AbortSignal;
  release(): Promise<void>;
}

export function leasesOf(namespace: string): Resource {
  return { group: "coordination.k8s.io", version: "v1", resource: "leases", namespace };
}

/** Who holds it at the moment `now` (ms since 1970); undefined: nobody, or one who has not renewed it in time. */
function holdingOf(lease: LeaseObject | undefined, now: number): Holding | undefined {
  const { holderIdentity, renewTime, acquireTime, leaseDurationSeconds = DURATION_S } = lease?.spec ?? {};
  if (!lease || !holderIdentity || !renewTime) return undefined;
  if (Date.parse(renewTime) + leaseDurationSeconds * 1_000 <= now) return undefined;
  return {
    holder: holderIdentity,
    since: acquireTime ?? renewTime,
    isPausing: lease.metadata.annotations?.[PAUSE] === "true",
  };
}

export async function readHolding(
  client: ApiClient,
  namespace: string,
  name: string,
): Promise<Holding | undefined> {
  return holdingOf(await read(client, namespace, name), Date.now());
}

/** Asks whoever holds the Lease to pause; false if nobody does. */
export async function askToPause(client: ApiClient, namespace: string, name: string): Promise<boolean> {
  return edit(client, namespace, name, (lease) => {
    if (!holdingOf(lease, Date.now())) return undefined;
    const annotations = { ...lease.metadata.annotations, [PAUSE]: "true" };
    return { ...lease, metadata: { ...lease.metadata, annotations } };
  });
}

/** Times are their holder's: one whose clock is behind looks dead. A live one renews within so long, ms. */
const DEAD_AFTER_MS = RENEW_EVERY_MS * 1.5;

/** Rejects with LeaseTaken. `onWatch` is told of a holder who seems to be dead, and is watched for `watchMs`. */
export async function acquireLease(
  client: ApiClient,
  namespace: string,
  name: string,
  holder: string,
  { watchMs = DEAD_AFTER_MS, onWatch = (_dead: Holding, _ms: number): void => {} } = {},
): Promise<Lease> {
  const resource = leasesOf(namespace);
  const acquireTime = microTime();
  await take();

  async function take(): Promise<void> {
    const first = await read(client, namespace, name);
    const holding = holdingOf(first, Date.now());
    if (holding) throw new LeaseTaken(holding);
    const found = (await theDead(first)) ?? first;
    const lease = written(found?.metadata ?? { name, namespace });
    try {
      // With its version in it, the second of two who take it at once gets a conflict.
      await (found ? client.replace(resource, name, lease) : client.create(resource, lease));
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Whoever was faster has let go of it again, or is dead: it is looked at anew.
      await take();
    }
  }

  /** The Lease of somebody who has not renewed it in time, and does not while it is watched; undefined where nobody held it. */
  async function theDead(lease: LeaseObject | undefined): Promise<LeaseObject | undefined> {
    const dead = holdingOf(lease, Number.NEGATIVE_INFINITY);
    if (!dead) return undefined;
    onWatch(dead, watchMs);
    await after(watchMs);
    const now = await read(client, namespace, name);
    const holding = holdingOf(now, Number.NEGATIVE_INFINITY);
    if (holding && now?.spec?.renewTime !== lease?.spec?.renewTime) throw new LeaseTaken(holding);
    return now;
  }

  function written({ annotations = {}, ...metadata }: Metadata): LeaseObject {
    const { [PAUSE]: _asked, ...kept } = annotations;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { ...metadata, annotations: kept },
      spec: { holderIdentity: holder, leaseDurationSeconds: DURATION_S, acquireTime, renewTime: microTime() },
    };
  }

  const ending = new AbortController();
  const lost = new AbortController();
  const pause = new AbortController();

  async function renew(): Promise<void> {
    let renewedAt = Date.now();
    while (!ending.signal.aborted && !lost.signal.aborted) {
      try {
        await after(RENEW_EVERY_MS, undefined, { signal: ending.signal });
        const isOurs = await edit(client, namespace, name, (lease) => {
          if (lease.spec?.holderIdentity !== holder) return undefined;
          if (lease.metadata.annotations?.[PAUSE] === "true") pause.abort();
          return { ...lease, spec: { ...lease.spec, renewTime: microTime() } };
        });
        if (isOurs) renewedAt = Date.now();
        else lost.abort(new Error("another upgrade has taken the Lease over"));
      } catch (error) {
        if (ending.signal.aborted) return;
        if (Date.now() - renewedAt > (DURATION_S * 1_000 * 2) / 3) lost.abort(error);
      }
    }
  }
  const renewing = renew();

  return {
    lost: lost.signal,
    pause: pause.signal,
    async release() {
      ending.abort();
      await renewing;
      await edit(client, namespace, name, (lease) => {
        if (lease.spec?.holderIdentity !== holder) return undefined;
        const { [PAUSE]: _asked, ...annotations } = lease.metadata.annotations ?? {};
        return {
          ...lease,
          metadata: { ...lease.metadata, annotations },
          spec: { leaseDurationSeconds: DURATION_S },
        };
      });
    },
  };
}

/** Changes the Lease that is there; false where it is gone or `change` leaves it as it is. A conflict is tried again. */
async function edit(
  client: ApiClient,
  namespace: string,
  name: string,
  change: (lease: LeaseObject) => LeaseObject | undefined,
): Promise<boolean> {
  for (;;) {
    const found = await read(client, namespace, name);
    const changed = found && change(found);
    if (!changed) return false;
    try {
      await client.replace(leasesOf(namespace), name, changed);
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

async function read(client: ApiClient, namespace: string, name: string): Promise<LeaseObject | undefined> {
  try {
    return await client.get<LeaseObject>(leasesOf(namespace), name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function microTime(): string {
  return new Date().toISOString().replace(/(\.\d{3})Z$/, "$1000Z");
}
