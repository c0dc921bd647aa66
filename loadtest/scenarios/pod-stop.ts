import { atMost, exactly, informs, milliseconds } from "../figures.ts";
import { isUnwanted } from "../ledger.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario, type Sizes, type Told } from "../scenario.ts";
import type { App, Stage } from "../stage.ts";

type Order = "pod-first" | "slots-first" | "sigterm";

/** The hooks of a Pod come some 10 ms apart. */
const HOOK_GAP_MS = 10;

/** Asks the hooks as the kubelet would, and sends each container its SIGTERM when its own hook has been answered. */
async function stopByHooks(stage: Stage, app: App, order: Order): Promise<void> {
  const { sluice } = stage;
  const pod = async () => {
    await sluice.ops("/prestop/pod");
    sluice.child.kill("SIGTERM");
  };
  const slot = async () => {
    await sluice.ops("/prestop/slots/a");
    app.child.kill("SIGTERM");
  };
  const [first, second] = order === "pod-first" ? [pod, slot] : [slot, pod];
  const begun = first();
  await pause(HOOK_GAP_MS);
  await Promise.all([begun, second()]);
}

function stopBare(stage: Stage, app: App, order: Order): void {
  // Control. With hooks the app is careless and gets SIGTERM unprotected; without them sluice itself is killed.
  if (order === "sigterm") stage.sluice.child.kill("SIGKILL");
  else {
    app.child.kill("SIGTERM");
    stage.sluice.child.kill("SIGTERM");
  }
}

async function runStop(stage: Stage, sizes: Sizes, isControl: boolean, order: Order): Promise<Told> {
  const delay = sizes.drainDelayMs;
  const sluice = await stage.startSluice(["a"], ["--drain-delay", `${delay}ms`, "--grace", "30s"]);
  const app = await stage.startApp("a", "v1", ["--at-term", "at-once"]);
  // 32 requests in flight all the time, the last of them until well after lame duck.
  const slow = await stage.load({
    mix: { ...FIGURES_MIX, thinkMs: [delay * 0.4, delay * 0.6] },
    connections: 32,
    rate: (32 * 1000) / (delay * 0.4),
  });
  const load = await stage.load({ mix: FIGURES_MIX, connections: 32, rate: sizes.rate / 3 });
  await pause(delay * 0.5);
  const { at } = stage.mark(`stop of the Pod (${order})`);
  if (isControl) stopBare(stage, app, order);
  const stopped = isControl
    ? undefined
    : order === "sigterm"
      ? sluice.child.kill("SIGTERM")
      : stopByHooks(stage, app, order);
  // New connections come for as long as the endpoints still name the Pod: that is what lame duck is for.
  await pause(delay * 0.9);
  await Promise.all([slow.stop(), load.stop()]);
  const entries = [...slow.entries, ...load.entries];
  const lastAnswer = Math.max(
    ...entries.filter(({ failure }) => failure === undefined).map(({ doneAt }) => doneAt),
  );
  await stopped;
  const exit = await sluice.child.exited;
  const { accepted } = { accepted: entries.filter(({ sentAt }) => sentAt > at).length };
  const ends = [...slow.ends, ...load.ends].filter(({ end }) => isUnwanted(end));
  const announced = ends.filter(({ end }) => end === "closed as announced").length;
  const broken = isControl || exit.code === 0 ? [] : [`sluice exited with ${exit.code ?? exit.signal}`];
  return {
    figures: isControl
      ? []
      : [
          informs("requests sent after the stop had begun", `${accepted}`),
          exactly("refused or cut", entries.filter(({ failure }) => failure !== undefined).length, 0),
          atMost(
            "last answer, or the end of lame duck, to sluice's exit",
            exit.at - Math.max(lastAnswer, at + delay),
            100,
          ),
          informs(
            "connections closed with Connection: close, otherwise",
            `${announced}, ${ends.length - announced}`,
          ),
          exactly("exit code", exit.code ?? -1, 0),
          informs("stop took", milliseconds(exit.at - at)),
        ],
    broken,
  };
}

function podStop(order: Order, promise: string, control: string, short: boolean): Scenario {
  return {
    name: `pod-stop-${order}`,
    promise,
    control,
    short,
    excuses: false,
    run: (stage, sizes, isControl) => runStop(stage, sizes, isControl, order),
  };
}

export const podStops: readonly Scenario[] = [
  podStop(
    "pod-first",
    "The Pod stops, its own hook first: nothing is refused or cut, sluice ends with code 0 as soon as the last answer is out.",
    "SIGTERM to app and sluice without any hook",
    true,
  ),
  podStop(
    "slots-first",
    "The same with the slot's hook first.",
    "SIGTERM to app and sluice without any hook",
    false,
  ),
  podStop(
    "sigterm",
    "sluice gets SIGTERM without hooks: lame duck and drain start then, and nothing is cut.",
    "SIGKILL instead",
    false,
  ),
];
