// A real sluice as a process of its own, with everything that a kubelet, an app or a person may ask of it.

import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "../../loadtest/child.ts";
import { followTimeline, type Happening, type Timeline } from "../../loadtest/timeline.ts";

export interface Reply {
  readonly status: number;
  /** The JSON of the body, or its text. */
  readonly body: unknown;
}

export interface Hook {
  readonly answer: Promise<Reply>;
  readonly isAnswered: boolean;
  /** The caller goes away without waiting for the answer. */
  leave(): void;
}

export interface Sidecar {
  readonly child: Child;
  readonly ports: SidecarPorts;
  readonly timeline: Timeline;
  /** GET on the ops server. */
  ops(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** A call of the control API. */
  control(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Calls a hook as the kubelet would: "pod" or "slots/a". Resolves once sluice has taken it. */
  hook(path: string): Promise<Hook>;
  /** The first event of that type, past or to come, of which the rest matches. */
  event(type: string, rest?: (happening: Happening) => boolean): Promise<Happening>;
  /** Events of that type so far. */
  events(type: string): readonly Happening[];
  signal(name: NodeJS.Signals): void;
  /** The exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export interface SidecarPorts {
  readonly listen: number;
  readonly ops: number;
  readonly control: number;
  readonly slots: Readonly<Record<string, number>>;
}

export interface SidecarPlan {
  readonly ports: SidecarPorts;
  /** Where the control socket and the hint file are. */
  readonly folder: string;
  readonly flags: readonly string[];
  /** Runs node under another program, such as prlimit. */
  readonly under?: readonly string[];
}

/** Short, so that a test waits for what it is about and not for the clock. */
const FLAGS = [
  ["--probe", "tcp"],
  ["--grace", "5s"],
  ["--drain-delay", "300ms"],
  ["--slot-drain", "2s"],
  ["--exit-reserve", "500ms"],
  ["--hold-timeout", "4s"],
];
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const WAIT_MS = 15_000;

/** Starts sluice; resolves once it listens. Flags of the plan go before those of the harness. */
export async function startSidecar({ ports, folder, flags, under = [] }: SidecarPlan): Promise<Sidecar> {
  const at = (port: number) => `127.0.0.1:${port}`;
  const slots = Object.entries(ports.slots).map(([slot, port]) => `${slot}=${at(port)}`);
  const own = [
    ["--listen", at(ports.listen)],
    ["--ops", at(ports.ops)],
    ["--control", `${join(folder, "control.sock")},${at(ports.control)}`],
    ["--slots", slots.join(",")],
    ...FLAGS,
  ].filter(([name]) => !flags.includes(name ?? ""));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_")));
  const child = startChild([MAIN, ...own.flat(), ...flags], env, under);
  await child.line(({ event }) => event === "started", WAIT_MS);
  const timeline = await followTimeline(at(ports.control));

  async function hook(path: string): Promise<Hook> {
    const asked = timeline.happenings.length;
    const call = request({ port: ports.ops, host: "127.0.0.1", path: `/prestop/${path}`, agent: false });
    let isAnswered = false;
    const answer = replyOf(call).finally(() => {
      isAnswered = true;
    });
    // Whoever leaves does not care.
    answer.catch(() => {});
    call.end();
    await Promise.race([
      timeline.wait((each) => each.type === "hook_asked" && isOf(each, path), WAIT_MS, asked),
      answer,
    ]);
    return {
      answer,
      get isAnswered() {
        return isAnswered;
      },
      leave: () => call.destroy(),
    };
  }

  return {
    child,
    ports,
    timeline,
    hook,
    ops(path, headers = {}) {
      const call = request({ port: ports.ops, host: "127.0.0.1", path, headers, agent: false });
      call.end();
      return replyOf(call);
    },
    control(method, path, body) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const call = request({ port: ports.control, host: "127.0.0.1", method, path, headers, agent: false });
      call.end(text);
      return replyOf(call);
    },
    event: (type, rest = () => true) =>
      timeline.wait((happening) => happening.type === type && rest(happening), WAIT_MS),
    events: (type) => timeline.happenings.filter((happening) => happening.type === type),
    signal: (name) => child.kill(name),
    ended: child.exited.then(({ code, signal }) => signal ?? code),
  };
}

function isOf({ slot }: Happening, path: string): boolean {
  return path === "pod" ? slot === undefined : path === `slots/${slot}`;
}

function replyOf(call: ReturnType<typeof request>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    call.once("error", reject);
    call.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.once("error", reject);
      answer.once("end", () => {
        const isJson = answer.headers["content-type"]?.includes("json") ?? false;
        resolve({ status: answer.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
      });
    });
  });
}
