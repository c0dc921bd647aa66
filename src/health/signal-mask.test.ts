import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { uncaughtSignals } from "./signal-mask.ts";

const readFile = (path: string) => readFileSync(path, "utf8");
const children: ChildProcess[] = [];

async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "data");
  if (child.pid === undefined) throw new Error(`${command} did not start`);
  return child.pid;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

test("a process with a handler for one of two signals: the other is provably not caught", async () => {
  const program = 'process.on("SIGUSR2", () => {}); process.stdin.resume(); console.log("up")';
  const pid = await run(process.execPath, ["-e", program]);
  expect(uncaughtSignals(pid, ["SIGUSR2", "SIGVTALRM"], readFile)).toEqual(["SIGVTALRM"]);
});

test("a process without handlers: SIGTERM is provably not caught", async () => {
  const pid = await run("cat", ["/proc/version", "-"]);
  expect(uncaughtSignals(pid, ["SIGTERM"], readFile)).toEqual(["SIGTERM"]);
});

test("what is no signal proves nothing", async () => {
  const pid = await run("cat", ["/proc/version", "-"]);
  expect(uncaughtSignals(pid, ["reload", "SIGNONSENSE", "toString"], readFile)).toEqual([]);
});

test("a process that cannot be read proves nothing", () => {
  expect(uncaughtSignals(4_194_304, ["SIGTERM"], readFile)).toEqual([]);
  expect(uncaughtSignals(1, ["SIGTERM"], () => "Name:\tapp\n")).toEqual([]);
  expect(uncaughtSignals(1, ["SIGTERM"], () => "SigCgt:\tnot-a-mask\n")).toEqual([]);
});

test("the bit of signal N is bit N - 1", () => {
  const readMask = () => "SigIgn:\t0000000000000000\nSigCgt:\t0000000000004001\nCapInh:\t0000000000000000\n";
  expect(uncaughtSignals(1, ["SIGHUP", "SIGINT", "SIGTERM"], readMask)).toEqual(["SIGINT"]);
});
