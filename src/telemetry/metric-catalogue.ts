// The catalogue of sluice's metrics. docs/metrics.md lists the same; a test compares the two, and another that a scrape
// holds exactly these. Units and names follow Prometheus' conventions; each label takes few values, whatever comes in.

export interface MetricKind {
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

export const METRICS = {
  sluice_build_info: {
    type: "gauge",
    labels: ["version", "engine", "node"],
    help: "Always 1; the labels say what runs.",
  },

  // The account: in every scrape accepted = the sum of ended + in flight.
  sluice_requests_accepted_total: { type: "counter", labels: [], help: "Requests that came in." },
  sluice_requests_ended_total: {
    type: "counter",
    labels: ["ending"],
    help: "Requests that have ended, each in exactly one way: answered, client_aborted, refused, failed, deadline.",
  },
  sluice_requests_in_flight: {
    type: "gauge",
    labels: [],
    help: "Requests that have not ended, held ones included.",
  },

  // Requests that have ended.
  sluice_requests_total: {
    type: "counter",
    labels: ["slot", "version", "method", "status"],
    help: "Ended requests by where they were last sent (empty: nowhere) and by class of status; 499 is a client that left, none means that no answer began.",
  },
  sluice_request_duration_seconds: {
    type: "histogram",
    labels: ["slot", "version"],
    help: "From a request's entry to its end, time held included; WebSockets and event streams are counted apart.",
  },
  sluice_request_first_byte_seconds: {
    type: "histogram",
    labels: ["slot", "version"],
    help: "From a request's entry to the first byte of the app's answer, time held included.",
  },
  sluice_stream_duration_seconds: {
    type: "histogram",
    labels: ["kind"],
    help: "Lifetime of WebSockets and event streams.",
  },
  sluice_refused_total: {
    type: "counter",
    labels: ["code"],
    help: "Requests refused by rule, by error code.",
  },
  sluice_failed_total: { type: "counter", labels: ["code"], help: "Requests that failed, by error code." },
  sluice_cut_total: {
    type: "counter",
    labels: ["cause"],
    help: "Requests ended before their answer was whole: deadline (of a stop), or app (it failed after its answer had begun).",
  },
  sluice_replays_total: {
    type: "counter",
    labels: [],
    help: "Requests sent a second time, to a ready slot.",
  },

  // Held requests.
  sluice_held_requests: {
    type: "gauge",
    labels: [],
    help: "Requests held now, since no slot can take them.",
  },
  sluice_hold_limit: {
    type: "gauge",
    labels: [],
    help: "Most requests that are held at a time (--hold-max).",
  },
  sluice_hold_timeout_seconds: {
    type: "gauge",
    labels: [],
    help: "Longest time that a request is held (--hold-timeout).",
  },
  sluice_held_requests_total: { type: "counter", labels: [], help: "Requests that were ever held." },
  sluice_hold_seconds: {
    type: "histogram",
    labels: [],
    help: "Time that ended requests spent held, of those that were.",
  },

  sluice_client_connections: { type: "gauge", labels: [], help: "Client connections open now." },

  // Slots.
  sluice_slot_state: {
    type: "gauge",
    labels: ["slot", "state"],
    help: "1 for the state that the slot is in, 0 for the others.",
  },
  sluice_slot_ready: { type: "gauge", labels: ["slot"], help: "1 if the slot's generation is ready." },
  sluice_slot_not_ready: {
    type: "gauge",
    labels: ["slot", "reason"],
    help: "1 for what keeps the slot from being ready: handshake (none yet), lost (its lifeline), probe, gate, unreachable (it refuses connections), stopping.",
  },
  sluice_not_ready_total: {
    type: "counter",
    labels: ["slot"],
    help: "Times that a generation which had been ready was so no longer.",
  },
  sluice_slot_in_flight: {
    type: "gauge",
    labels: ["slot"],
    help: "Requests in flight on the slot's generation.",
  },
  sluice_gate_open: {
    type: "gauge",
    labels: ["slot", "gate"],
    help: "1 if the gate of the slot's generation is open.",
  },
  sluice_switches_total: {
    type: "counter",
    labels: ["cause"],
    help: "Switches of the active slot, by cause.",
  },
  sluice_generations_total: {
    type: "counter",
    labels: ["slot"],
    help: "Generations that have begun: handshakes accepted.",
  },
  sluice_lifelines_lost_total: {
    type: "counter",
    labels: ["slot"],
    help: "Lifelines lost: deaths of generations.",
  },
  sluice_probe_failures_total: {
    type: "counter",
    labels: ["slot"],
    help: "Times that the slot's probe turned to failing.",
  },

  // Stops.
  sluice_hook_requests_total: {
    type: "counter",
    labels: ["hook", "outcome"],
    help: "preStop hooks answered, by hook (pod, or slots/NAME) and outcome.",
  },
  sluice_hooks_expired_total: {
    type: "counter",
    labels: ["hook"],
    help: "Hooks whose stop never came, so that the slot or the Pod serves again.",
  },
  sluice_drain_seconds: {
    type: "histogram",
    labels: ["slot"],
    help: "From the beginning of a generation's drain, by a switch, hook or order, to its end or deadline.",
  },
  sluice_slot_drain_left_seconds: {
    type: "gauge",
    labels: ["slot"],
    help: "Time until the deadline of the slot's drain; only while there is one.",
  },
  sluice_pod_stop_left_seconds: {
    type: "gauge",
    labels: [],
    help: "Time until the deadline of the Pod's drain; only while the Pod is leaving.",
  },
  sluice_drain_deadlines_total: {
    type: "counter",
    labels: ["drain"],
    help: "Drains that met their deadline with requests in flight, by drain (pod, or slots/NAME).",
  },
  sluice_pod_leaving: { type: "gauge", labels: [], help: "1 from the beginning of the Pod's stop." },
  sluice_ready: { type: "gauge", labels: [], help: "1 while /readyz answers 200." },

  // sluice itself.
  sluice_event_stream_dropped_total: {
    type: "counter",
    labels: [],
    help: "Events that a reader of the stream did not get because it did not keep up.",
  },
  sluice_log_dropped_total: {
    type: "counter",
    labels: [],
    help: "Log lines dropped because nobody read them fast enough.",
  },
  sluice_trace_spans_total: {
    type: "counter",
    labels: ["outcome"],
    help: "Spans by what became of them: exported, failed (the collector did not take them), dropped (too many waited).",
  },
  process_cpu_seconds_total: {
    type: "counter",
    labels: [],
    help: "CPU time used, user and system, seconds.",
  },
  process_start_time_seconds: {
    type: "gauge",
    labels: [],
    help: "Start of the process, seconds since the epoch.",
  },
  process_resident_memory_bytes: { type: "gauge", labels: [], help: "Resident memory, bytes." },
  process_open_fds: { type: "gauge", labels: [], help: "Open file descriptors." },
  process_max_fds: { type: "gauge", labels: [], help: "Most file descriptors that may be open." },
  nodejs_heap_size_used_bytes: { type: "gauge", labels: [], help: "JavaScript heap in use, bytes." },
  nodejs_heap_size_total_bytes: { type: "gauge", labels: [], help: "JavaScript heap reserved, bytes." },
  nodejs_external_memory_bytes: {
    type: "gauge",
    labels: [],
    help: "Memory of buffers outside the JavaScript heap, bytes.",
  },
  nodejs_eventloop_busy_seconds_total: {
    type: "counter",
    labels: [],
    help: "Time that the event loop was busy; its rate near 1 means that the one core is full.",
  },
  nodejs_eventloop_lag_p50_seconds: {
    type: "gauge",
    labels: [],
    help: "Half of the event loop's turns since the last scrape were shorter: what comes meanwhile waits so long.",
  },
  nodejs_eventloop_lag_p99_seconds: {
    type: "gauge",
    labels: [],
    help: "One in a hundred of these turns was longer.",
  },
  nodejs_eventloop_lag_max_seconds: { type: "gauge", labels: [], help: "The longest of these turns." },
} as const satisfies Record<string, MetricKind>;

export type MetricName = keyof typeof METRICS;
