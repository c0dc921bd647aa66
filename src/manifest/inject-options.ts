// What the one who injects may choose.

export interface InjectOptions {
  /** Of sluice itself. */
  readonly image: string;
  /** An ordinary container instead of a native sidecar: for clusters before 1.29. */
  readonly classic: boolean;
  readonly slots: 1 | 2;
  /** Image of the idle slot: any that does nothing and obeys SIGTERM. */
  readonly placeholder: string;
  /** The app's container, where that is not plain. */
  readonly container: string | undefined;
  /** Which of the app's ports carries the requests, by name or number, where that is not plain. */
  readonly port: string | undefined;
  /** The port on which the app listens whatever PORT says. */
  readonly appPort: number | undefined;
  /** Where sluice listens; by default on the port that was the app's. */
  readonly listen: number | undefined;
  /** `KIND/NAME` or `NAME` of the workloads that get sluice; empty: all. */
  readonly only: readonly string[];
  /** Further options of `sluice run`, which go before what is derived from the manifest. */
  readonly flags: readonly string[];
}

/** The name of the container; of the container port of the ops server (the second where the first is taken); of the volume with the control socket. */
export const SIDECAR = "sluice";
export const OPS_PORT_NAMES = ["ops", "sluice-ops"] as const;
export const VOLUME = "sluice-run";
/** A template or an object that bears this with the value "false" is left alone. */
export const OPT_OUT = "sluice/inject";
