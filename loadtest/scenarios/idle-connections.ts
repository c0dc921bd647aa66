import { type Figure, informs } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

const COUNT = 5_000;
/** Each connection asks once in this time. */
const PERIOD_MS = 5_000;
const MOST_KIB = 15;

async function residentBytes(stage: Stage): Promise<number> {
  const { body } = await stage.sluice.ops("/metrics");
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(body)?.[1]);
}

export const idleConnections: Scenario = {
  name: "idle-connections",
  promise:
    "5,000 kept-alive connections that hardly ever ask stand side by side, and each is served when it does.",
  control: "--max-connections 100",
  short: false,
  excuses: false,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a"], isControl ? ["--max-connections", "100"] : []);
    await stage.startApp("a", "v1");
    // Warm, so that what the code itself takes is not put down to the connections.
    const warm = await stage.load({ mix: FIGURES_MIX, connections: sizes.connections, rate: sizes.rate });
    await pause(3_000);
    await warm.stop();
    const before = await residentBytes(stage);
    await stage.load({
      mix: { ...FIGURES_MIX, methods: { GET: 1 } },
      connections: COUNT,
      rate: (COUNT * 1000) / PERIOD_MS,
    });
    await pause(PERIOD_MS * 1.5);
    const after = await residentBytes(stage);
    const kib = (after - before) / COUNT / 1024;
    const { connections } = await stage.sluice.status();
    const memory: Figure = {
      what: "resident memory per connection",
      measured: `${kib.toFixed(1)} KiB (${(before / 2 ** 20).toFixed(0)} to ${(after / 2 ** 20).toFixed(0)} MiB)`,
      goal: `<= ${MOST_KIB} KiB`,
      met: kib <= MOST_KIB,
    };
    return {
      figures: isControl ? [] : [memory, informs("connections that sluice counts", `${connections}`)],
      broken: [],
    };
  },
};
