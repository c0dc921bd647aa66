import type { BenchCase } from "./bench-case.ts";
import { closedLoops } from "./closed-loop.ts";
import { connections } from "./connections.ts";
import { grpc } from "./grpc.ts";
import { idleRace } from "./idle-race.ts";
import { latency } from "./latency.ts";
import { memory } from "./memory.ts";
import { slowHeads } from "./slow-heads.ts";
import { startTime } from "./start-time.ts";
import { websocket } from "./websocket.ts";

/** In the order of the tables. */
export const CASES: readonly BenchCase[] = [
  ...closedLoops,
  websocket,
  grpc,
  latency,
  connections,
  memory,
  startTime,
  idleRace,
  slowHeads,
];
