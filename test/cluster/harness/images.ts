// The images that the tests take for granted; how they got into the cluster is not the tests' business.

export interface Images {
  readonly sluice: string;
  readonly tools: string;
  /** The recording app: v1 to v12, and the bad ones crash, never-ready, fails-later. */
  app(tag: string): string;
}

/** SLUICE_IMAGE, SLUICE_TOOLS_IMAGE and SLUICE_APP_IMAGE (without a tag) name others than those that `.ci/run` makes. */
export function imagesFrom(env: NodeJS.ProcessEnv): Images {
  const repository = env.SLUICE_APP_IMAGE ?? "sluice-app";
  return {
    sluice: env.SLUICE_IMAGE ?? "sluice:dev",
    tools: env.SLUICE_TOOLS_IMAGE ?? "sluice-tools:dev",
    app: (tag) => `${repository}:${tag}`,
  };
}
