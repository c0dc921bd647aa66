import { exactly, informs, median, milliseconds, percentile } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";
import { keepUnderWay } from "../under-way.ts";

const COUNT = 200;
const EVERY_MS = 1_000;
/** The limit is 10 s; how much later its answer may come. */
const HEAD_TIMEOUT_MS = 10_000;
const SLACK_MS = 2_000;

export const slowHeads: Scenario = {
  name: "slow-heads",
  promise:
    "200 clients that send their heads at a byte a second are told 408 after 10 s, and others notice nothing.",
  control: "--head-timeout 60s",
  short: false,
  excuses: false,
  async run(stage, sizes, isControl) {
    await stage.startSluice(["a"], isControl ? ["--head-timeout", "60s"] : []);
    await stage.startApp("a", "v1");
    const load = await stage.load({ mix: FIGURES_MIX, connections: sizes.connections, rate: sizes.rate });
    await keepUnderWay(stage);
    await pause(3_000);
    const { at } = stage.mark(`${COUNT} slow heads`);
    const results = await Promise.all(
      Array.from({ length: COUNT }, () => stage.sendSlowHead(EVERY_MS, HEAD_TIMEOUT_MS + SLACK_MS)),
    );
    const told = results.filter(({ status, afterMs }) => status === 408 && afterMs > HEAD_TIMEOUT_MS - 1_000);
    const p99 = (from: number, to: number) =>
      percentile(
        load.entries
          .filter(({ failure, sentAt, doneAt }) => failure === undefined && sentAt > from && doneAt < to)
          .map(({ sentAt, doneAt }) => doneAt - sentAt),
        0.99,
      );
    return {
      figures: [
        exactly("slow heads told 408", told.length, COUNT),
        informs("408 after, median", milliseconds(median(told.map(({ afterMs }) => afterMs)))),
        informs(
          "p99 of the others, before and meanwhile",
          `${milliseconds(p99(0, at))}, ${milliseconds(p99(at, Number.POSITIVE_INFINITY))}`,
        ),
      ],
      broken:
        told.length === COUNT
          ? []
          : [`${COUNT - told.length} of ${COUNT} slow heads were not told 408 after 10 s`],
    };
  },
};
