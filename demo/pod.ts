// A Pod without Kubernetes: sluice, two slots for the app, and a kubelet's manner of stopping them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPortSource } from "../loadtest/free-port.ts";
import { followTimeline, type Happening, type Timeline } from "../loadtest/timeline.ts";
import { type Container, startContainer } from "./container.ts";

export type SlotName = "a" | "b";

export interface Pod {
  /** Where clients send their requests. */
  readonly address: { readonly host: string; readonly port: number };
  readonly timeline: Timeline;
  /** Starts the example app of that version in the slot. */
  startApp(slot: SlotName, version: string): Container;
  /**
   * Calls all hooks together, and sends each container SIGTERM when its own was answered; `onSigterm` hears whom. Resolves
   * when all have ended.
   */
  stop(onSigterm: (who: string) => void): Promise<void>;
  /** The value of one of sluice's metrics. */
  metric(name: string): Promise<number>;
  readonly sluice: Container;
  /** Ends whatever still runs. */
  clear(): Promise<void>;
}

const MAIN = new URL("../src/main.ts", import.meta.url);
const APP = new URL("../examples/node/server.js", import.meta.url);
const FOLLOW_WITHIN_MS = 15_000;
const RETRY_MS = 50;

export interface Audience {
  /** Hears what happens, as sluice reports it. */
  readonly onHappening: (happening: Happening) => void;
  /** Hears what should not have been said. */
  readonly onTrouble: (text: string) => void;
}

/** Resolves once sluice listens. */
export async function startPod({ onHappening, onTrouble }: Audience): Promise<Pod> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-demo-"));
  const freePort = createPortSource();
  const at = (port: number) => `127.0.0.1:${port}`;
  const listen = await freePort();
  const ops = at(await freePort());
  const control = at(await freePort());
  const ports: Record<SlotName, number> = { a: await freePort(), b: await freePort() };
  const running = new Map<SlotName, Container>();
  const started: Container[] = [];

  const sluice = startContainer(
    MAIN,
    // biome-ignore format: a flag and its value belong on one line
    [
      "--listen", at(listen), "--ops", ops, "--control", `${join(folder, "control.sock")},${control}`,
      "--slots", `a=${at(ports.a)},b=${at(ports.b)}`, "--probe", "http:/healthz",
      "--grace", "20s", "--drain-delay", "2s", "--slot-drain", "5s", "--exit-reserve", "2s",
    ],
    {},
    onTrouble,
  );
  started.push(sluice);
  const timeline = await follow(control, sluice, onHappening);

  const hook = async (path: string) => {
    const answer = await fetch(`http://${ops}/prestop/${path}`);
    await answer.text();
    if (answer.status !== 200) onTrouble(`/prestop/${path} answered ${answer.status}`);
  };

  return {
    address: { host: "127.0.0.1", port: listen },
    timeline,
    sluice,
    startApp(slot, version) {
      const env = { PORT: `${ports[slot]}`, VERSION: version, SLUICE_SLOT: slot, SLUICE_CONTROL: control };
      const container = startContainer(APP, [], env, () => {});
      started.push(container);
      running.set(slot, container);
      container.ended.then(() => {
        if (running.get(slot) === container) running.delete(slot);
      });
      return container;
    },
    async stop(onSigterm) {
      const stopOne = async (who: string, path: string, container: Container) => {
        await hook(path);
        onSigterm(who);
        container.kill("SIGTERM");
        await container.ended;
      };
      await Promise.all([
        stopOne("sluice", "pod", sluice),
        ...[...running].map(([slot, container]) =>
          stopOne(`the app in slot ${slot}`, `slots/${slot}`, container),
        ),
      ]);
    },
    async metric(name) {
      const text = await (await fetch(`http://${ops}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
    },
    async clear() {
      timeline.close();
      for (const container of started) container.kill("SIGKILL");
      await Promise.all(started.map(({ ended }) => ended));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Follows sluice's timeline as soon as it listens: nothing else can say so before. */
async function follow(
  control: string,
  sluice: Container,
  onHappening: Audience["onHappening"],
): Promise<Timeline> {
  const limit = performance.now() + FOLLOW_WITHIN_MS;
  let hasEnded = false;
  sluice.ended.then(() => {
    hasEnded = true;
  });
  for (;;) {
    try {
      return await followTimeline(control, onHappening);
    } catch (error) {
      if (hasEnded || performance.now() > limit) throw new Error("sluice did not start", { cause: error });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
