import { expect, test } from "vitest";
import { createCommands } from "./commands.ts";

/** A clock that is moved by hand. */
function createTimers() {
  const armed = new Set<() => void>();
  return {
    armed,
    setTimer(callback: () => void) {
      armed.add(callback);
      return () => {
        armed.delete(callback);
      };
    },
    fire() {
      for (const callback of [...armed]) callback();
    },
  };
}

function setUp() {
  const timers = createTimers();
  let lastId = 0;
  const commands = createCommands({
    timeoutMs: 5_000,
    newId: () => `c${++lastId}`,
    setTimer: timers.setTimer,
  });
  return { commands, timers };
}

test("the outcome that the app reports ends the command, once", async () => {
  const { commands, timers } = setUp();
  const sent: string[] = [];
  const outcome = commands.issue("a", 1, (id) => sent.push(id) > 0);
  commands.outcome("a", "c1", { ok: true, reason: "certificates read" });
  expect(await outcome).toEqual({ ok: true, reason: "certificates read" });
  expect(sent).toEqual(["c1"]);
  expect(timers.armed.size).toBe(0);
  expect(commands.size).toBe(0);
  expect(() => commands.outcome("a", "c1", { ok: true, reason: "" })).toThrow(
    expect.objectContaining({ code: "UNKNOWN_COMMAND" }),
  );
});

test("an outcome may come back before the sending has returned", async () => {
  const { commands } = setUp();
  const outcome = commands.issue("a", 1, (id) => {
    commands.outcome("a", id, { ok: false, reason: "bad file" });
    return true;
  });
  expect(await outcome).toEqual({ ok: false, reason: "bad file" });
});

test("another slot cannot report the outcome", () => {
  const { commands } = setUp();
  void commands.issue("a", 1, () => true);
  expect(() => commands.outcome("b", "c1", { ok: true, reason: "" })).toThrow(
    expect.objectContaining({ code: "UNKNOWN_COMMAND" }),
  );
  expect(commands.size).toBe(1);
});

test("no outcome in time is a failure with a code", async () => {
  const { commands, timers } = setUp();
  const outcome = commands.issue("a", 1, () => true);
  timers.fire();
  await expect(outcome).rejects.toMatchObject({ code: "COMMAND_TIMEOUT" });
  expect(commands.size).toBe(0);
});

test("a generation that dies fails its own commands and no others", async () => {
  const { commands } = setUp();
  const dead = commands.issue("a", 1, () => true);
  const living = commands.issue("b", 2, () => true);
  commands.forget(1);
  expect(await dead).toMatchObject({ ok: false, reason: expect.stringContaining("ended before") });
  commands.outcome("b", "c2", { ok: true, reason: "" });
  expect(await living).toEqual({ ok: true, reason: "" });
});

test("an app that cannot be told fails at once", async () => {
  const { commands, timers } = setUp();
  expect(await commands.issue("a", 1, () => false)).toMatchObject({ ok: false });
  expect(timers.armed.size).toBe(0);
});
