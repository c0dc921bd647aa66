// From argv, environment and file to one Config, or to all the problems at once. Precedence: flag, environment, file,
// default. A text that is wrong is reported even where another source goes before it.

import type { Config } from "./config.ts";
import { findContradictions } from "./contradictions.ts";
import { readEnvironment } from "./environment.ts";
import { readFlags } from "./flags.ts";
import { type Given, quote, type Source } from "./given.ts";
import { OPTION_KEYS, type OptionKey, optionOf, type Values } from "./options.ts";
import type { Problem } from "./problem.ts";
import { isGiven, type Setting, type Settings } from "./settled.ts";
import { whyUnreadable } from "./unreadable.ts";
import { readYaml } from "./yaml-file.ts";

export interface Surroundings {
  /** Flags only: without the node binary, the script, the verb. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the file of --config; a rejection becomes a problem. */
  readonly readFile: (path: string) => Promise<string>;
}

export interface Loaded {
  readonly config: Config;
  /** Each option's text and where it came from. Secrets are texts here too: whoever prints them masks them. */
  readonly settings: Settings;
}

/** Never rejects: whatever is wrong comes back as `problems`, at least one. */
export async function loadConfig(
  surroundings: Surroundings,
): Promise<Loaded | { problems: readonly Problem[] }> {
  const flags = readFlags(surroundings.argv);
  const environment = readEnvironment(surroundings.env);
  const named = [...flags.given, ...environment.given].find(({ key }) => key === "config");
  const file = await readConfigFile(named, surroundings.readFile);

  const sources = [flags, environment, file];
  const given = sources.flatMap((source) => source.given);
  const settings = settle(given);
  const problems = sources.flatMap((source) => source.problems);
  const values: Partial<Record<OptionKey, unknown>> = {};

  for (const one of given) {
    const parsed = optionOf(one.key).kind.parse(one.text);
    if ("wrong" in parsed) problems.push(...parsed.wrong.map((wrong) => problemOf(one, wrong)));
    else if (settings[one.key].origin === one.origin) values[one.key] = parsed.value;
  }
  for (const key of OPTION_KEYS) {
    const { default: text, kind } = optionOf(key);
    if (isGiven(settings, key) || text === undefined) continue;
    const parsed = kind.parse(text);
    if ("wrong" in parsed) throw new Error(`the default of ${key} is wrong: ${text}`);
    values[key] = parsed.value;
  }
  // What `values` holds under a key is what the kind of that key's option returned.
  const parsed = values as Partial<Values>;
  problems.push(...findContradictions({ settings, values: parsed }));
  if (problems.length > 0) return { problems };
  return { config: assemble(parsed as Values, settings), settings };
}

async function readConfigFile(named: Given | undefined, readFile: Surroundings["readFile"]): Promise<Source> {
  if (!named || named.text === "") return { given: [], problems: [] };
  let content: string;
  try {
    content = await readFile(named.text);
  } catch (cause) {
    const given = `${quote(named.text)} (${whyUnreadable(cause)})`;
    return {
      given: [],
      problems: [{ origin: named.origin, key: "config", given, expected: "a file that can be read" }],
    };
  }
  return readYaml(named.text, content);
}

function settle(given: readonly Given[]): Settings {
  const entries = OPTION_KEYS.map((key): [OptionKey, Setting] => {
    // The sources stand in the order of precedence.
    const first = given.find((one) => one.key === key);
    return [key, first ?? { text: optionOf(key).default, origin: { from: "default" } }];
  });
  return Object.fromEntries(entries) as Settings;
}

function problemOf(one: Given, wrong: { readonly given: string; readonly expected: string }): Problem {
  const secret = optionOf(one.key).secret;
  const given = secret ? (one.text === "" ? quote("") : "***") : quote(wrong.given);
  return { origin: one.origin, key: one.key, given, expected: wrong.expected };
}

function assemble(values: Values, settings: Settings): Config {
  return {
    listen: values.listen,
    ops: values.ops,
    control: values.control,
    controlIsDefault: !isGiven(settings, "control"),
    slots: values.slots,
    nodeIp: values["node-ip"],
    handshake: values.handshake,
    requireSignals: values.handshake === "off" ? [] : values["require-signals"],
    sharedPids: values["shared-pids"],
    probe: values.probe,
    probeIntervalMs: values["probe-interval"],
    probeTimeoutMs: values["probe-timeout"],
    probeFailures: values["probe-failures"],
    gates: values.gates,
    engine: values.engine,
    appProtocol: values["app-protocol"],
    switch: values.switch,
    graceMs: values.grace,
    drainDelayMs: values["drain-delay"],
    slotDrainMs: values["slot-drain"],
    exitReserveMs: values["exit-reserve"],
    holdMax: values["hold-max"],
    maxInFlight: values["max-in-flight"] || Number.POSITIVE_INFINITY,
    holdTimeoutMs: values["hold-timeout"],
    hookToken: values["hook-token"],
    hookFrom: values["hook-from"],
    trustedProxies: values["trusted-proxies"],
    limits: {
      maxHeadBytes: values["max-head-size"],
      maxTargetBytes: values["max-target-size"],
      maxFields: values["max-fields"],
      maxConnections: values["max-connections"],
      headTimeoutMs: values["head-timeout"],
      bodyTimeoutMs: values["body-timeout"],
      connectTimeoutMs: values["connect-timeout"],
      responseTimeoutMs: values["response-timeout"],
      clientIdleMs: values["client-idle"],
      appIdleMs: values["app-idle"],
      replayBodyBytes: values["replay-body"],
    },
    via: values.via,
    logLevel: values["log-level"],
    accessLog: values["access-log"],
    otlpEndpoint: values["otlp-endpoint"],
    traceSample: values["trace-sample"],
  };
}
