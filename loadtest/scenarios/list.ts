import type { Scenario } from "../scenario.ts";
import { faultScenarios } from "./faults.ts";
import { idleClose } from "./idle-close.ts";
import { idleConnections } from "./idle-connections.ts";
import { kill } from "./kill.ts";
import { killOnly } from "./kill-only.ts";
import { podStops } from "./pod-stop.ts";
import { restart } from "./restart.ts";
import { slotDrain } from "./slot-drain.ts";
import { slowHeads } from "./slow-heads.ts";
import { sluiceRestart } from "./sluice-restart.ts";
import { steady } from "./steady.ts";
import { switchScenario } from "./switch.ts";
import { switchOrder } from "./switch-order.ts";
import { switchSlow } from "./switch-slow.ts";
import { switchStreams } from "./switch-streams.ts";

/** Every scenario, in the order in which `all` runs them. */
export const SCENARIOS: readonly Scenario[] = [
  steady,
  switchScenario,
  switchOrder,
  switchSlow,
  switchStreams,
  kill,
  killOnly,
  restart,
  slotDrain,
  ...podStops,
  idleClose,
  sluiceRestart,
  ...faultScenarios,
  slowHeads,
  idleConnections,
];
