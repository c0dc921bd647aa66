// What requests see, and why a Pod is not ready.

import { OF, quantile, RATE, type Row } from "./panel.ts";

export const TRAFFIC_ROWS: readonly Row[] = [
  {
    title: "Is everything well?",
    panels: [
      {
        title: "Pods ready",
        meaning: "Pods whose /readyz answers 200, of those that are scraped.",
        kind: "stat",
        unit: "short",
        queries: [
          { expr: `sum(sluice_ready{${OF}})`, legend: "ready" },
          { expr: `count(sluice_ready{${OF}})`, legend: "all" },
        ],
      },
      {
        title: "Requests lost",
        meaning: "Failed, cut at a deadline, or refused by a hold. It should be a flat 0.",
        kind: "timeseries",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (ending) (rate(sluice_requests_ended_total{${OF}, ending=~"failed|deadline"}${RATE}))`,
            legend: "{{ending}}",
          },
          { expr: `sum by (code) (rate(sluice_refused_total{${OF}}${RATE}))`, legend: "refused: {{code}}" },
          { expr: `sum by (code) (rate(sluice_failed_total{${OF}}${RATE}))`, legend: "failed: {{code}}" },
          { expr: `sum by (cause) (rate(sluice_cut_total{${OF}}${RATE}))`, legend: "cut: {{cause}}" },
        ],
      },
      {
        title: "Why not ready",
        meaning:
          "What each slot waits for. An idle second slot waits for a handshake: that is as it should be.",
        kind: "state-timeline",
        unit: "short",
        queries: [
          {
            expr: `max by (pod, slot, reason) (sluice_slot_not_ready{${OF}} == 1)`,
            legend: "{{pod}} {{slot}}: {{reason}}",
          },
        ],
      },
    ],
  },
  {
    title: "Traffic",
    panels: [
      {
        title: "Requests by version",
        meaning: "A switch is where one colour hands over to the other.",
        kind: "timeseries",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (slot, version) (rate(sluice_requests_total{${OF}}${RATE}))`,
            legend: "{{slot}} {{version}}",
          },
        ],
      },
      {
        title: "Answers by status",
        meaning: "499 is a client that left, none means that no answer began.",
        kind: "timeseries",
        unit: "reqps",
        queries: [
          { expr: `sum by (status) (rate(sluice_requests_total{${OF}}${RATE}))`, legend: "{{status}}" },
        ],
      },
      {
        title: "Latency by version",
        meaning: "From a request's entry to its end, time held included. Dots are traced requests.",
        kind: "timeseries",
        unit: "s",
        queries: [
          {
            expr: quantile("0.5", "sluice_request_duration_seconds", "version, "),
            legend: "p50 {{version}}",
          },
          {
            expr: quantile("0.99", "sluice_request_duration_seconds", "version, "),
            legend: "p99 {{version}}",
          },
        ],
      },
      {
        title: "First byte",
        meaning: "From a request's entry to the first byte of the app's answer.",
        kind: "timeseries",
        unit: "s",
        queries: [
          {
            expr: quantile("0.99", "sluice_request_first_byte_seconds", "version, "),
            legend: "p99 {{version}}",
          },
        ],
      },
      {
        title: "In flight",
        meaning: "Requests that have not ended, and those of them that are in a slot.",
        kind: "timeseries",
        unit: "short",
        queries: [
          { expr: `sum(sluice_requests_in_flight{${OF}})`, legend: "all" },
          { expr: `sum by (slot) (sluice_slot_in_flight{${OF}})`, legend: "slot {{slot}}" },
        ],
      },
      {
        title: "Connections",
        meaning: "Client connections open now.",
        kind: "timeseries",
        unit: "short",
        queries: [{ expr: `sum by (pod) (sluice_client_connections{${OF}})`, legend: "{{pod}}" }],
      },
    ],
  },
];
