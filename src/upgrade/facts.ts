// What the upgrade of a Pod is told: the kubelet's side and the sidecar's side, as plain values.

export interface ContainerFacts {
  /** Of the spec: what should run. */
  readonly image: string;
  /** Of what runs or ran last; undefined before the first start. */
  readonly id: string | undefined;
  readonly imageId: string | undefined;
  readonly running: boolean;
  readonly restarts: number;
  /** The reason and words of `waiting`, e.g. ImagePullBackOff. */
  readonly waiting: { readonly reason: string; readonly message: string } | undefined;
  /** How the container with the present id ended. */
  readonly ended: Ended | undefined;
  /** How the one before ended. */
  readonly endedBefore: Ended | undefined;
}

export interface Ended {
  readonly id: string | undefined;
  readonly exitCode: number | undefined;
  readonly reason: string;
}

export interface PodFacts {
  readonly uid: string;
  readonly ready: boolean;
  /** Deleted, or being deleted. */
  readonly leaving: boolean;
  readonly containers: Readonly<Record<string, ContainerFacts>>;
}

export interface SlotFacts {
  readonly name: string;
  readonly state: string;
  /** One life of the app: the instance if it told one, else the generation's number; undefined: none lives there. */
  readonly life: string | undefined;
  readonly version: string | undefined;
  readonly ready: boolean;
  readonly waitingFor: readonly string[];
}

export interface SidecarFacts {
  readonly active: string | undefined;
  readonly slots: readonly SlotFacts[];
}

export function slotNamed(facts: SidecarFacts | undefined, name: string): SlotFacts | undefined {
  return facts?.slots.find((slot) => slot.name === name);
}
