// What upgrades and stops do, and how sluice itself is.

import { OF, quantile, RATE, type Row } from "./panel.ts";

export const UPKEEP_ROWS: readonly Row[] = [
  {
    title: "Upgrades and stops",
    panels: [
      {
        title: "Slots",
        meaning: "The state of each slot.",
        kind: "state-timeline",
        unit: "short",
        queries: [
          {
            expr: `max by (pod, slot, state) (sluice_slot_state{${OF}} == 1)`,
            legend: "{{pod}} {{slot}}: {{state}}",
          },
        ],
      },
      {
        title: "Switches and deaths",
        meaning: "Switches by cause; generations that began; lifelines that were lost.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: `sum by (cause) (increase(sluice_switches_total{${OF}}${RATE}))`,
            legend: "switch: {{cause}}",
          },
          {
            expr: `sum by (slot) (increase(sluice_generations_total{${OF}}${RATE}))`,
            legend: "begun in {{slot}}",
          },
          {
            expr: `sum by (slot) (increase(sluice_lifelines_lost_total{${OF}}${RATE}))`,
            legend: "lost in {{slot}}",
          },
        ],
      },
      {
        title: "Held",
        meaning: "Requests that wait for a slot, against the most that may.",
        kind: "timeseries",
        unit: "short",
        queries: [
          { expr: `sum(sluice_held_requests{${OF}})`, legend: "held" },
          { expr: `sum(sluice_hold_limit{${OF}})`, legend: "limit" },
        ],
      },
      {
        title: "Time held",
        meaning: "What the requests waited that were held.",
        kind: "timeseries",
        unit: "s",
        queries: [
          { expr: quantile("0.5", "sluice_hold_seconds", ""), legend: "p50" },
          { expr: quantile("0.99", "sluice_hold_seconds", ""), legend: "p99" },
        ],
      },
      {
        title: "Time left",
        meaning: "Until the deadline of a slot's drain or of the Pod's stop, while there is one.",
        kind: "timeseries",
        unit: "s",
        queries: [
          { expr: `min by (pod, slot) (sluice_slot_drain_left_seconds{${OF}})`, legend: "{{pod}} {{slot}}" },
          { expr: `min by (pod) (sluice_pod_stop_left_seconds{${OF}})`, legend: "{{pod}}" },
        ],
      },
      {
        title: "Drains",
        meaning: "How long drains took, and how many came to their deadline.",
        kind: "timeseries",
        unit: "s",
        queries: [
          { expr: quantile("0.9", "sluice_drain_seconds", "slot, "), legend: "p90 {{slot}}" },
          {
            expr: `sum by (drain) (increase(sluice_drain_deadlines_total{${OF}}${RATE}))`,
            legend: "deadline met: {{drain}}",
          },
        ],
      },
      {
        title: "Hooks and replays",
        meaning: "preStop hooks by outcome, and requests that were sent a second time.",
        kind: "timeseries",
        unit: "short",
        queries: [
          {
            expr: `sum by (hook, outcome) (sluice_hook_requests_total{${OF}})`,
            legend: "{{hook}}: {{outcome}}",
          },
          { expr: `sum(increase(sluice_replays_total{${OF}}${RATE}))`, legend: "replays" },
        ],
      },
    ],
  },
  {
    title: "sluice itself",
    panels: [
      {
        title: "CPU",
        meaning: "Cores in use, and the share of the one core of the event loop.",
        kind: "timeseries",
        unit: "percentunit",
        queries: [
          {
            expr: `sum by (pod) (rate(process_cpu_seconds_total{${OF}}${RATE}) * on (job, instance) group_left () sluice_build_info)`,
            legend: "CPU {{pod}}",
          },
          {
            expr: `sum by (pod) (rate(nodejs_eventloop_busy_seconds_total{${OF}}${RATE}) * on (job, instance) group_left () sluice_build_info)`,
            legend: "event loop {{pod}}",
          },
        ],
      },
      {
        title: "Event loop lag",
        meaning: "How long turns of the event loop take: what comes meanwhile waits so long.",
        kind: "timeseries",
        unit: "s",
        queries: [
          {
            expr: `max by (pod) (nodejs_eventloop_lag_p99_seconds{${OF}} * on (job, instance) group_left () sluice_build_info)`,
            legend: "p99 {{pod}}",
          },
          {
            expr: `max by (pod) (nodejs_eventloop_lag_max_seconds{${OF}} * on (job, instance) group_left () sluice_build_info)`,
            legend: "longest {{pod}}",
          },
        ],
      },
      {
        title: "Memory",
        meaning: "Resident memory, and what of it is JavaScript's heap.",
        kind: "timeseries",
        unit: "bytes",
        queries: [
          {
            expr: `sum by (pod) (process_resident_memory_bytes{${OF}} * on (job, instance) group_left () sluice_build_info)`,
            legend: "resident {{pod}}",
          },
          {
            expr: `sum by (pod) (nodejs_heap_size_used_bytes{${OF}} * on (job, instance) group_left () sluice_build_info)`,
            legend: "heap {{pod}}",
          },
        ],
      },
      {
        title: "Left out",
        meaning: "Log lines, events and spans that nobody took. None of them ever holds up a request.",
        kind: "timeseries",
        unit: "short",
        queries: [
          { expr: `sum(increase(sluice_log_dropped_total{${OF}}${RATE}))`, legend: "log lines" },
          { expr: `sum(increase(sluice_event_stream_dropped_total{${OF}}${RATE}))`, legend: "events" },
          {
            expr: `sum by (outcome) (increase(sluice_trace_spans_total{${OF}}${RATE}))`,
            legend: "spans {{outcome}}",
          },
        ],
      },
      {
        title: "Versions of sluice",
        meaning: "Which sluice runs where.",
        kind: "stat",
        unit: "short",
        queries: [
          {
            expr: `count by (version, engine) (sluice_build_info{${OF}})`,
            legend: "{{version}} {{engine}}",
          },
        ],
      },
    ],
  },
];
