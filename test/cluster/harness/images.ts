// The images that the tests take for granted; how they got into the cluster is not the tests' business.

export interface Images {
  readonly sluice: string;
  /** The same image by another name: to the kubelet, another image. */
  readonly sluiceAgain: string;
  readonly tools: string;
  /** The recording app: v1 to v12, and the bad ones crash, never-ready, fails-later. */
  app(tag: string): string;
  /** What runs in an idle slot. */
  readonly placeholder: string;
}

/** SLUICE_IMAGE, SLUICE_IMAGE_AGAIN, SLUICE_TOOLS_IMAGE, SLUICE_APP_IMAGE (without a tag) and SLUICE_PAUSE_IMAGE name others than those of the shared cluster. */
export function imagesFrom(env: NodeJS.ProcessEnv): Images {
  const repository = env.SLUICE_APP_IMAGE ?? "sluice-app";
  const sluice = env.SLUICE_IMAGE ?? "sluice:dev";
  return {
    sluice,
    sluiceAgain: env.SLUICE_IMAGE_AGAIN ?? `docker.io/library/${sluice}`,
    tools: env.SLUICE_TOOLS_IMAGE ?? "sluice-tools:dev",
    app: (tag) => `${repository}:${tag}`,
    placeholder: env.SLUICE_PAUSE_IMAGE ?? "localhost/sluice-cluster/pause:1",
  };
}
