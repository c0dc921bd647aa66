// Every check, in the order of the report. The name of a check's file is its id; docs/checks.md has a section for each.

import { cpuLimit } from "./checks/cpu-limit.ts";
import { disruptionBudget } from "./checks/disruption-budget.ts";
import { duplicateContainer } from "./checks/duplicate-container.ts";
import { endlessInit } from "./checks/endless-init.ts";
import { execSleep } from "./checks/exec-sleep.ts";
import { graceDiffers } from "./checks/grace-differs.ts";
import { hooksRefused } from "./checks/hooks-refused.ts";
import { hostNetwork } from "./checks/host-network.ts";
import { hostPort } from "./checks/host-port.ts";
import { imageDiffers } from "./checks/image-differs.ts";
import { initWaitsForApp } from "./checks/init-waits-for-app.ts";
import { killedAtStop } from "./checks/killed-at-stop.ts";
import { livenessAsReadiness } from "./checks/liveness-as-readiness.ts";
import { livenessPastSluice } from "./checks/liveness-past-sluice.ts";
import { localTrafficPolicy } from "./checks/local-traffic-policy.ts";
import { memoryLimit } from "./checks/memory-limit.ts";
import { movingImage } from "./checks/moving-image.ts";
import { nativeSidecarTooOld } from "./checks/native-sidecar-too-old.ts";
import { noDisruptionBudget } from "./checks/no-disruption-budget.ts";
import { noGrace } from "./checks/no-grace.ts";
import { noPreStop } from "./checks/no-pre-stop.ts";
import { noReadinessProbe } from "./checks/no-readiness-probe.ts";
import { noSigtermHandler } from "./checks/no-sigterm-handler.ts";
import { noStartupProbe } from "./checks/no-startup-probe.ts";
import { nobodyServing } from "./checks/nobody-serving.ts";
import { openOpsPort } from "./checks/open-ops-port.ts";
import { packageManagerAsPid1 } from "./checks/package-manager-as-pid-1.ts";
import { phasesExceedGrace } from "./checks/phases-exceed-grace.ts";
import { podHook } from "./checks/pod-hook.ts";
import { portClash } from "./checks/port-clash.ts";
import { probeGrace } from "./checks/probe-grace.ts";
import { publishNotReadyAddresses } from "./checks/publish-not-ready-addresses.ts";
import { readinessOnSlot } from "./checks/readiness-on-slot.ts";
import { recreateStrategy } from "./checks/recreate-strategy.ts";
import { refusedConfiguration } from "./checks/refused-configuration.ts";
import { servicePastSluice } from "./checks/service-past-sluice.ts";
import { sharedPids } from "./checks/shared-pids.ts";
import { shellAsPid1 } from "./checks/shell-as-pid-1.ts";
import { sidecarPortByName } from "./checks/sidecar-port-by-name.ts";
import { singleReplica } from "./checks/single-replica.ts";
import { sleepExceedsGrace } from "./checks/sleep-exceeds-grace.ts";
import { sleepHookTooOld } from "./checks/sleep-hook-too-old.ts";
import { slotCommand } from "./checks/slot-command.ts";
import { slotHook } from "./checks/slot-hook.ts";
import { slotIdentity } from "./checks/slot-identity.ts";
import { slotOnPodIp } from "./checks/slot-on-pod-ip.ts";
import { slotPort } from "./checks/slot-port.ts";
import { slowReadinessProbe } from "./checks/slow-readiness-probe.ts";
import { sluiceLiveness } from "./checks/sluice-liveness.ts";
import { sluiceNotFirst } from "./checks/sluice-not-first.ts";
import { sluiceReadiness } from "./checks/sluice-readiness.ts";
import { socketNotMounted } from "./checks/socket-not-mounted.ts";
import { unknownPortName } from "./checks/unknown-port-name.ts";
import { unsetReadinessGate } from "./checks/unset-readiness-gate.ts";
import type { Check } from "./finding.ts";

export const CHECKS: readonly Check[] = [
  // A stop, for every workload.
  shellAsPid1,
  packageManagerAsPid1,
  noPreStop,
  execSleep,
  sleepExceedsGrace,
  noGrace,
  killedAtStop,
  noSigtermHandler,
  // Readiness and endpoints.
  noReadinessProbe,
  livenessAsReadiness,
  unknownPortName,
  unsetReadinessGate,
  publishNotReadyAddresses,
  localTrafficPolicy,
  // Starting, and what the cluster can do.
  initWaitsForApp,
  portClash,
  duplicateContainer,
  hostNetwork,
  hostPort,
  movingImage,
  nativeSidecarTooOld,
  sidecarPortByName,
  sleepHookTooOld,
  // Updates and evictions.
  recreateStrategy,
  nobodyServing,
  singleReplica,
  noDisruptionBudget,
  disruptionBudget,
  // sluice: that it starts, and says when the Pod is ready.
  refusedConfiguration,
  endlessInit,
  sluiceReadiness,
  slowReadinessProbe,
  readinessOnSlot,
  servicePastSluice,
  // sluice: stops.
  podHook,
  slotHook,
  hooksRefused,
  graceDiffers,
  phasesExceedGrace,
  probeGrace,
  // sluice: slots, and its own container.
  slotIdentity,
  slotPort,
  slotCommand,
  socketNotMounted,
  slotOnPodIp,
  livenessPastSluice,
  sluiceLiveness,
  noStartupProbe,
  sluiceNotFirst,
  cpuLimit,
  memoryLimit,
  openOpsPort,
  sharedPids,
  imageDiffers,
];
