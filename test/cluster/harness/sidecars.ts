// What the sluices of a namespace say for themselves: the log of each of their lives, followed from its start, and the account
// at its end or, while it runs, from its metrics.

import type { FailedRequest, SluiceAccount } from "../../../loadtest/account.ts";
import { metricsAccount } from "../../../loadtest/sluice-process.ts";
import type { Api } from "./api.ts";
import { failuresOf } from "./failures.ts";
import type { Mirror } from "./mirror.ts";
import { isLeaving, type Pod, statusOf } from "./objects.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** One life of sluice's container. */
export interface SidecarLife {
  readonly pod: string;
  readonly app: string;
  readonly lines: readonly LogLine[];
  /** Its log has come to its end. */
  readonly ended: boolean;
}

export interface Sidecars {
  /** Lives of sluice in Pods of an app, oldest first. */
  lives(app: string): readonly SidecarLife[];
  /** The account of each life, once it is quiet or has ended; a life that left none is a problem. */
  accounts(app: string): Promise<{ accounts: readonly SluiceAccount[]; problems: readonly string[] }>;
  /** Requests in flight at the sluice of a Pod that runs. */
  inFlight(pod: string): Promise<number>;
  /** Requests that they reported as failed; generations are numbered over all lives (`generationOf`). */
  failed(app: string): Promise<readonly FailedRequest[]>;
  /** Makes the generations of several sluices distinct. */
  generationOf(pod: string, generation: number): number;
  /** The first line of any life of the app that matches, past or to come. */
  line(app: string, what: string, matches: (line: LogLine, pod: string) => boolean): Promise<LogLine>;
  /** Resolves when every life whose Pod has gone or is going has ended. */
  settled(app: string): Promise<void>;
  close(): void;
}

interface Life extends SidecarLife {
  readonly id: string;
  readonly lines: LogLine[];
  ended: boolean;
}

const NAMES = ["answered", "client_aborted", "refused", "failed", "deadline"] as const;
const QUIET_MS = 3_000;
const PATIENCE_MS = 90_000;

export function followSidecars(api: Api, namespace: string, mirror: Mirror): Sidecars {
  const lives = new Map<string, Life>();
  const listeners = new Set<() => void>();
  const ending = new AbortController();
  const podNumbers = new Map<string, number>();
  const pods = `/api/v1/namespaces/${namespace}/pods`;

  function wake(): void {
    for (const listener of [...listeners]) listener();
  }

  async function follow(life: Life): Promise<void> {
    const take = (text: string) => {
      try {
        life.lines.push(JSON.parse(text) as LogLine);
      } catch {
        life.lines.push({ event: "not json", message: text });
      }
      wake();
    };
    try {
      await api.lines(`${pods}/${life.pod}/log?container=sluice&follow=true`, take, ending.signal);
    } catch (error) {
      if (!ending.signal.aborted) life.lines.push({ event: "log lost", message: String(error) });
    }
    life.ended = true;
    wake();
  }

  mirror.onPod((pod: Pod) => {
    const status = statusOf(pod, "sluice");
    if (!status?.containerID || !(status.state.running || status.state.terminated)) return;
    const id = `${pod.metadata.uid}/${status.containerID}`;
    if (lives.has(id)) return;
    const life: Life = {
      id,
      pod: pod.metadata.name,
      app: pod.metadata.labels?.app ?? "",
      lines: [],
      ended: false,
    };
    lives.set(id, life);
    void follow(life);
  });

  const of = (app: string) => [...lives.values()].filter((life) => life.app === app);

  function until(what: string, isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!isSo()) return;
        clearTimeout(timer);
        listeners.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        listeners.delete(look);
        reject(new Error(`sluice did not say it: ${what}`));
      }, PATIENCE_MS);
      listeners.add(look);
      look();
    });
  }

  function isGoing(life: Life): boolean {
    const pod = mirror.pods(life.app).find(({ metadata }) => metadata.name === life.pod);
    return pod === undefined || isLeaving(pod);
  }

  const accountNow = async (pod: string) =>
    metricsAccount(await api.text(`${pods}/${pod}:9080/proxy/metrics`));

  async function accountOf(life: Life): Promise<SluiceAccount | undefined> {
    if (!life.ended && !isGoing(life)) {
      for (const limit = performance.now() + QUIET_MS; ; ) {
        const account = await accountNow(life.pod);
        if (account.inFlight === 0 || performance.now() > limit) return account;
      }
    }
    await until(`${life.pod}: the end of its log`, () => life.ended);
    const exit = life.lines.findLast(({ event }) => event === "exit");
    if (!exit) return undefined;
    const number = (name: string) => (typeof exit[name] === "number" ? (exit[name] as number) : 0);
    return {
      accepted: number("accepted"),
      ended: Object.fromEntries(NAMES.map((name) => [name, number(name)])),
      inFlight: number("inFlight"),
    };
  }

  function generationOf(pod: string, generation: number): number {
    const known = podNumbers.get(pod) ?? podNumbers.size + 1;
    podNumbers.set(pod, known);
    return known * 1_000 + generation;
  }

  return {
    lives: of,
    async accounts(app) {
      const accounts: SluiceAccount[] = [];
      const problems: string[] = [];
      for (const life of of(app)) {
        const account = await accountOf(life);
        if (account) accounts.push(account);
        else
          problems.push(
            `sluice in ${life.pod} left no account behind; its last words: ${JSON.stringify(life.lines.slice(-2))}`,
          );
      }
      return { accounts, problems };
    },
    inFlight: async (pod) => (await accountNow(pod)).inFlight,
    async failed(app) {
      const found: FailedRequest[] = [];
      for (const life of of(app)) {
        const inLog = life.lines.filter(({ event }) => event === "request_failed");
        const isLeftOut = inLog.some(({ leftOut }) => leftOut !== undefined);
        const all =
          isLeftOut && !life.ended && !isGoing(life) ? await failuresOf(namespace, life.pod) : inLog;
        for (const line of all) {
          if (typeof line.requestId !== "string") continue;
          found.push({
            requestId: line.requestId,
            method: String(line.method),
            written: line.written === true,
            replayed: line.replayed === true,
            code: String(line.code),
            generation: generationOf(life.pod, Number(line.generation ?? 0)),
          });
        }
      }
      return found;
    },
    generationOf,
    async line(app, what, matches) {
      let found: LogLine | undefined;
      await until(what, () => {
        found = of(app)
          .flatMap((life) => life.lines.map((line) => ({ line, pod: life.pod })))
          .find(({ line, pod }) => matches(line, pod))?.line;
        return found !== undefined;
      });
      return found!;
    },
    settled: (app) =>
      until(`${app}: the end of those that go`, () => of(app).every((life) => life.ended || !isGoing(life))),
    close: () => ending.abort(),
  };
}
