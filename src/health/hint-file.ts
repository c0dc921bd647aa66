// The hint file: which versions were active before sluice itself was restarted. It lies on the volume that the Pod's
// containers share and dies with the Pod. A hint only: readiness is always proved anew, and a hint that cannot be read
// or written changes nothing but what is preferred.

import { readFileSync, renameSync, writeFileSync } from "node:fs";

export interface HintContent {
  readonly versions: readonly string[];
  readonly instance: string | undefined;
  readonly slot: string | undefined;
}

/** The most versions that are remembered; the oldest go first. */
const MOST_VERSIONS = 64;

export interface HintFile {
  /** Undefined if there is none, or it is not ours. */
  read(): HintContent | undefined;
  /** Atomic: a reader sees the old or the new content. Throws what the file system throws. */
  write(hint: HintContent): void;
}

export function createHintFile(path: string): HintFile {
  return {
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
      const next = `${path}.next`;
      writeFileSync(next, JSON.stringify({ versions: versions.slice(-MOST_VERSIONS), instance, slot }), {
        mode: 0o600,
      });
      renameSync(next, path);
    },
  };
}
