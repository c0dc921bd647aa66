// Manifests for tests, and short ways to inject into them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifests, readManifests } from "./documents.ts";
import { inject } from "./inject.ts";
import type { InjectOptions } from "./inject-options.ts";
import type { Outcome } from "./outcome.ts";
import { uninject } from "./uninject.ts";

const FOLDER = join(import.meta.dirname, "testing");

export const CORPUS: readonly { readonly name: string; readonly text: string }[] = readdirSync(FOLDER)
  .sort()
  .map((name) => ({ name, text: readFileSync(join(FOLDER, name), "utf8") }));

export const DEFAULTS: InjectOptions = {
  image: "sluice:1",
  classic: false,
  slots: 1,
  placeholder: "pause:1",
  container: undefined,
  port: undefined,
  appPort: undefined,
  listen: undefined,
  only: [],
  flags: [],
};

export function manifestsOf(text: string): Manifests {
  const read = readManifests([{ name: "web.yaml", text }]);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  return read;
}

export function injectText(text: string, options: Partial<InjectOptions> = {}): Promise<Outcome> {
  return inject(manifestsOf(text), { ...DEFAULTS, ...options });
}

/** The one text of the outcome; throws what was refused. */
export function textOf({ texts, told }: Outcome): string {
  const refused = told.flatMap((one) => one.refused);
  if (refused.length > 0) throw new Error(refused.join("\n"));
  return texts.map(({ text }) => text).join("");
}

export function uninjectText(text: string): string {
  return textOf(uninject(manifestsOf(text), []));
}
