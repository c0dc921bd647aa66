import { describe, expect, test } from "vitest";
import { type Loaded, loadConfig } from "./load.ts";
import { OPTION_KEYS, optionOf, variableOf } from "./options.ts";
import { formatProblems } from "./problem.ts";

interface Attempt {
  readonly argv?: readonly string[];
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

function load({ argv = [], env = {}, files = {} }: Attempt) {
  const readFile = (path: string) => {
    const content = files[path];
    return content === undefined
      ? Promise.reject(Object.assign(new Error("ENOENT: no such file, open"), { code: "ENOENT" }))
      : Promise.resolve(content);
  };
  return loadConfig({ argv, env, readFile });
}

async function good(attempt: Attempt): Promise<Loaded> {
  const loaded = await load(attempt);
  if ("problems" in loaded) throw new Error(formatProblems(loaded.problems));
  return loaded;
}

async function complaints(attempt: Attempt): Promise<readonly string[]> {
  const loaded = await load(attempt);
  if (!("problems" in loaded)) return [];
  return formatProblems(loaded.problems)
    .split("\n")
    .slice(1, -1)
    .map((line) => line.trim());
}

const complaint = async (...argv: string[]) => (await complaints({ argv })).join("\n");

describe("defaults and precedence", () => {
  test("nothing given is a whole configuration", async () => {
    const { config, settings } = await good({});
    expect(config).toMatchObject({
      listen: { host: "", port: 8080 },
      ops: { host: "", port: 9080 },
      control: [{ path: "/run/sluice/control.sock" }, { host: "127.0.0.1", port: 9081 }],
      controlIsDefault: true,
      slots: [{ name: "a", host: "127.0.0.1", port: 8081 }],
      nodeIp: undefined,
      hookToken: undefined,
      requireSignals: ["SIGTERM"],
      probe: { kind: "http", path: "/healthz" },
      gates: [],
      graceMs: 30_000,
      drainDelayMs: 5_000,
      limits: { maxHeadBytes: 16_384, clientIdleMs: 650_000, replayBodyBytes: 65_536 },
      via: false,
    });
    for (const key of OPTION_KEYS) expect(settings[key].origin).toEqual({ from: "default" });
  });

  test("flag before environment before file before default, and each knows where it came from", async () => {
    const { config, settings } = await good({
      argv: ["--drain-delay", "1s", "--config=sluice.yaml"],
      env: { SLUICE_DRAIN_DELAY: "2s", SLUICE_SLOT_DRAIN: "2s" },
      files: { "sluice.yaml": "# mine\ndrain-delay: 3s\nslot-drain: 3s\nexit-reserve: 3s\n" },
    });
    expect([config.drainDelayMs, config.slotDrainMs, config.exitReserveMs, config.graceMs]).toEqual([
      1_000, 2_000, 3_000, 30_000,
    ]);
    expect(settings["drain-delay"].origin).toEqual({ from: "flag", name: "--drain-delay" });
    expect(settings["slot-drain"].origin).toEqual({ from: "environment", name: "SLUICE_SLOT_DRAIN" });
    expect(settings["exit-reserve"].origin).toEqual({ from: "file", file: "sluice.yaml", line: 4 });
    expect(settings.grace.origin).toEqual({ from: "default" });
  });

  test("the file may be named by the environment; the flag names another", async () => {
    const files = { one: "grace: 61s", two: "grace: 62s" };
    expect((await good({ env: { SLUICE_CONFIG: "one" }, files })).config.graceMs).toBe(61_000);
    expect(
      (await good({ argv: ["--config", "two"], env: { SLUICE_CONFIG: "one" }, files })).config.graceMs,
    ).toBe(62_000);
  });

  test("every option can be given by flag, by variable and (but --config) by file", async () => {
    for (const key of OPTION_KEYS) {
      const text =
        optionOf(key).default ??
        { "node-ip": "10.0.0.1", "hook-token": "t0ken", "otlp-endpoint": "http://c:4318" }[key as string] ??
        "file";
      const files = { file: "", f: `${key}: ${JSON.stringify(text)}` };
      expect((await good({ argv: [`--${key}=${text}`], files })).settings[key].origin.from).toBe("flag");
      expect((await good({ env: { [variableOf(key)]: text }, files })).settings[key].origin.from).toBe(
        "environment",
      );
      if (key === "config") continue;
      expect((await good({ argv: ["--config", "f"], files })).settings[key].origin.from).toBe("file");
    }
  });

  test("a bare flag is true, --via=false is false", async () => {
    expect((await good({ argv: ["--via", "--access-log", "--grace", "40s"] })).config).toMatchObject({
      via: true,
      accessLog: true,
      graceMs: 40_000,
    });
    expect((await good({ argv: ["--via=false"], env: { SLUICE_VIA: "true" } })).config.via).toBe(false);
  });

  test("the file takes lists and mappings where the flag takes commas", async () => {
    const yaml =
      'slots:\n  a: 127.0.0.1:8081\n  b: "[::1]:8082"\ngates: [consul, kafka]\nhook-from:\n  - 10.0.0.0/8\n  - fd00::1\nhold-max: 0\nvia: true\nprobe: off\n';
    const { config } = await good({ argv: ["--config", "f"], files: { f: yaml } });
    expect(config).toMatchObject({
      slots: [
        { name: "a", host: "127.0.0.1", port: 8081 },
        { name: "b", host: "::1", port: 8082 },
      ],
      gates: ["consul", "kafka"],
      hookFrom: ["10.0.0.0/8", "fd00::1/128"],
      holdMax: 0,
      maxInFlight: Number.POSITIVE_INFINITY,
      via: true,
      probe: { kind: "off" },
    });
  });

  test("variables that Kubernetes and apps' containers carry are no problem", async () => {
    const env = {
      SLUICE_SLOT: "a",
      SLUICE_CONTROL: "http://127.0.0.1:9081",
      SLUICE_SERVICE_HOST: "10.96.0.1",
      SLUICE_SERVICE_PORT: "80",
      SLUICE_SERVICE_PORT_HTTP: "80",
      SLUICE_PORT: "tcp://10.96.0.1:80",
      SLUICE_PORT_8080_TCP: "tcp://10.96.0.1:8080",
      SLUICE_PORT_8080_TCP_ADDR: "10.96.0.1",
      SLUICE_OPS_SERVICE_HOST: "10.96.0.2",
      SLUICE_OPS_PORT_9080_TCP_PROTO: "tcp",
      PATH: "/bin",
    };
    expect((await good({ env })).config.control).toEqual([{ host: "127.0.0.1", port: 9081 }]);
  });
});

describe("every wrong value says what was expected", () => {
  test.each([
    ["--listen", "8080", "an address such as :8080"],
    ["--listen", ":65536", "an address such as :8080"],
    ["--ops", "http://x", "an address such as"],
    ["--control", "9081", "a socket path"],
    ["--control", `/${"x".repeat(107)}`, "at most 107 bytes"],
    ["--control", "", "or off"],
    ["--slots", "a", "a name and an address such as a=127.0.0.1:8081"],
    ["--slots", "a=:8081", "a name and an address"],
    ["--slots", "a=127.0.0.1:0", "a name and an address"],
    ["--slots", "A=127.0.0.1:8081", "1 to 32 characters a-z"],
    ["--slots", "", "one or two slots, not 0"],
    ["--slots", "a=h:1,b=h:2,c=h:3", "one or two slots, not 3"],
    ["--handshake", "on", "one of required, off"],
    ["--require-signals", "SIGTREM", "the name of a signal such as SIGTERM"],
    ["--require-signals", "term", "the name of a signal such as SIGTERM"],
    ["--require-signals", "SIGKILL", "a signal that a process can catch"],
    ["--shared-pids=yes", undefined, "true or false"],
    ["--probe", "/healthz", "http:/PATH"],
    ["--probe", "http:/a b", "http:/PATH"],
    ["--probe-interval", "1ms", "at least 10ms"],
    ["--probe-timeout", "soon", "a duration with a unit such as 5s"],
    ["--probe-failures", "0", "a whole number from 1 to 1000"],
    ["--gates", "Consul", "a gate's name"],
    ["--engine", "warp", "one of wire, standard"],
    ["--app-protocol", "h3", "one of h1, h2c"],
    ["--switch", "off", "one of auto, manual"],
    ["--hold-max", "1e3", "a whole number"],
    ["--hold-timeout", "5", "a duration with a unit such as 5s"],
    ["--replay-body", "64k", "a size with a unit such as 64KiB"],
    ["--replay-body", "64", "a size with a unit such as 64KiB"],
    ["--trusted-proxies", "10.0.0.0/33", "a CIDR block"],
    ["--grace", "-5s", "a duration with a unit"],
    ["--grace", "48h", "at most 24h"],
    ["--drain-delay", "5", "a duration with a unit such as 5s"],
    ["--node-ip", "node-1", "an IP address"],
    ["--hook-from", "10.0.0.256", "a CIDR block"],
    ["--hook-token", "", "1 to 1024 visible ASCII"],
    ["--max-head-size", "1B", "from 1KiB to 1MiB"],
    ["--log-level", "verbose", "one of trace, debug"],
    ["--config", "", "the path of a YAML file"],
    ["--config", "none.yaml", '"none.yaml" (there is no such file), expected a file that can be read'],
  ])("%s %s", async (flag, value, expected) => {
    const found = await complaints({ argv: value === undefined ? [flag] : [flag, value] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(flag.replace(/=.*/, ""));
    expect(found[0]).toContain(expected);
  });

  test("each wrong element of a list is named", async () => {
    expect(await complaints({ argv: ["--hook-from", "10.0.0.0/8,nowhere,10.0.0.1/40"] })).toEqual([
      '--hook-from: given "nowhere", expected a CIDR block such as 10.0.0.0/8 or fd00::/8, or one IP address',
      '--hook-from: given "10.0.0.1/40", expected a CIDR block such as 10.0.0.0/8 or fd00::/8, or one IP address',
    ]);
  });

  test("a secret that is wrong is not printed", async () => {
    expect(await complaint("--hook-token", "my secret")).toBe(
      "--hook-token: given ***, expected 1 to 1024 visible ASCII characters without blanks",
    );
    expect(await complaint("--hook-token=my-secret", "--hook-token=my-secret2")).not.toContain("my-secret");
  });
});

describe("flags that cannot be understood", () => {
  test.each([
    [["--drain-dealy", "5s"], "--drain-dealy: expected a flag that exists; did you mean --drain-delay?"],
    [["--drain-dealy=5s"], "--drain-dealy: expected a flag that exists; did you mean --drain-delay?"],
    [
      ["-listen", ":1"],
      "-listen: expected a flag that exists; did you mean --listen?\n:1: expected flags only (--help lists them)",
    ],
    [["--zzzzzz"], "--zzzzzz: expected a flag that exists (--help lists them)"],
    [["--__proto__", "x"], "--__proto__: expected a flag that exists (--help lists them)"],
    [["stray"], "stray: expected flags only (--help lists them)"],
    [["--via", "false"], "false: expected flags only; write --via=false"],
    [["--grace"], "--grace: given nothing, expected a value: --grace DURATION"],
    [["--grace", "--via"], "--grace: given nothing, expected a value: --grace DURATION"],
    [["--grace", "40s", "--grace=50s"], '--grace: given "40s" and "50s", expected --grace only once'],
    [["--gates=x", "--gates=y"], '--gates: given "x" and "y", expected --gates only once, with a list'],
  ])("%j", async (argv, expected) => {
    expect(await complaint(...argv)).toBe(expected);
  });
});

describe("variables and files that cannot be understood", () => {
  test("an unknown SLUICE_ variable is an error, with a guess", async () => {
    expect(await complaints({ env: { SLUICE_DRAINDELAY: "5s", SLUICE_SLOTS_: "x" } })).toEqual([
      "SLUICE_DRAINDELAY: expected a variable of sluice; did you mean SLUICE_DRAIN_DELAY?",
      "SLUICE_SLOTS_: expected a variable of sluice; did you mean SLUICE_SLOTS?",
    ]);
  });

  const inFile = (yaml: string) => complaints({ argv: ["--config", "f.yaml"], files: { "f.yaml": yaml } });

  test.each([
    ["drain_delay: 5s", 'f.yaml:1: "drain_delay": expected a key that exists; did you mean drain-delay?'],
    ["\n\nqwertyuiop: 1", 'f.yaml:3: "qwertyuiop": expected a key that exists'],
    ["grace: 30", 'f.yaml:1: grace: given "30", expected a duration with a unit such as 5s (ms, s, m, h)'],
    ["hold-max: 0x10", 'f.yaml:1: hold-max: given "0x10", expected a whole number from 0 to 1000000'],
    ["grace:", "f.yaml:1: grace: given no plain value, expected DURATION"],
    ["grace: [5s]", "f.yaml:1: grace: given no plain value, expected DURATION"],
    ["gates: [[a]]", "f.yaml:1: gates: given no plain value, expected NAME,..."],
    ["config: g.yaml", "f.yaml:1: config: expected one file only: a file names no other"],
    ["- grace", "f.yaml:1: expected a mapping such as drain-delay: 5s"],
    ["grace: 30s\ngrace: 40s", "f.yaml:2: given Map keys must be unique, expected valid YAML"],
  ])("%j", async (yaml, expected) => {
    expect(await inFile(yaml)).toEqual([expected]);
  });

  test("broken YAML is reported with its line", async () => {
    const found = await inFile('grace: 30s\nslots: "a=\n');
    expect(found[0]).toMatch(/^f\.yaml:[23]: given .*, expected valid YAML$/);
  });

  test("an empty file gives nothing", async () => {
    expect(await inFile("# nothing yet\n")).toEqual([]);
  });
});

describe("contradictions", () => {
  test("phases that do not fit into the grace: the sum, each part and where it came from", async () => {
    const found = await complaints({ argv: ["--drain-delay", "15s"], env: { SLUICE_SLOT_DRAIN: "20s" } });
    expect(found).toEqual([
      "drain-delay + slot-drain + exit-reserve: given drain-delay 15s (--drain-delay) + slot-drain 20s (SLUICE_SLOT_DRAIN)" +
        " + exit-reserve 5s (default) = 40s, expected at most grace 30s (default): shorten a phase by 10s," +
        " or raise grace and the Pod's terminationGracePeriodSeconds together",
    ]);
    expect(await complaint("--drain-delay", "15s")).toBe("");
    expect(await complaint("--drain-delay", "15001ms")).toContain("= 30.001s");
  });

  test.each([
    [["--hold-timeout", "31s"], "hold-timeout: given 31s, expected at most grace 30s (default)"],
    [
      ["--max-target-size=17KiB"],
      "max-target-size: given 17KiB, expected at most max-head-size 16KiB (default)",
    ],
    [["--ops", ":8080"], "listen, ops: given listen :8080 (default) and ops :8080 (--ops)"],
    [
      ["--listen", "127.0.0.1:9081"],
      "listen, control: given listen 127.0.0.1:9081 (--listen) and control 127.0.0.1:9081 (default)",
    ],
    [
      ["--listen", ":8081"],
      "listen, slots: given listen :8081 (--listen) and slot a 127.0.0.1:8081 (default)",
    ],
    [
      ["--slots", "a=localhost:8081,b=127.0.0.1:8081"],
      "slots: given slot a localhost:8081 (--slots) and slot b 127.0.0.1:8081 (--slots)",
    ],
    [["--slots", "a=127.0.0.1:1,a=127.0.0.1:2"], "--slots: given a more than once, expected each name once"],
    [["--gates", "x,y,x"], "--gates: given x more than once, expected each name once"],
    [["--require-signals", "SIGHUP,SIGHUP"], "--require-signals: given SIGHUP more than once"],
    [["--control", "/s,/s"], "--control: given /s more than once"],
    [
      ["--handshake=off", "--require-signals=SIGTERM"],
      "handshake, require-signals: given handshake off (--handshake) and require-signals SIGTERM (--require-signals)",
    ],
    [
      ["--handshake=off", "--gates=x"],
      "handshake, gates: given handshake off (--handshake) and gates x (--gates)",
    ],
    [["--handshake=off", "--shared-pids"], "handshake, shared-pids: "],
    [
      ["--handshake=off", "--probe=off"],
      "handshake, probe: given handshake off (--handshake) and probe off (--probe), expected a probe or a handshake",
    ],
    [
      ["--control=off"],
      "handshake, control: given handshake required (default) and control off (--control), expected a control address",
    ],
  ])("%j", async (argv, expected) => {
    const found = await complaints({ argv });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  test("what only looks alike is no contradiction", async () => {
    await good({ argv: ["--listen", "10.0.0.1:8081", "--slots", "a=127.0.0.1:8081"] });
    await good({ argv: ["--listen", ":0", "--ops", ":0", "--control", "127.0.0.1:0"] });
    await good({ argv: ["--handshake", "off", "--control", "off"] });
    expect(
      (await good({ argv: ["--handshake", "off", "--require-signals", ""] })).config.requireSignals,
    ).toEqual([]);
  });
});

test("all problems of all sources come at once", async () => {
  const found = await complaints({
    argv: ["--config", "f.yaml", "--grace", "30", "--nope", "--drain-delay", "50s", "--gates", "x,x"],
    env: { SLUICE_HOLD_MAX: "many", SLUICE_GRACE: "bad too", SLUICE_TYPO: "1" },
    files: { "f.yaml": "slot-drian: 5s\nops: 9080\n" },
  });
  expect(found.map((line) => line.replace(/: (given|expected) .*/, ""))).toEqual([
    "--nope",
    "SLUICE_TYPO",
    'f.yaml:1: "slot-drian"',
    "--grace",
    "SLUICE_HOLD_MAX",
    "SLUICE_GRACE",
    "f.yaml:2: ops",
    "--gates",
  ]);
});
