// Makes the images of the recording app out of the recorder's image: the same layers, another start, and an environment by which
// each is a version of its own. node .ci/app-images.ts FOLDER, the folder being an unpacked docker archive.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Image {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

const REPOSITORY = "docker.io/library/sluice-app";
const GOOD = Array.from({ length: 12 }, (_, index) => ({ tag: `v${index + 1}`, trouble: "none" }));
const BAD = ["crash", "never-ready", "fails-later"].map((trouble) => ({ tag: trouble, trouble }));

const folder = process.argv[2];
if (!folder) throw new Error("a folder is needed");
const manifest = join(folder, "manifest.json");
const [recorder] = JSON.parse(readFileSync(manifest, "utf8")) as Image[];
if (!recorder) throw new Error(`${manifest} lists no image`);
const base = JSON.parse(readFileSync(join(folder, recorder.Config), "utf8")) as {
  config: { Env?: string[]; Entrypoint?: string[]; Cmd?: string[] };
};

const images = [...GOOD, ...BAD].map(({ tag, trouble }): Image => {
  const config = {
    ...base,
    config: {
      ...base.config,
      Env: [...(base.config.Env ?? []), `APP_VERSION=${tag}`, `APP_TROUBLE=${trouble}`],
      Entrypoint: ["/usr/local/bin/node", "/sluice/loadtest/app.ts"],
      Cmd: [],
    },
  };
  const text = JSON.stringify(config);
  const name = `${createHash("sha256").update(text).digest("hex")}.json`;
  writeFileSync(join(folder, name), text);
  return { Config: name, RepoTags: [`${REPOSITORY}:${tag}`], Layers: recorder.Layers };
});
writeFileSync(manifest, JSON.stringify([recorder, ...images]));
