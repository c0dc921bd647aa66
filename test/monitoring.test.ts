// k8s/monitoring: rules that promtool takes and that do what they promise, and a dashboard whose every query is answered by a real
// Prometheus that scrapes a real sluice under load, through a switch, a drain and a stop.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test as plain } from "vitest";
import { parse } from "yaml";
import { createPortSource } from "../loadtest/free-port.ts";
import { dashboardQueries } from "../scripts/monitoring/dashboard.ts";
import { MONITORING, madeFiles } from "../scripts/monitoring/write.ts";
import { METRICS } from "../src/telemetry/metric-catalogue.ts";
import { PROMETHEUS, PROMTOOL, startPrometheus } from "./harness/prometheus.ts";
import { test } from "./harness/scene.ts";
import { describeWith } from "./harness/tool.ts";

const RULES = join(MONITORING, "rules.yaml");
const read = (name: string) => readFileSync(join(MONITORING, name), "utf8");
const freePort = createPortSource();

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const file: RuleFile = parse(read("rules.yaml"));
const rules = file.groups.flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert, annotations }) => (alert ? [{ alert, annotations }] : []));

plain.each(Object.entries(madeFiles()))(
  "%s is what it is made from (else: node scripts/monitoring/write.ts)",
  (name, text) => {
    expect(read(name)).toBe(text);
  },
);

plain("the operator's form holds the same rules as the plain one", () => {
  const { apiVersion, kind, spec } = parse(read("prometheus-rule.yaml"));
  expect([apiVersion, kind]).toEqual(["monitoring.coreos.com/v1", "PrometheusRule"]);
  expect(spec).toEqual(file);
});

plain("rules and dashboard ask only for metrics that there are", () => {
  const asked = [...rules.map(({ expr }) => expr), ...dashboardQueries()].flatMap((expr) =>
    [...expr.matchAll(/(?<![\w:])(?:sluice|process|nodejs)_[a-z_0-9]+/g)].map(([name]) => name),
  );
  const known = (name: string) => name in METRICS || name.replace(/_(bucket|sum|count)$/, "") in METRICS;
  expect(asked.length).toBeGreaterThan(60);
  expect(asked.filter((name) => !known(name))).toEqual([]);
});

plain("each alert has its section in docs/alerts.md, and there is no other", () => {
  const page = readFileSync(join(MONITORING, "../../docs/alerts.md"), "utf8");
  const sections = [...page.matchAll(/^## (Sluice\w+)$/gm)].map(([, name]) => name);
  expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  for (const { alert, annotations } of alerts)
    expect(annotations?.runbook).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
});

plain("each alert is seen to fire in the tests of the rules", () => {
  const { tests } = parse(read("rules.test.yaml"));
  const fired = new Set<string>();
  for (const one of tests)
    for (const each of one.alert_rule_test ?? []) if (each.exp_alerts.length > 0) fired.add(each.alertname);
  expect([...fired].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

describeWith([PROMTOOL], "promtool", () => {
  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
    return { status, said: stdout + stderr };
  };

  plain("takes the rules", () => {
    expect(promtool("check", "rules", RULES)).toMatchObject({ status: 0 });
  });

  plain("finds that they do what their tests say, and that changed ones do not", { timeout: 120_000 }, () => {
    expect(promtool("test", "rules", join(MONITORING, "rules.test.yaml"))).toMatchObject({ status: 0 });
    const folder = mkdtempSync(join(tmpdir(), "sluice-rules-"));
    copyFileSync(join(MONITORING, "rules.test.yaml"), join(folder, "rules.test.yaml"));
    const changed = read("rules.yaml").replace(
      "(sluice_hold_limit > 0) > 0.5",
      "(sluice_hold_limit > 0) > 0.7",
    );
    expect(changed).not.toBe(read("rules.yaml"));
    writeFileSync(join(folder, "rules.yaml"), changed);
    const { status, said } = promtool("test", "rules", join(folder, "rules.test.yaml"));
    rmSync(folder, { recursive: true });
    expect([status, said]).toEqual([1, expect.stringContaining("SluiceHoldFilling")]);
  });
});

describeWith([PROMETHEUS], "a real Prometheus", () => {
  test("answers every query of the dashboard and evaluates every rule, through load, switch, drain and stop", {
    timeout: 120_000,
  }, async ({ two }) => {
    const prometheus = await startPrometheus({
      folder: two.folder,
      port: await freePort(),
      target: `127.0.0.1:${two.ports.ops}`,
      rules: RULES,
    });
    two.later(() => prometheus.stop());
    // Traces go nowhere; their examples are in the scrape all the same.
    const sluice = await two.sluice([
      ...["--otlp-endpoint", `http://127.0.0.1:${await freePort()}`, "--trace-sample", "1"],
      // What is to be scraped lasts until it has been.
      ...["--grace", "60s", "--hold-timeout", "30s", "--slot-drain", "30s", "--drain-delay", "5s"],
    ]);
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${two.ports.listen}${path}`)).text();
    const held = ask("/held");
    await prometheus.seen("sluice_held_requests == 1");
    await two.app("a");
    expect(await held).toBe("v1 GET /held");

    let isOver = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await ask("/load");
        await pause(5);
      }
    });
    await prometheus.seen('rate(sluice_requests_total{slot="a"}[4s]) > 0');
    const v2 = await two.app("b", { version: "v2" });
    await prometheus.seen('rate(sluice_requests_total{slot="b", version="v2"}[4s]) > 0');
    expect(await prometheus.query('sluice_switches_total{cause="new_version"} == 1')).toHaveLength(1);
    await prometheus.seen("job_slot_version:sluice_requests:rate5m > 0");

    // Slot b drains by its hook while one of its requests takes its time; slot a takes over.
    const slow = ask("/wait");
    await v2.waiting(1);
    const hook = await sluice.hook("slots/b");
    await prometheus.seen('sluice_slot_drain_left_seconds{slot="b"} > 0');
    await prometheus.seen('sluice_slot_not_ready{slot="b", reason="stopping"} == 1');
    v2.release();
    expect(await slow).toBe("v2 GET /wait");
    expect(await hook.answer).toEqual({ status: 200, body: { outcome: "drained" } });
    await prometheus.seen('sluice_hook_requests_total{hook="slots/b", outcome="drained"} == 1');
    // The account adds up in each of some twenty scrapes under load.
    expect(
      await prometheus.range(
        "sluice_requests_accepted_total - sum without (ending) (sluice_requests_ended_total) - sluice_requests_in_flight != 0",
      ),
    ).toEqual([]);

    // A scrape during a stop says how much time is left.
    isOver = true;
    await Promise.all(load);
    sluice.signal("SIGTERM");
    await prometheus.seen("sluice_pod_stop_left_seconds > 0 and sluice_pod_leaving == 1");
    expect(await sluice.ended).toBe(0);

    const empty: string[] = [];
    for (const expr of dashboardQueries()) {
      const series = await prometheus.range(
        expr.replaceAll("$job", ".*").replaceAll("$pod", ".*").replaceAll("$__rate_interval", "4s"),
      );
      if (series.every(({ values }) => (values ?? []).every(([, value]) => value === "NaN")))
        empty.push(expr);
    }
    expect(empty, "queries without data").toEqual([]);

    const { groups } = (await prometheus.api("rules")) as {
      groups: { rules: { name: string; health: string; type: string }[] }[];
    };
    const evaluated = groups.flatMap((group) => group.rules);
    expect(evaluated.map(({ name }) => name).sort()).toEqual(
      rules.map(({ alert, record }) => alert ?? record).sort(),
    );
    expect(evaluated.filter(({ health }) => health !== "ok")).toEqual([]);
    for (const { name } of evaluated.filter(({ type }) => type === "recording"))
      expect([name, (await prometheus.range(name)).length > 0]).toEqual([name, true]);

    const exemplars = (await prometheus.api("query_exemplars", {
      query: "sluice_request_duration_seconds_bucket",
      start: String(Date.now() / 1_000 - 300),
      end: String(Date.now() / 1_000 + 5),
    })) as { exemplars: { labels: Record<string, string> }[] }[];
    const labels = exemplars.flatMap((one) => one.exemplars.map((exemplar) => exemplar.labels));
    expect(labels.length).toBeGreaterThan(0);
    for (const { trace_id, span_id } of labels) {
      expect(trace_id).toMatch(/^[\da-f]{32}$/);
      expect(span_id).toMatch(/^[\da-f]{16}$/);
    }
  });
});
