// The recording app's handshake, through the same client file that apps copy: what the load test proves, it proves of
// that file as well.

export interface LifelineOptions {
  /** Socket path or host:port of sluice's control server. */
  readonly control: string;
  readonly slot: string;
  readonly version: string;
  /** Finishes what is in flight; the process exits after it. Undefined: the app has a SIGTERM handler of its own. */
  readonly onStop: (() => Promise<void>) | undefined;
  /** Signals for which the app has handlers of its own. */
  readonly signals: readonly string[];
  /** Hears accepted, active, standby, draining, superseded. */
  readonly onState: (state: string) => void;
}

interface Client {
  connect(options: {
    version: string;
    onStop?: () => Promise<void>;
    log: (message: string) => void;
    signals?: readonly string[];
  }): { ready(): void };
}

/** How the client tells what it is: "sluice: slot a: handshake accepted (v1)", "sluice: slot a: active (v1)". */
const STATE = /^sluice: slot \S+: (?:handshake )?(accepted|active|standby|draining|superseded)\b/;

/** Shakes hands and keeps the lifeline until the process ends. Call it once the server listens. */
export async function openLifeline(options: LifelineOptions): Promise<void> {
  // The client reads its place from the environment, as in a container.
  process.env.SLUICE_CONTROL = options.control;
  process.env.SLUICE_SLOT = options.slot;
  const file = new URL("../clients/node/sluice.js", import.meta.url).href;
  const { connect } = (await import(file)) as Client;
  const { version, onState, onStop, signals } = options;
  const log = (message: string) => {
    const state = STATE.exec(message)?.[1];
    if (state === undefined) console.error(message);
    else onState(state);
  };
  connect({ version, log, ...(onStop ? { onStop } : { signals }) }).ready();
}
