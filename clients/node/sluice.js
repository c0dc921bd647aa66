// The app's side of sluice for Node.js >= 18: one file, no dependencies; copy it into your project.
//
//   const sluice = connect({ version: "v2", onStop: () => closeServer(), onReload: () => readConfig() });
//   server.listen(process.env.PORT, "127.0.0.1", () => sluice.ready());
//
// Signal handlers are registered in connect() and the handshake begins in ready(): sluice never hears of a process that
// SIGTERM would kill. The lifeline stays open after SIGTERM, until the process ends; it is never opened again then, nor
// after `superseded`. libuv sets close-on-exec on every socket, so a child process does not keep the lifeline open.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** close() returns at once, and waits for connections that become idle after it: sluice keeps them for the next request. */
async function closed(server) {
  const idle = setInterval(() => server.closeIdleConnections?.(), 50);
  await once(server, "close");
  clearInterval(idle);
}

/**
 * @param {object} options
 * @param {string} options.version What runs here: 1 to 128 printable characters.
 * @param {() => unknown} [options.onStop] Finishes the work in flight; returns a promise, or a server that is closing. Called
 *   once, on SIGTERM or SIGINT, when sluice sends no new requests; then the process exits. Without it: handle SIGTERM
 *   yourself, and call stopping() first.
 * @param {() => unknown} [options.onReload] Called for `sluice reload`, one call at a time; a throw is reported as the reason.
 * @param {(state: string) => void} [options.onState] Hears accepted, active, standby, draining, superseded.
 * @param {string[]} [options.signals] Further signals for which the app has registered handlers.
 * @param {(message: string) => void} [options.log] Default: standard error.
 */
export function connect({ version, onStop, onReload, onState, signals = [], log = console.error }) {
  const { SLUICE_SLOT: slot = "", SLUICE_CONTROL: controls = "" } = process.env;
  const control = controls.split(",")[0].trim();
  if (control && !slot)
    throw new Error("sluice: SLUICE_CONTROL is set, SLUICE_SLOT is not: which slot is this?");
  const [, host, port] = /^\[?([^/]*?)\]?:(\d+)$/.exec(control) ?? [];
  const address = port ? { host: host || "127.0.0.1", port } : { socketPath: control };
  const instance = randomUUID();
  const declared = [...signals, ...(onStop ? ["SIGTERM", "SIGINT"] : []), ...(onReload ? ["reload"] : [])];
  const gates = new Map();
  let [started, accepted, over, said] = [false, false, false, ""];
  let [gateQueue, reloads] = [Promise.resolve(false), Promise.resolve()];
  let lifeline, told, stopped;

  const report = (message) => {
    if (message !== said) log(`sluice: slot ${slot}: ${message}`); // the same trouble once, not at every attempt
    said = message;
  };
  const request = (method, path, body, timeout) => {
    const json = JSON.stringify(body);
    const length = Buffer.byteLength(json);
    const headers = { host: "localhost", "content-type": "application/json", "content-length": length };
    const to = { ...address, path: `/v1/slots/${encodeURIComponent(slot)}${path}`, agent: false };
    const call = http.request({ ...to, method, headers, timeout }).end(json);
    call.on("timeout", () => (over && call === lifeline) || call.destroy(new Error("no word from sluice")));
    return call.on("error", () => {}); // answer() tells
  };
  const answer = async (call) => {
    const [response] = await once(call, "response");
    if (response.setEncoding("utf8").statusCode < 300) return response;
    const refusal = `refused: ${response.statusCode} ${(await response.toArray()).join("")}`;
    throw Object.assign(new Error(refusal), { slowest: 5000 });
  };
  /** Resolves to whether sluice has taken it; a refusal is logged. Never rejects; no byte for 2 s counts as a refusal. */
  const tell = async (method, path, body) => {
    try {
      (await answer(request(method, path, body, 2000))).resume();
      return true;
    } catch (error) {
      log(`sluice: slot ${slot}: ${method} ${path}: ${error.message || error.code}`);
      return false;
    }
  };
  const sayGate = (name) => {
    gateQueue = gateQueue.then(() => {
      const gate = gates.get(name);
      if (gate?.ttl) gates.delete(name); // a heartbeat: the app repeats it, we must not
      return accepted && gate ? tell("PUT", `/gates/${encodeURIComponent(name)}`, gate) : false;
    });
    return gateQueue;
  };
  const reload = async (id) => {
    let outcome = { ok: true, reason: "" };
    try {
      if (!onReload) throw new Error("this app has no reload function");
      await onReload();
    } catch (error) {
      outcome = { ok: false, reason: String(error?.message ?? error) };
    }
    await tell("POST", `/commands/${encodeURIComponent(id)}`, outcome);
  };
  const leave = () => {
    over = true;
    if (!accepted) lifeline?.destroy(); // a handshake without an answer must not be accepted any more
  };
  const onLine = ({ type, id }) => {
    if (type === "reload") reloads = reloads.then(() => reload(id));
    if (type === "reload" || type === "ping") return;
    if (type === "accepted") {
      accepted = true;
      report(`handshake accepted (${version})`);
      for (const name of gates.keys()) sayGate(name); // sluice may be new: state them anew
    } else if (type === "superseded") {
      accepted = false;
      report("superseded by a newer process; staying away");
      leave();
    }
    if (onState) queueMicrotask(() => onState(type)); // what it throws is no reason to lose the lifeline
  };
  /** One lifeline, from opening to loss. Always rejects, with the reason. */
  const live = async () => {
    const body = { version, instance, signals: declared, pid: process.pid };
    lifeline = request("POST", "/handshake", body, 45_000); // three pings
    lifeline.on("socket", (socket) => socket.unref()); // the lifeline alone keeps no process alive
    let text = "";
    for await (const part of await answer(lifeline)) {
      const lines = (text + part).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) onLine(JSON.parse(line));
    }
    throw new Error("the lifeline was closed");
  };
  const keep = async () => {
    for (let delay = 50; !over; ) {
      const since = performance.now();
      const error = await live().catch((reason) => reason);
      if (accepted && performance.now() - since > 1000) delay = 50;
      accepted = false;
      if (over) return;
      report(`${error.message || error.code}; trying again until it works (${control})`);
      await sleep(delay * (0.5 + Math.random() / 2), undefined, { ref: false });
      delay = Math.min(delay * 2, error.slowest ?? 1000);
    }
  };
  /** Tells sluice that this process is ending; no new requests come once it resolves. Joinable, never rejects. */
  const stopping = () => {
    // It is said of the slot: from a process that sluice does not serve (superseded), it would hit another one.
    told ??= accepted ? tell("POST", "/stopping", {}) : Promise.resolve(false);
    leave();
    return told;
  };
  const onSignal = async () => {
    if (stopped) return;
    stopped = true;
    await stopping();
    try {
      const result = onStop();
      if (result instanceof Server) await closed(result);
      else await result;
    } catch (error) {
      log(`sluice: onStop failed: ${error?.stack ?? error}`);
      process.exitCode = 1;
    }
    process.exit();
  };
  if (onStop) process.on("SIGTERM", onSignal).once("SIGINT", onSignal); // a second Ctrl-C ends the process at once
  if (!control) log("sluice: SLUICE_CONTROL is not set; running without sluice");

  return {
    /** Begins the handshake, and repeats it for ever. Call it once the server listens. */
    ready() {
      const bare = declared.find((name) => name !== "reload" && process.listenerCount(name) === 0);
      if (bare) throw new Error(`sluice: ${bare} is declared but has no handler`);
      if (control && !started) keep();
      started = true;
    },
    /**
     * Opens or closes a gate; resolves to whether sluice has taken it now. It is remembered, and said again after each
     * handshake, unless it has a time to live ("30s"): that is a heartbeat, for the app to repeat.
     */
    gate(/** @type {string} */ name, /** @type {boolean} */ open, { reason = "", ttl = undefined } = {}) {
      gates.set(name, { open, reason, ttl });
      return sayGate(name);
    },
    stopping,
    /** Leaves sluice at once and for good; what is in flight there is cut. */
    close() {
      accepted = false;
      leave();
    },
  };
}
