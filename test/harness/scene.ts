// The scene of one test: a sluice, its apps, its folder. What was started here has ended when the test has, and every
// sluice has been audited.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "vitest";
import { createPortSource } from "../../loadtest/free-port.ts";
import { type App, type AppPlan, startApp } from "./app.ts";
import { audit } from "./audit.ts";
import { type Sidecar, type SidecarPorts, startSidecar } from "./sidecar.ts";

export interface Scene {
  readonly folder: string;
  readonly ports: SidecarPorts;
  /** Starts sluice; again, after it has ended, on the same ports. */
  sluice(flags?: readonly string[], under?: readonly string[]): Promise<Sidecar>;
  /** Starts an app in the slot of the sluice that was started last. */
  app(slot: string, plan?: AppPlan): Promise<App>;
  /** `what` is done at the end, before everything that is older. */
  later(what: () => unknown): void;
}

const freePort = createPortSource();

async function openScene(slots: readonly string[]): Promise<Scene & { close(): Promise<void> }> {
  const undo: (() => unknown)[] = [];
  const sidecars: Sidecar[] = [];
  const folder = await mkdtemp(join(tmpdir(), "sluice-test-"));
  undo.unshift(() => rm(folder, { recursive: true, force: true }));
  const slotPorts: Record<string, number> = {};
  for (const slot of slots) slotPorts[slot] = await freePort();
  const ports = {
    listen: await freePort(),
    ops: await freePort(),
    control: await freePort(),
    slots: slotPorts,
  };
  return {
    folder,
    ports,
    async sluice(flags = [], under = []) {
      const sidecar = await startSidecar({ ports, folder, flags, under });
      sidecars.push(sidecar);
      undo.unshift(() => {
        sidecar.timeline.close();
        sidecar.child.kill("SIGKILL");
        return sidecar.child.exited;
      });
      return sidecar;
    },
    async app(slot, plan) {
      const sidecar = sidecars.at(-1);
      if (!sidecar) throw new Error("no sluice was started");
      const app = await startApp(sidecar, slot, plan);
      undo.unshift(() => app.die());
      return app;
    },
    later: (what) => void undo.unshift(what),
    async close() {
      try {
        for (const sidecar of sidecars) await audit(sidecar);
      } finally {
        for (const what of undo.splice(0)) await what();
      }
    },
  };
}

/** `one` has slot a, `two` has slots a and b. */
export const test = base.extend<{ one: Scene; two: Scene }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the pattern to see what a fixture needs
  one: async ({}, use) => {
    const scene = await openScene(["a"]);
    try {
      await use(scene);
    } finally {
      await scene.close();
    }
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  two: async ({}, use) => {
    const scene = await openScene(["a", "b"]);
    try {
      await use(scene);
    } finally {
      await scene.close();
    }
  },
});
