import { exactly, informs } from "../figures.ts";
import { FIGURES_MIX } from "../mix.ts";
import { pause, type Scenario } from "../scenario.ts";

export const idleClose: Scenario = {
  name: "idle-close",
  promise:
    "An app that closes idle connections at random costs no request: GETs are replayed, POSTs do not take such a connection.",
  control: "the same client without sluice in between",
  short: true,
  excuses: false,
  async run(stage, sizes, isControl) {
    if (!isControl) await stage.startSluice(["a"], []);
    // A client's connection asks once in a period: closes that are spread over two of them meet requests on their way.
    const period = (1_000 * sizes.connections) / sizes.rate;
    await stage.startApp("a", "v1", ["--close-idle", `${Math.ceil(period * 2)}`]);
    const load = await stage.load({
      mix: { ...FIGURES_MIX, methods: { GET: 0.5, POST: 0.5 } },
      connections: sizes.connections,
      rate: sizes.rate,
      direct: isControl,
    });
    await pause(Math.max(2_500, isControl ? 0 : sizes.steadyMs / 2));
    // The race is a matter of luck: the control goes on until it has been lost once.
    for (
      let more = 0;
      isControl && more < 20 && load.entries.every(({ failure }) => failure === undefined);
      more++
    )
      await pause(500);
    const failed = (method: string) =>
      load.entries.filter((entry) => entry.method === method && entry.failure !== undefined).length;
    const count = (method: string) => load.entries.filter((entry) => entry.method === method).length;
    return {
      figures: [
        exactly(`GETs failed of ${count("GET")}`, failed("GET"), 0),
        exactly(`POSTs failed of ${count("POST")}`, failed("POST"), 0),
        ...(isControl
          ? [
              informs(
                "idle closes seen by the client",
                `${load.ends.filter(({ end }) => end === "idle close").length}`,
              ),
            ]
          : []),
      ],
      broken: [],
    };
  },
};
