import { informs, milliseconds, percentile } from "../figures.ts";
import { WIDE_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";

export const steady: Scenario = {
  name: "steady",
  promise:
    "Every method, bodies of 0 B to 1 MiB, WebSockets and event streams pass unharmed while nothing happens.",
  control: "the app lies in one answer of 50",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a"], []);
    await stage.startApp("a", "v1", isControl ? ["--lie", "50"] : []);
    const load = await stage.load({ mix: WIDE_MIX, connections: sizes.connections, rate: sizes.rate / 3 });
    await stage.load({ mix: WIDE_MIX, connections: 4, rate: 40, keepAlive: false });
    await stage.load({ mix: { ...WIDE_MIX, upload: [0, 8_192] }, connections: 4, rate: 100, pipelining: 4 });
    const streams = [stage.openStream("websocket"), stage.openStream("event-stream")];
    await pause(isControl ? Math.min(1_000, sizes.steadyMs) : sizes.steadyMs);
    const broken = streams.flatMap((stream) =>
      stream.isOpen && stream.messages > 5 ? [] : [`a ${stream.kind} brought ${stream.messages} messages`],
    );
    const latencies = load.entries
      .filter((entry) => entry.failure === undefined)
      .map((entry) => entry.doneAt - entry.sentAt);
    return {
      figures: [
        informs(
          "latency, median and p99",
          `${milliseconds(percentile(latencies, 0.5))}, ${milliseconds(percentile(latencies, 0.99))}`,
        ),
      ],
      broken,
    };
  },
};
