// Versions of Kubernetes as people and API servers write them: `1.34`, `v1.34.4`, `v1.31.2-gke.100`, `1.30+`.

export interface ClusterVersion {
  readonly major: number;
  readonly minor: number;
}

/** Undefined for anything else. */
export function parseClusterVersion(text: string): ClusterVersion | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)(?:[.+-].*)?$/.exec(text.trim()) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}

export function formatClusterVersion({ major, minor }: ClusterVersion): string {
  return `${major}.${minor}`;
}

/** Whether the cluster is known to be older than 1.`minor`. */
export function isOlderThan(version: ClusterVersion | undefined, minor: number): boolean {
  if (!version) return false;
  return version.major < 1 || (version.major === 1 && version.minor < minor);
}
