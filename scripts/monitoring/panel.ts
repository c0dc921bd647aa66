// A panel of the Grafana dashboard: a question, with the queries that answer it.

export interface Panel {
  readonly title: string;
  readonly meaning: string;
  readonly kind: "timeseries" | "state-timeline" | "stat";
  readonly unit: "reqps" | "s" | "short" | "percentunit" | "bytes";
  readonly queries: readonly Query[];
}

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Stands for the matchers of the dashboard's variables. */
export const OF = 'job=~"$job", pod=~"$pod"';
export const RATE = "[$__rate_interval]";

export function quantile(of: string, metric: string, by: string): string {
  return `histogram_quantile(${of}, sum by (${by}le) (rate(${metric}_bucket{${OF}}${RATE})))`;
}
