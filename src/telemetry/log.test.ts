import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createLog } from "./log.ts";
import { createPretty } from "./pretty.ts";

function collecting(): { destination: PassThrough; lines: () => Promise<string[]> } {
  const destination = new PassThrough();
  return {
    destination,
    async lines() {
      destination.end();
      return (await text(destination)).split("\n").slice(0, -1);
    },
  };
}

test("a line is one JSON object with the level as a word and the time in ISO 8601", async () => {
  const { destination, lines } = collecting();
  const log = createLog({ level: "info", destination });
  log.info({ event: "switch", slot: "b", generation: 2, version: undefined }, "slot b is active");
  const [line] = await lines();
  const entry = JSON.parse(line!);
  expect(Object.keys(entry)).toEqual(["level", "time", "event", "slot", "generation", "message"]);
  expect(entry).toMatchObject({ level: "info", event: "switch", generation: 2, message: "slot b is active" });
  expect(new Date(entry.time).toISOString()).toBe(entry.time);
});

test("the cause of a defect is logged with its stack", async () => {
  const { destination, lines } = collecting();
  const log = createLog({ level: "info", destination });
  log.error({ event: "trouble", err: new Error("outer", { cause: new Error("inner") }) }, "defect");
  const entry = JSON.parse((await lines())[0]!);
  expect(entry.err.message).toBe("outer: inner");
  expect(entry.err.stack).toContain("log.test.ts");
});

test("the level changes at run time, and silent is silent", async () => {
  const { destination, lines } = collecting();
  const log = createLog({ level: "info", destination });
  log.debug({ event: "x" }, "not yet");
  log.setLevel("debug");
  log.debug({ event: "x" }, "now");
  log.setLevel("silent");
  log.error({ event: "x" }, "no more");
  expect(log.level).toBe("silent");
  expect((await lines()).map((line) => JSON.parse(line).message)).toEqual(["now"]);
});

test("a pretty log is for people", async () => {
  const { destination, lines } = collecting();
  const log = createLog({ level: "info", destination, pretty: createPretty(false) });
  log.warn({ event: "not_ready", slot: "a" }, "slot a answers 503");
  const [line] = await lines();
  expect(line).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: slot a answers 503 \{"event":"not_ready","slot":"a"\}$/,
  );
});

test("a reader that went away ends the log, not the process", async () => {
  const destination = new Writable({ write: (_chunk, _encoding, done) => done(new Error("EPIPE")) });
  const log = createLog({ level: "info", destination });
  const failed = once(destination, "error");
  log.info({ event: "x" }, "one");
  await failed;
  log.info({ event: "x" }, "two");
  expect(log.dropped()).toBe(1);
  await log.flush(10_000);
});

test("a slow reader costs at most 1 MiB; what it lost is counted, and told when it reads on", async () => {
  const written: string[] = [];
  let takeOne: (() => void) | undefined;
  const destination = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      if (takeOne) done();
      else takeOne = done;
    },
  });
  const log = createLog({ level: "info", destination });
  const long = "x".repeat(1000);
  for (let line = 0; line < 2_000; line++) log.info({ event: "x", long }, "line");
  expect(destination.writableLength).toBeLessThan(1024 * 1024 + 2_000);
  const lost = log.dropped();
  expect(lost).toBeGreaterThan(500);

  const flushed = log.flush(10_000);
  takeOne!();
  await flushed;
  await new Promise(setImmediate);
  const lines = written.join("").trimEnd().split("\n");
  expect(lines.filter((line) => JSON.parse(line).message === "line").length).toBe(2_000 - lost);
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ event: "log_dropped", lines: lost });
});

test.each([
  ["a socket, as node gives to its children", (program: string[]) => program],
  [
    "a pipe, as containers and shells give",
    (program: string[]) => ["sh", "-c", '{ "$@"; echo "exit $?" >&2; } | sleep 60', "sh", ...program],
  ],
])(
  "the event loop goes on, and the process ends in time, while nobody reads stdout: %s",
  async (_name, wrap) => {
    const program = `
    import { createLog } from ${JSON.stringify(new URL("./log.ts", import.meta.url).href)};
    const log = createLog({ level: "info", destination: process.stdout });
    const long = "x".repeat(1000);
    for (let line = 0; line < 3000; line++) log.info({ event: "x", long }, "line");
    setTimeout(async () => {
      await log.flush(50);
      process.on("exit", (code) => process.stderr.write("dropped " + log.dropped() + " exit " + code));
      process.exit(0);
    }, 10);`;
    const [command, ...args] = wrap([process.execPath, "--input-type=module", "--eval", program]);
    const child = spawn(command!, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    try {
      child.stdout.pause();
      let told = "";
      for await (const chunk of child.stderr.setEncoding("utf8")) {
        told += chunk;
        if (told.includes("exit 0")) break;
      }
      expect(told).toMatch(/^dropped \d{3,} exit 0/);
    } finally {
      // Its own group: the shell's sleeping reader goes with it.
      if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
    }
  },
);
