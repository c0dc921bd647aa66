// Settings that are each fine and do not go together. A rule says nothing while a value that it needs is itself wrong.

import { formatControlAddress, formatHostPort } from "./address.ts";
import { formatSize } from "./byte-size.ts";
import type { HostPort } from "./config.ts";
import { formatDuration } from "./duration.ts";
import type { OptionKey } from "./options.ts";
import { describeOrigin, type Problem } from "./problem.ts";
import { describeSetting, isGiven, type Settled } from "./settled.ts";

type Rule = (settled: Settled) => readonly Problem[];

/** Every rule's problems, in the order of the rules. */
export function findContradictions(settled: Settled): readonly Problem[] {
  return RULES.flatMap((rule) => rule(settled));
}

const phasesFitTheGrace: Rule = ({ settings, values }) => {
  const phases = ["drain-delay", "slot-drain", "exit-reserve"] as const;
  const grace = values.grace;
  let sum = 0;
  for (const phase of phases) sum += values[phase] ?? Number.NaN;
  // NaN, a phase that is itself wrong, is not greater than anything.
  if (grace === undefined || !(sum > grace)) return [];
  return [
    {
      origin: undefined,
      key: phases.join(" + "),
      given: `${phases.map((phase) => describeSetting(settings, phase)).join(" + ")} = ${formatDuration(sum)}`,
      expected:
        `at most ${describeSetting(settings, "grace")}: shorten a phase by ${formatDuration(sum - grace)}, ` +
        "or raise grace and the Pod's terminationGracePeriodSeconds together",
    },
  ];
};

const holdEndsWithinTheGrace: Rule = ({ settings, values }) => {
  const { grace, "hold-timeout": hold } = values;
  if (grace === undefined || hold === undefined || hold <= grace) return [];
  return [
    {
      origin: settings["hold-timeout"].origin,
      key: "hold-timeout",
      given: settings["hold-timeout"].text,
      expected: `at most ${describeSetting(settings, "grace")}: no request may be held for longer than a stop may take`,
    },
  ];
};

const targetFitsTheHead: Rule = ({ settings, values }) => {
  const { "max-head-size": head, "max-target-size": target } = values;
  if (head === undefined || target === undefined || target <= head) return [];
  return [
    {
      origin: settings["max-target-size"].origin,
      key: "max-target-size",
      given: formatSize(target),
      expected: `at most ${describeSetting(settings, "max-head-size")}, of which the target is a part`,
    },
  ];
};

/** One host and another listen on a common address: the same one, or either on all. */
function overlap(left: string, right: string): boolean {
  const all = (host: string) => host === "" || host === "0.0.0.0" || host === "::";
  const known = (host: string) => (host === "localhost" ? "127.0.0.1" : host.toLowerCase());
  return all(left) || all(right) || known(left) === known(right);
}

const addressesDiffer: Rule = ({ settings, values }) => {
  const users: { readonly key: OptionKey; readonly name: string; readonly address: HostPort }[] = [];
  if (values.listen) users.push({ key: "listen", name: "listen", address: values.listen });
  if (values.ops) users.push({ key: "ops", name: "ops", address: values.ops });
  for (const address of values.control ?? []) {
    if ("port" in address) users.push({ key: "control", name: "control", address });
  }
  for (const slot of values.slots ?? [])
    users.push({ key: "slots", name: `slot ${slot.name}`, address: slot });

  const describe = (user: (typeof users)[number]) =>
    `${user.name} ${formatHostPort(user.address)} (${describeOrigin(settings[user.key].origin)})`;
  return users.flatMap((user, index) =>
    users
      .slice(0, index)
      .filter(({ address }) => address.port !== 0 && address.port === user.address.port)
      .filter(({ address }) => overlap(address.host, user.address.host))
      .map((earlier) => ({
        origin: undefined,
        key: [...new Set([earlier.key, user.key])].join(", "),
        given: `${describe(earlier)} and ${describe(user)}`,
        expected: "a port of its own for each",
      })),
  );
};

const eachIsNamedOnce: Rule = ({ settings, values }) => {
  const named: readonly (readonly [OptionKey, readonly string[]])[] = [
    ["slots", (values.slots ?? []).map(({ name }) => name)],
    ["gates", values.gates ?? []],
    ["require-signals", values["require-signals"] ?? []],
    ["control", (values.control ?? []).map(formatControlAddress)],
  ];
  return named.flatMap(([key, names]) =>
    [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) => ({
      origin: settings[key].origin,
      key,
      given: `${name} more than once`,
      expected: "each name once",
    })),
  );
};

const handshakeHasItsPlace: Rule = ({ settings, values }) => {
  const problems: Problem[] = [];
  const contradict = (expected: string, ...keys: OptionKey[]) =>
    problems.push({
      origin: undefined,
      key: keys.join(", "),
      given: keys.map((key) => describeSetting(settings, key)).join(" and "),
      expected,
    });
  if (values.handshake === "required" && values.control?.length === 0) {
    contradict("a control address, since apps shake hands there; or --handshake off", "handshake", "control");
  }
  if (values.handshake !== "off") return problems;
  if (isGiven(settings, "require-signals") && values["require-signals"]?.length !== 0) {
    contradict(
      "--handshake required, since only a handshake declares signals",
      "handshake",
      "require-signals",
    );
  }
  if (values.gates && values.gates.length > 0) {
    contradict("--handshake required, since gates belong to what a handshake began", "handshake", "gates");
  }
  if (values["shared-pids"]) {
    contradict("--handshake required, since only a handshake names a pid", "handshake", "shared-pids");
  }
  if (values.probe?.kind === "off") {
    contradict("a probe or a handshake: with neither there is nothing to be ready by", "handshake", "probe");
  }
  return problems;
};

const RULES: readonly Rule[] = [
  phasesFitTheGrace,
  holdEndsWithinTheGrace,
  targetFitsTheHead,
  addressesDiffer,
  eachIsNamedOnce,
  handshakeHasItsPlace,
];
