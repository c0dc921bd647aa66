// The hint file: which versions were active before sluice itself was restarted. It lies on the volume that the Pod's
// containers share and dies with the Pod. A hint only: readiness is always proved anew, and a hint that cannot be read
// or written changes nothing but what is preferred.

import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";

export interface HintContent {
  readonly versions: readonly string[];
  readonly instance: string | undefined;
  readonly slot: string | undefined;
}

/** The most versions that are remembered; the oldest go first. */
const MOST_VERSIONS = 64;

export interface HintFile {
  readonly path: string;
  /** Undefined if there is none, or it is not ours. */
  read(): HintContent | undefined;
  /**
   * Begins to write and returns at once: a switch never waits for a disk. Atomic, a reader sees the old or the new content. Of
   * several in a row the last one stands.
   */
  write(hint: HintContent): void;
  /** Resolves when what was given to `write` so far is on the volume, or has failed. */
  written(): Promise<void>;
}

/** `onFailure` is told of a content that could not be written; the old one stays. */
export function createHintFile(path: string, onFailure: (error: Error) => void): HintFile {
  let waiting: string | undefined;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    const next = `${path}.next`;
    for (let content = waiting; content !== undefined; content = waiting) {
      waiting = undefined;
      try {
        await writeFile(next, content, { mode: 0o600 });
        await rename(next, path);
      } catch (error) {
        onFailure(error instanceof Error ? error : new Error(String(error)));
      }
    }
    writing = undefined;
  }

  return {
    path,
    read() {
      let content: unknown;
      try {
        content = JSON.parse(readFileSync(path, "utf8"));
      } catch {
        return undefined;
      }
      if (typeof content !== "object" || content === null) return undefined;
      const { versions, instance, slot } = content as Readonly<Record<string, unknown>>;
      if (!Array.isArray(versions) || !versions.every((version) => typeof version === "string"))
        return undefined;
      const text = (value: unknown) => (typeof value === "string" ? value : undefined);
      return { versions, instance: text(instance), slot: text(slot) };
    },
    write({ versions, instance, slot }) {
      waiting = JSON.stringify({ versions: versions.slice(-MOST_VERSIONS), instance, slot });
      writing ??= writeAll();
    },
    written: () => writing ?? Promise.resolve(),
  };
}
