// The story of one upgrade: look, decide, take the Lease, pull, try out, roll, tell.

import { setTimeout as after } from "node:timers/promises";
import { acquireLease, type Holding, LeaseTaken } from "../cluster/lease.ts";
import { type PodWatch, watchPods } from "../cluster/pod-watch.ts";
import { SluiceError } from "../errors.ts";
import { prepare } from "../rollout/prepare.ts";
import { type Decided, decideAll, type Rollout, type RolloutResult, rollOut } from "../rollout/rollout.ts";
import { rolloutProblem, templateOf, updateTemplate } from "../rollout/template.ts";
import type { Found } from "./cluster-access.ts";
import { createControlClientBy } from "./control-client.ts";
import { DONE, REFUSED } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import { holderName, leaseNameOf } from "./upgrade-lease.ts";
import type { UpgradeOptions } from "./upgrade-options.ts";
import { createProgress, formatResult, type Say } from "./upgrade-report.ts";

/** An API server that restarts is waited for so long, once the upgrade runs, ms. */
const PATIENCE_MS = 60_000;

export async function runUpgrade(found: Found, options: UpgradeOptions, terminal: Terminal): Promise<number> {
  const { client, workload } = found;
  const problem = rolloutProblem(workload, workload.owner);
  if (problem !== undefined) return refuse(terminal, [problem]);
  if (options.updateTemplate && !templateOf(workload, options.placeholder)?.isQuiet) {
    throw new SluiceError(
      "USAGE",
      `--update-template: a change of the template of ${workload.title} would replace its Pods; it is for updateStrategy OnDelete`,
    );
  }
  const say = createProgress(terminal);
  const { namespace, selection, isOwn } = workload;
  const watch = await watchPods(client, namespace, selection, isOwn, (error) =>
    say(
      undefined,
      "bad",
      `the watch of the Pods broke off: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
  try {
    const goal = { image: options.image, placeholder: options.placeholder, anyway: options.retryNow };
    const decided = await decideAll({ client, makeApi: createControlClientBy, watch, goal });
    const refusals = decided.flatMap(({ name, decision }) =>
      decision.do === "refuse" ? [`pod/${name}: ${decision.why}`] : [],
    );
    if (decided.length === 0) return refuse(terminal, [`${workload.title} has no Pods to upgrade`]);
    if (refusals.length > 0) return refuse(terminal, refusals);
    if (options.dryRun) return showPlan(decided, options, terminal);
    if (options.isMoving)
      say(undefined, "bad", `${options.image} has no fixed tag: it can mean another image in the next Pod`);
    return await underLease(found, options, terminal, say, watch, goal);
  } finally {
    watch.close();
  }
}

async function underLease(
  { client, workload }: Found,
  options: UpgradeOptions,
  terminal: Terminal,
  say: Say,
  watch: PodWatch,
  goal: Rollout["goal"],
): Promise<number> {
  const { namespace } = workload;
  const by = holderName();
  const onWatch = ({ holder }: Holding, ms: number) =>
    say(undefined, "plain", `${holder} has not renewed the Lease in time: it is watched for ${ms / 1_000} s`);
  const taken = acquireLease(client, namespace, leaseNameOf(workload), by, { onWatch });
  const lease = await taken.catch((error: unknown) => {
    if (error instanceof LeaseTaken) throw new LeaseTaken(error.holding, workload.title);
    throw error;
  });
  client.bePatient(PATIENCE_MS);
  const interrupted = new AbortController();
  const left = new AbortController();
  const restore = terminal.onInterrupt?.(() => {
    if (interrupted.signal.aborted) left.abort(new Interrupted());
    else {
      say(
        undefined,
        "bad",
        "interrupted: the Pod in hand is finished, well or badly, and no other begun; once more leaves it half way",
      );
      interrupted.abort(new Interrupted());
    }
  });
  const dropped = AbortSignal.any([left.signal, lease.lost]);
  const rollout: Rollout = {
    client,
    makeApi: createControlClientBy,
    watch,
    namespace,
    goal,
    limits: { timeoutMs: options.timeoutMs, windowMs: options.windowMs },
    share: options.share,
    onlyFirst: options.pause,
    by,
    say,
    interrupted: interrupted.signal,
    paused: lease.pause,
    dropped,
  };
  try {
    const signal = AbortSignal.any([interrupted.signal, dropped]);
    // Somebody else may have upgraded until a moment ago: what counts is what is there now.
    const decided = await decideAll(rollout);
    const obstacle = await prepare({ client, workload, decided, options, say, signal });
    if (obstacle !== undefined) {
      say(undefined, "bad", obstacle);
      terminal.out("No Pod was touched.\n");
      return REFUSED;
    }
    const result = await rollOut(rollout, decided);
    terminal.out(formatResult(result, terminal));
    return await conclude({ client, workload }, options, result, terminal);
  } catch (error) {
    if (!(error instanceof Interrupted) && !lease.lost.aborted) throw error;
    const why = lease.lost.aborted ? `the Lease was lost (${String(lease.lost.reason)})` : "interrupted";
    terminal.err(
      `${why}: nothing more is changed. ${howToGoOn(workload.title, namespace, options, terminal)}\n`,
    );
    return REFUSED;
  } finally {
    restore?.();
    client.bePatient(0);
    await Promise.race([lease.release().catch(() => {}), after(2_000, undefined, { ref: false })]);
  }
}

class Interrupted extends Error {}

async function conclude(
  { client, workload }: Found,
  options: UpgradeOptions,
  { results, unchanged, left, stopped, refusals }: RolloutResult,
  terminal: Terminal,
): Promise<number> {
  const { out, name } = terminal;
  const upgraded = results.filter(({ outcome }) => outcome === "upgraded").length;
  const all = stopped === undefined && left.length === 0 && !isGoneForGood(workload.kind, results);
  const words = {
    bad: "Stopped, since a Pod was not upgraded",
    paused: "Paused",
    interrupted: "Interrupted",
    refused: "Stopped",
  };
  const counts = [
    `${upgraded} upgraded`,
    ...(unchanged.length > 0 ? [`${unchanged.length} left as they were`] : []),
    ...(left.length > 0 ? [`${left.length} left`] : []),
  ];
  out(`\n${stopped ? words[stopped] : all ? "Done" : "Not done"}: ${counts.join(", ")}.\n`);
  for (const refusal of refusals) out(`${refusal}\n`);
  for (const { pod, why } of unchanged) out(`pod/${pod}: ${why}\n`);
  if (stopped === "paused" || stopped === "interrupted")
    out(`${howToGoOn(workload.title, workload.namespace, options, terminal)}\n`);
  else if (stopped && upgraded > 0)
    out(
      `The Pods that are upgraded stay so; back: ${name} upgrade ${workload.title} -n ${workload.namespace} --undo\n`,
    );
  await tellTemplate({ client, workload }, options, all, terminal);
  return all || stopped === "paused" ? DONE : REFUSED;
}

/** A Pod without an owner that was deleted does not come back. */
function isGoneForGood(kind: string, results: RolloutResult["results"]): boolean {
  return kind === "Pod" && results.some(({ outcome }) => outcome === "gone");
}

async function tellTemplate(
  { client, workload }: Found,
  options: UpgradeOptions,
  all: boolean,
  { out }: Terminal,
) {
  const { image } = options;
  const template = templateOf(workload, options.placeholder);
  if (!template || image === undefined || !all) return;
  const { container } = template;
  if (template.image === image)
    return out(`The template of ${workload.title} has ${image} too: the next Pod is the same.\n`);
  if (options.updateTemplate) {
    await updateTemplate(client, workload, container, image);
    return out(
      `The template of ${workload.title} has ${image} now (container ${container}): the next Pod is the same.\n`,
    );
  }
  const drift = `The template of ${workload.title} still has ${template.image} (container ${container}): the next Pod comes with that.`;
  const way = template.isQuiet
    ? "--update-template changes it without replacing a Pod."
    : `To change it replaces the Pods, one by one: kubectl set image ${workload.title} ${container}=${image} -n ${workload.namespace}`;
  out(`${drift}\n${way}\n`);
}

function howToGoOn(title: string, namespace: string, { image }: UpgradeOptions, { name }: Terminal): string {
  const command = `${name} upgrade ${title} -n ${namespace}`;
  return image === undefined
    ? `Go on: ${command} --undo`
    : `Go on: ${command} --image ${image}   Go back: ${command} --undo`;
}

function showPlan(decided: readonly Decided[], options: UpgradeOptions, { out }: Terminal): number {
  const width = options.share(decided.length);
  for (const { name, decision } of decided) {
    if (decision.do === "nothing") out(`pod/${name}: ${decision.why}\n`);
    if (decision.do !== "upgrade") continue;
    const { plan, phase, back } = decision;
    const { target, from, placeholder } = plan;
    const what = back
      ? `goes back from phase ${phase}`
      : phase === "loading"
        ? "is upgraded"
        : `goes on from phase ${phase}`;
    out(`pod/${name}: ${what}\n`);
    out(`  container ${target.container} (slot ${target.slot}): ${target.image} -> ${plan.image}\n`);
    if (from)
      out(
        `  container ${from.container} (slot ${from.slot}): ${from.image} ${plan.keepsOld ? "stays as standby" : `-> ${placeholder} at the end`}\n`,
      );
    else out("  requests are held while it is replaced: there is one slot\n");
  }
  out(`${width} at a time. Nothing was changed (--dry-run).\n`);
  return DONE;
}

function refuse({ err, name, paint }: Terminal, problems: readonly string[]): number {
  for (const problem of problems) err(`${paint.red(`${name}:`)} ${problem}\n`);
  err("Nothing was changed.\n");
  return REFUSED;
}
