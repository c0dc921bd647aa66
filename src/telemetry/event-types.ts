// The catalogue of the timeline: every kind of fact that sluice reports, the level at which the log prints it, and what
// it means. docs/events.md lists the same; a test compares the two.

interface EventKind {
  readonly level: "debug" | "info" | "warn";
  readonly meaning: string;
}

export const EVENT_TYPES = {
  // The process.
  started: { level: "info", meaning: "sluice listens; it is live and not yet ready." },
  hint_loaded: {
    level: "info",
    meaning: "The hint file told which versions were active before sluice restarted.",
  },
  signal: { level: "info", meaning: "sluice got a signal." },
  signal_ignored: {
    level: "warn",
    meaning: "A signal came that changes nothing; the message says what would.",
  },
  exit: { level: "info", meaning: "sluice ends; the details hold the account and the exit code." },

  // How facts about an app come in.
  handshake: { level: "info", meaning: "An app shook hands: a generation of its slot has begun." },
  handshake_refused: { level: "warn", meaning: "A handshake was refused; the message says what it lacks." },
  lifeline_lost: {
    level: "warn",
    meaning: "The lifeline of a generation closed: its process is taken for dead.",
  },
  lifeline_resumed: {
    level: "info",
    meaning: "The same instance came back in time and resumes its generation.",
  },
  superseded: {
    level: "warn",
    meaning: "A newer instance took the slot; the older one was told to stay away.",
  },
  generation_gone: {
    level: "info",
    meaning: "A generation has ended, and nothing of it is in flight any more.",
  },
  probe_passed: { level: "info", meaning: "The probe of a slot turned to passing." },
  probe_failed: { level: "warn", meaning: "The probe of a slot turned to failing." },
  reachable: { level: "info", meaning: "A generation accepts connections again." },
  unreachable: {
    level: "warn",
    meaning: "A generation refused a connection: nobody listens at its address.",
  },
  gate_opened: { level: "info", meaning: "A gate of a generation was opened." },
  gate_closed: { level: "info", meaning: "A gate of a generation was closed." },
  gate_expired: { level: "warn", meaning: "The time to live of an open gate ran out: it counts as closed." },

  // What follows from them.
  ready: { level: "info", meaning: "A generation is ready: handshake, probe and gates agree." },
  not_ready: { level: "warn", meaning: "A generation is ready no longer; the message says why." },
  switch: { level: "info", meaning: "Another slot became active: new requests go there from now on." },
  standby: { level: "info", meaning: "A generation is ready but not active: it is kept for going back." },
  hold_began: { level: "info", meaning: "No slot can take new requests: they are held." },
  hold_ended: { level: "info", meaning: "Requests are held no longer; the details count them." },
  request_failed: { level: "warn", meaning: "A request failed; the message names it and the cause." },

  // Orders.
  order_refused: { level: "warn", meaning: "An order was refused; the message says why." },
  reload_sent: { level: "info", meaning: "The app was told to reload." },
  reload_ended: { level: "info", meaning: "The app reported the outcome of a reload, or did not in time." },

  log_level_set: { level: "info", meaning: "The log's level was changed by an order." },
  profile_asked: { level: "info", meaning: "A profile of sluice itself was asked for." },

  // Stops.
  drain_began: { level: "info", meaning: "A generation gets no new requests; those in flight go on." },
  drain_ended: {
    level: "info",
    meaning: "A drain is over: the last request has left, or the deadline has passed.",
  },
  drain_deadline: { level: "warn", meaning: "The deadline of a drain passed with requests in flight." },
  stopping: { level: "info", meaning: "The app said that it is stopping: no new requests go to it." },
  hook_asked: { level: "info", meaning: "The kubelet called a preStop hook." },
  hook_answered: { level: "info", meaning: "A preStop hook was answered: SIGTERM may follow." },
  hook_expired: {
    level: "warn",
    meaning: "What a hook announced never came; the slot or the Pod serves again.",
  },
  pod_leaving: { level: "info", meaning: "The Pod is going: its stop has begun." },
  pod_alone: {
    level: "warn",
    meaning: "Only sluice's own container is being replaced: no slot's hook came.",
  },
  lame_duck: { level: "info", meaning: "sluice still serves, and tells every client to go elsewhere." },
  last_call: {
    level: "info",
    meaning: "The Pod's deadline is near: new requests are refused, so that those in flight can end.",
  },
  pod_deadline: {
    level: "warn",
    meaning: "The deadline of the Pod's stop passed; what was left has been cut.",
  },
  pod_drained: {
    level: "info",
    meaning: "Nothing is in flight any more: the hooks of the Pod are answered.",
  },
  pod_serving_again: { level: "info", meaning: "The announced stop of the Pod never came: it serves again." },
} as const satisfies Record<string, EventKind>;

export type EventType = keyof typeof EVENT_TYPES;
