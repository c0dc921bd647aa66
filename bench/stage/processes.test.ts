import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { allowedCores } from "./cores.ts";
import { cpuMicroseconds, onCpu } from "./cpu-time.ts";
import { memoryOf, sumOf } from "./memory.ts";
import { openFiles } from "./open-files.ts";
import { descendants, processTree } from "./process-tree.ts";
import { createProcesses, type Processes } from "./processes.ts";

const CORE = allowedCores()[0]!;
let processes: Processes;
beforeEach(() => {
  processes = createProcesses(1_000);
});
afterEach(() => processes.close());

const node = (code: string): string[] => [process.execPath, "-e", code];

test("a program runs on its core, with its limit of files", async () => {
  const status = await processes.run(CORE, ["cat", "/proc/self/status", "/proc/self/limits"]);
  expect(status).toMatch(new RegExp(`^Cpus_allowed_list:\\s+${CORE}$`, "m"));
  expect(status).toMatch(/^Max open files +1000 +1000/m);
});

test("a program that fails rejects with what it said", async () => {
  await expect(processes.run(CORE, node("console.error('no luck'); process.exit(3)"))).rejects.toThrow(
    /ended with 3: no luck/,
  );
});

test("killing ends the descendants, too", async () => {
  const line = Promise.withResolvers<string>();
  const code = "const c = require('child_process').spawn('sleep', ['600']); console.log(c.pid)";
  const parent = processes.start(CORE, node(code), line.resolve);
  const child = Number(await line.promise);
  expect(processTree(parent.pid)).toEqual([parent.pid, child]);
  await parent.kill();
  expect(parent.isRunning).toBe(false);
  // Nobody's child any more: its new parent reaps it in its own time.
  const state = () => {
    try {
      return /^State:\t(\w)/m.exec(readFileSync(`/proc/${child}/status`, "utf8"))?.[1];
    } catch {
      return "gone";
    }
  };
  expect(["Z", "X", "gone"]).toContain(state());
});

test("after the end nothing starts that would be left behind", async () => {
  const child = processes.start(CORE, ["sleep", "600"]);
  await processes.close();
  expect(child.isRunning).toBe(false);
  expect(() => processes.start(CORE, ["sleep", "600"])).toThrow("the run is over");
});

test("CPU time of a tree is that of all its members", async () => {
  const line = Promise.withResolvers<string>();
  // The child works; the parent waits for it.
  const work =
    "for (let sum = 0; process.cpuUsage().user < 1e5; ) for (let at = 0; at < 1e6; at++) sum += at;";
  const code = `const c = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${work} console.log('worked'); setInterval(() => {}, 1e3)`)}]); c.stdout.once('data', () => console.log('worked'))`;
  const parent = processes.start(CORE, node(code), line.resolve);
  await line.promise;
  expect(cpuMicroseconds(parent.pid)).toBeGreaterThan(100_000);
});

test("descendants are found over generations", () => {
  const parentOf = new Map([
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 1],
  ]);
  expect(descendants(2, parentOf)).toEqual([2, 3, 4]);
});

test("a schedstat begins with the time on the CPU", () => {
  expect(onCpu("459335 237434 3\n")).toBe(459_335);
  expect(() => onCpu("")).toThrow("schedstat");
});

const rollup = (rss: number, own: number): string =>
  `Rss:  ${rss} kB\nPss:  ${own + (rss - own) / 2} kB\nPrivate_Clean:  ${own / 2} kB\nPrivate_Dirty:  ${own / 2} kB\n`;

test("what a master and its worker share counts once", () => {
  expect(sumOf([rollup(1_000, 200), rollup(1_200, 500)]).rss).toBeCloseTo((700 + 800) * 1.024e-3);
  expect(sumOf([rollup(1_000, 200)]).rss).toBeCloseTo(1.024);
});

test("a process has memory", () => {
  const child = processes.start(CORE, ["sleep", "600"]);
  const { rss, pss } = memoryOf(child.pid);
  expect(rss).toBeGreaterThan(0);
  expect(pss).toBeLessThanOrEqual(rss);
});

test.each([
  ["Max open files            20000                20000                files", 20_000],
  ["Max open files            1024                 524288               files", 60_000],
  ["Max open files            1024                 unlimited            files", 60_000],
])("%s", (limits, files) => {
  expect(openFiles(limits)).toBe(files);
});

test("too few files are refused, with the way out", () => {
  expect(() =>
    openFiles("Max open files            1024                 4096                 files"),
  ).toThrow(/4096 open files are allowed, 12000 are needed: prlimit/);
});
