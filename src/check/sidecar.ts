// sluice within a workload: which container it is, and the configuration that it would start with there.

import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { OptionKey } from "../config/options.ts";
import { formatProblems } from "../config/problem.ts";
import { isGiven, type Settings } from "../config/settled.ts";
import type { Container, Workload } from "../manifest/workload.ts";
import { givenOptions, withoutOptions } from "./given-options.ts";

export interface Sidecar {
  readonly container: Container;
  /** `endless`: an init container without restartPolicy Always, behind which nothing ever starts. */
  readonly form: "native" | "classic" | "endless";
  /** Undefined where it cannot be told. */
  readonly config: Config | undefined;
  readonly listenPort: number;
  readonly opsPort: number;
  /** Why sluice would refuse to start, each in one line. */
  readonly problems: readonly string[];
  /** Whether somebody set the option, as far as the manifest shows; undefined where that cannot be seen. */
  isSet(key: OptionKey): boolean | undefined;
}

/** Takes the path of a file in the container; undefined where its content is not known. */
export type ReadMounted = (container: Container, path: string) => string | undefined;

/** The container that is sluice: by its image, its hook, or its name. */
export function findSidecar({ containers, initContainers }: Workload): Container | undefined {
  const all = [...initContainers, ...containers];
  return (
    all.find(({ preStop }) => preStop?.path === "/prestop/pod") ??
    all.find(({ image }) => /(?:^|\/)sluice(?:[:@]|$)/.test(image)) ??
    all.find(({ name }) => name === "sluice")
  );
}

/** Never rejects: what cannot be read is not known, and what is wrong stands in `problems`. */
export async function readSidecar(
  workload: Workload,
  container: Container,
  readMounted: ReadMounted,
): Promise<Sidecar> {
  const isInit = workload.initContainers.includes(container);
  const given = givenOptions(container);
  let unread = false;
  const readFile = async (path: string): Promise<string> => {
    const text = readMounted(container, path);
    if (text === undefined) unread = true;
    return text ?? "{}";
  };
  const loaded = await loadConfig({ ...given, readFile });
  const problems = "problems" in loaded ? loaded.problems : [];
  // Without what is wrong, the rest can still be checked. The grace goes with the phases that do not fit into it.
  const wrong = problems.flatMap(({ key }) => key.split(/ \+ |, /));
  const rest = withoutOptions(given, wrong.includes("exit-reserve") ? [...wrong, "grace"] : wrong);
  const usable = "problems" in loaded ? await loadConfig({ ...rest, readFile }) : loaded;
  const settings: Settings | undefined = "problems" in usable ? undefined : usable.settings;
  const mayBeElsewhere =
    unread || (container.value.envFrom !== undefined && container.value.envFrom !== null);
  const config = "problems" in usable ? undefined : usable.config;
  return {
    container,
    form: !isInit ? "classic" : container.isNativeSidecar ? "native" : "endless",
    config,
    listenPort: config?.listen.port ?? 8080,
    opsPort: config?.ops.port ?? 9080,
    problems:
      problems.length === 0
        ? []
        : formatProblems(problems)
            .trimEnd()
            .split("\n")
            .slice(1)
            .map((line) => line.trim()),
    isSet(key) {
      if (given.unknown.has(key)) return true;
      if (settings && isGiven(settings, key)) return true;
      return mayBeElsewhere || !settings ? undefined : false;
    },
  };
}
