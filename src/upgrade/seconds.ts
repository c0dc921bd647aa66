// Spans of time as people read them in a progress line.

export function seconds(ms: number): string {
  return `${ms % 1_000 === 0 ? ms / 1_000 : (ms / 1_000).toFixed(1)} s`;
}
