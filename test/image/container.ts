// A container of an unpacked image, made by runc as a kubelet of the `restricted` level has it made: read-only root, user
// 65532, no capability, no new privileges. Its network is this machine's, and its ports are free ones.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Process, startProcess } from "../sluice.fixture.ts";
import type { Image } from "./image.ts";

export interface Container extends Process {
  /** When runc was started, as performance.now() tells it. */
  readonly startedAt: number;
  /** Sends a signal to PID 1 of the container. */
  signal(name: NodeJS.Signals): void;
  /** PID 1 of the container, as it is called out here. */
  pid(): number;
  /** Ends it at once, if it still runs. */
  remove(): void;
}

/** Starts it in a folder of its own; the arguments follow the image's entry point. `user` is "UID:GID". */
export function startContainer(
  image: Image,
  folder: string,
  args: readonly string[],
  user = image.config.User ?? "0:0",
): Container {
  const id = `sluice-${process.pid}-${performance.now().toFixed(0)}`;
  const state = join(folder, "runc");
  const { Entrypoint = [], Env = [] } = image.config;
  const [uid = 0, gid = 0] = user.split(":").map(Number);
  const none = { bounding: [], effective: [], permitted: [] };
  // As an emptyDir: a folder of the node that anybody may write.
  const volume = join(folder, "volume");
  mkdirSync(volume);
  chmodSync(volume, 0o777);
  const spec = {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid, gid },
      args: [...Entrypoint, ...args],
      env: Env,
      cwd: "/",
      capabilities: none,
      noNewPrivileges: true,
    },
    root: { path: image.root, readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
      { destination: "/run/sluice", type: "bind", source: volume, options: ["bind", "rw"] },
    ],
    linux: { namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })) },
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(spec));
  const runc = ["--root", state];
  const startedAt = performance.now();
  const running = startProcess("runc", [...runc, "run", "--bundle", folder, id], {}, folder);
  return {
    ...running,
    startedAt,
    signal: (name) => void execFileSync("runc", [...runc, "kill", id, name.replace("SIG", "")]),
    remove: () => void spawnSync("runc", [...runc, "delete", "--force", id]),
    pid: () => JSON.parse(execFileSync("runc", [...runc, "state", id], { encoding: "utf8" })).pid,
  };
}
