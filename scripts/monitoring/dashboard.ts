// The Grafana dashboard as JSON, made of its panels.

import type { Panel } from "./panel.ts";
import { TRAFFIC_ROWS } from "./traffic-panels.ts";
import { UPKEEP_ROWS } from "./upkeep-panels.ts";

const ROWS = [...TRAFFIC_ROWS, ...UPKEEP_ROWS];

const WIDTH = 24;
const HEIGHT = 8;
const PANELS_A_LINE = 3;
const SOURCE = { type: "prometheus", uid: "$datasource" };

/** What Grafana imports; its form is that of Grafana 10 and later. */
export function dashboard(): object {
  const panels: object[] = [];
  let y = 0;
  let id = 0;
  for (const row of ROWS) {
    panels.push({
      id: ++id,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: place(0, y++, WIDTH, 1),
      panels: [],
    });
    row.panels.forEach((panel, index) => {
      const w = WIDTH / PANELS_A_LINE;
      const line = Math.floor(index / PANELS_A_LINE);
      panels.push(panelJson(panel, ++id, place((index % PANELS_A_LINE) * w, y + line * HEIGHT, w, HEIGHT)));
    });
    y += Math.ceil(row.panels.length / PANELS_A_LINE) * HEIGHT;
  }
  return {
    title: "sluice",
    uid: "sluice",
    tags: ["sluice"],
    schemaVersion: 39,
    editable: true,
    refresh: "10s",
    time: { from: "now-30m", to: "now" },
    templating: {
      list: [
        datasource(),
        variable("job", "label_values(sluice_build_info, job)"),
        variable("pod", 'label_values(sluice_build_info{job=~"$job"}, pod)'),
      ],
    },
    annotations: { list: [switches()] },
    panels,
  };
}

/** Every query that Grafana sends for the dashboard, annotations included. */
export function dashboardQueries(): string[] {
  return [
    ...ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
    SWITCHES,
  ];
}

function panelJson({ title, meaning, kind, unit, queries }: Panel, id: number, gridPos: object): object {
  return {
    id,
    title,
    description: meaning,
    type: kind,
    gridPos,
    datasource: SOURCE,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: kind === "timeseries" ? { fillOpacity: 10, showPoints: "never" } : {},
      },
      overrides: [],
    },
    options:
      kind === "timeseries"
        ? { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } }
        : {},
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      exemplar: expr.includes("sluice_request_duration_seconds"),
    })),
  };
}

function place(x: number, y: number, w: number, h: number): object {
  return { x, y, w, h };
}

function datasource(): object {
  return { name: "datasource", type: "datasource", query: "prometheus", current: {}, hide: 0 };
}

function variable(name: string, query: string): object {
  return {
    name,
    type: "query",
    datasource: SOURCE,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    includeAll: true,
    multi: true,
    // A Pod's label may be missing where Prometheus scrapes by address.
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    sort: 1,
  };
}

const SWITCHES =
  'sum by (pod, cause) (increase(sluice_switches_total{job=~"$job", pod=~"$pod"}[$__rate_interval])) > 0';

function switches(): object {
  return {
    name: "Switches",
    datasource: SOURCE,
    enable: true,
    iconColor: "purple",
    expr: SWITCHES,
    titleFormat: "switch",
    textFormat: "{{pod}}: {{cause}}",
    step: "15s",
  };
}
