import { describe, expect, it } from "vitest";
import { type Account, type Evidence, settle } from "./account.ts";
import type { Entry } from "./ledger.ts";
import type { Execution } from "./record-file.ts";
import { judge, playControl, type Run, worst } from "./verdict.ts";

function entry(number: number, more: Partial<Entry> = {}): Entry {
  return {
    number,
    method: "GET",
    sentAt: number,
    doneAt: number + 1,
    written: true,
    failure: undefined,
    detail: "",
    status: 200,
    version: "v1",
    reused: true,
    slow: false,
    ...more,
  };
}

function lostEntry(number: number, more: Partial<Entry> = {}): Entry {
  return entry(number, { failure: "cut", status: 0, version: undefined, ...more });
}

function execution(number: number, version = "v1"): Execution {
  return { number, method: "GET", requestId: `lt-r-${number}`, file: `${version}.record`, version };
}

function evidence(more: Partial<Evidence>): Evidence {
  return {
    run: "r",
    entries: [],
    executions: [],
    others: 0,
    sluices: [],
    hasBackground: false,
    failed: [],
    excuses: true,
    died: new Set(),
    wasReset: false,
    apart: () => undefined,
    ...more,
  };
}

const sluice = (accepted: number, ended: Record<string, number>, inFlight = 0) => ({
  accepted,
  ended,
  inFlight,
});
const failedPost = {
  requestId: "lt-r-1",
  method: "POST",
  written: true,
  replayed: false,
  code: "APP_CLOSED",
  generation: 3,
};

describe("the settlement of the accounts", () => {
  it("finds nothing to say where all three agree", () => {
    const account = settle(
      evidence({
        entries: [entry(1), entry(2)],
        executions: [execution(1), execution(2)],
        sluices: [sluice(2, { answered: 2 })],
      }),
    );
    expect(account).toMatchObject({
      verified: 2,
      lost: [],
      excused: [],
      doubled: [],
      replayed: 0,
      disagreements: [],
      byVersion: { v1: 2 },
    });
  });

  it("names each request that was written and not answered", () => {
    const { lost, verified } = settle(
      evidence({ entries: [entry(1), lostEntry(2)], executions: [execution(1)] }),
    );
    expect(verified).toBe(1);
    expect(lost).toMatchObject([{ number: 2, why: expect.stringContaining("executed 0x") }]);
  });

  it("excuses a POST of which a byte was written to a generation that died, and nothing else", () => {
    const post = lostEntry(1, { method: "POST", failure: "bad status", status: 502 });
    const base = { entries: [post], failed: [failedPost], died: new Set([3]) };
    expect(settle(evidence(base)).excused).toMatchObject([{ number: 1 }]);
    expect(settle(evidence({ ...base, died: new Set([4]) })).lost).toHaveLength(1);
    expect(settle(evidence({ ...base, excuses: false })).lost).toHaveLength(1);
    expect(settle(evidence({ ...base, failed: [{ ...failedPost, written: false }] })).lost).toHaveLength(1);
    expect(settle(evidence({ ...base, failed: [] })).lost).toHaveLength(1);
    expect(settle(evidence({ ...base, entries: [{ ...post, method: "PUT" }] })).lost).toHaveLength(1);
  });

  it("excuses a GET only where connections are reset, and only if its one replay met a second fault", () => {
    const get = { ...lostEntry(1), method: "GET" as const };
    const failed = (replayed: boolean) => [{ ...failedPost, method: "GET", replayed }];
    const lost = (more: Partial<Evidence>) => settle(evidence({ entries: [get], ...more })).lost.length;
    expect(lost({ failed: failed(true), wasReset: true })).toBe(0);
    expect(lost({ failed: failed(false), wasReset: true })).toBe(1);
    expect(lost({ failed: failed(true), wasReset: false })).toBe(1);
  });

  it("sees a POST that was executed twice, even if it was answered well, and counts replayed GETs apart", () => {
    const account = settle(
      evidence({
        entries: [entry(1, { method: "POST", version: "v2" }), entry(2, { version: "v2" })],
        executions: [execution(1), execution(1, "v2"), execution(2), execution(2, "v2")],
      }),
    );
    expect(account.doubled).toMatchObject([{ number: 1, why: "executed by v1 and v2" }]);
    expect(account.replayed).toBe(1);
  });

  it("names what only one account knows", () => {
    const { disagreements } = settle(
      evidence({
        entries: [entry(1), entry(2)],
        executions: [execution(1, "v2"), execution(2), execution(9)],
        failed: [{ ...failedPost, requestId: "lt-r-2" }],
      }),
    );
    expect(disagreements).toEqual([
      "request 1: answered by v1, which never wrote it down",
      "request 2: verified by the client, failed by sluice's timeline (APP_CLOSED)",
      "request 9: executed by v2, never sent".replace("v2", "v1"),
    ]);
  });

  it("holds sluice's sums against themselves and against the client's", () => {
    const both = { entries: [entry(1), entry(2)], executions: [execution(1), execution(2)] };
    const problems = (...sluices: Evidence["sluices"]) =>
      settle(evidence({ ...both, sluices })).disagreements;
    expect(problems(sluice(1, { answered: 1 }), sluice(1, { answered: 1 }))).toEqual([]);
    expect(problems(sluice(2, { answered: 1 }))).not.toEqual([]);
    expect(problems(sluice(3, { answered: 2 }, 1))).not.toEqual([]);
    expect(problems(sluice(3, { answered: 3 }))).not.toEqual([]);
    expect(problems(sluice(2, { answered: 1, failed: 1 }))).not.toEqual([]);
    expect(
      settle(evidence({ ...both, sluices: [sluice(3, { answered: 2, client_aborted: 1 })], others: 1 }))
        .disagreements,
    ).toEqual([]);
  });

  it("leaves a margin exactly as wide as the requests of which nobody can know whether they arrived", () => {
    const base = { entries: [entry(1), lostEntry(2)], executions: [execution(1)] };
    expect(settle(evidence({ ...base, sluices: [sluice(1, { answered: 1 })] })).disagreements).toEqual([]);
    expect(
      settle(evidence({ ...base, sluices: [sluice(2, { answered: 1, failed: 1 })] })).disagreements,
    ).toEqual([]);
    expect(
      settle(evidence({ ...base, sluices: [sluice(3, { answered: 1, failed: 2 })] })).disagreements,
    ).not.toEqual([]);
  });

  it("counts apart what nobody had promised", () => {
    const account = settle(
      evidence({
        entries: [lostEntry(1, { failure: "refused", written: false })],
        apart: () => "sluice was down",
      }),
    );
    expect(account).toMatchObject({ lost: [], apart: [{ number: 1, why: "sluice was down" }], written: 0 });
  });
});

describe("the verdict", () => {
  const clean = settle(evidence({ entries: [entry(1)], executions: [execution(1)] }));
  const lossy = settle(evidence({ entries: [lostEntry(1)] }));
  const run = (account: Account, more: Partial<Run> = {}): Run => ({
    account,
    marks: [{ what: "kill", at: 0, inFlight: 3 }],
    broken: [],
    ...more,
  });

  it("is proven only if the control loses", () => {
    expect(judge(run(clean), run(lossy)).verdict).toBe("proven");
    expect(judge(run(clean), run(clean)).verdict).toBe("not proven");
    expect(judge(run(clean), undefined).verdict).toBe("not proven");
    expect(judge(run(clean), run(clean, { broken: ["a stream was cut"] })).verdict).toBe("proven");
  });

  it("is failed for a loss, a doubled POST, a difference or a broken promise", () => {
    const doubled = { ...clean, doubled: [{ number: 1, method: "POST", why: "" }] };
    for (const bad of [
      run(lossy),
      run(doubled),
      run({ ...clean, disagreements: ["x"] }),
      run(clean, { broken: ["x"] }),
    ]) {
      expect(judge(bad, run(lossy)).verdict).toBe("failed");
    }
  });

  it("is not proven if nothing was at stake", () => {
    expect(judge(run(clean, { marks: [{ what: "kill", at: 0, inFlight: 0 }] }), run(lossy)).verdict).toBe(
      "not proven",
    );
    expect(judge(run(settle(evidence({}))), run(lossy)).verdict).toBe("not proven");
  });

  it("hears a control again that lost nothing, three times at most", async () => {
    const playOf = (lossyRound: number) => {
      const rounds: number[] = [];
      return {
        rounds,
        async play(round: number) {
          rounds.push(round);
          return run(round === lossyRound ? lossy : clean);
        },
      };
    };
    for (const [lossyRound, rounds, verdict] of [
      [1, [1], "proven"],
      [2, [1, 2], "proven"],
      [4, [1, 2, 3], "not proven"],
    ] as const) {
      const control = playOf(lossyRound);
      expect(judge(run(clean), await playControl(control.play)).verdict).toBe(verdict);
      expect(control.rounds).toEqual(rounds);
    }
  });

  it("of several is the worst", () => {
    expect(worst(["proven", "proven"])).toBe("proven");
    expect(worst(["proven", "not proven"])).toBe("not proven");
    expect(worst(["failed", "not proven"])).toBe("failed");
    expect(worst([])).toBe("not proven");
  });
});
