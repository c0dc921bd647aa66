// The app's side of sluice for Node.js >= 18: one file, no dependencies; copy it into your project.
//
//   const sluice = connect({ version: "v2", onStop: () => server.close(), onReload: () => readConfig() });
//   server.listen(process.env.PORT, "127.0.0.1", () => sluice.ready());
//
// The answer to the handshake stays open: the lifeline. libuv sets close-on-exec, so a child process does not hold it.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @param {object} options
 * @param {string} options.version What runs here: 1 to 128 printable characters.
 * @param {() => unknown} [options.onStop] Finishes the work in flight; returns a promise, or a server that is closing.
 *   Called once, on SIGTERM or SIGINT, when sluice sends no new requests; then the process exits.
 * @param {() => unknown} [options.onReload] Called for `sluice reload`, one call at a time; what it throws is reported.
 * @param {string[]} [options.signals] Further signals for which the app has registered handlers.
 * @param {(message: string) => void} [options.log] Default: standard error.
 */
export function connect({ version, onStop, onReload, signals = [], log = console.error }) {
  const { SLUICE_SLOT: slot, SLUICE_CONTROL: controls = "" } = process.env;
  const [control] = controls.split(",");
  if (!control) log("sluice: SLUICE_CONTROL is not set; running without sluice");
  else if (!slot) throw new Error("sluice: SLUICE_CONTROL is set, SLUICE_SLOT is not: which slot is this?");
  const socketPath = control.includes("/") ? control : undefined;
  const url = `http://${socketPath ? "localhost" : control}/v1/slots/${slot}`;
  const declared = [...signals, ...(onStop ? ["SIGTERM", "SIGINT"] : []), ...(onReload ? ["reload"] : [])];
  const hello = { version, instance: randomUUID(), signals: declared, pid: process.pid };
  const gates = new Map();
  let phase = "new"; // then "waiting" and "accepted", as often as it takes; at last "over"
  let [gateSaid, reloaded] = [Promise.resolve(false), Promise.resolve()]; // one at a time, in order

  const say = (message) => log(`sluice: slot ${slot}: ${message}`);
  const textOf = (error) => String(error?.message || error?.code || error); // no message: of several addresses
  /** Resolves to the open answer, on a connection of its own. Rejects if refused, or after `patience` ms of silence. */
  const request = async (method, path, body, patience) => {
    const options = { socketPath, agent: false, method, headers: { host: "localhost" }, timeout: patience };
    const call = http.request(url + path, options).end(JSON.stringify(body));
    call.on("timeout", () => call.destroy(new Error("no word from sluice")));
    call.on("error", () => {}); // once() rejects with it, or the answer breaks off
    const [answer] = await once(call, "response");
    if (answer.setEncoding("utf8").statusCode < 300) return answer;
    throw new Error(`refused: ${answer.statusCode} ${(await answer.toArray()).join("")}`);
  };
  /** Resolves to whether sluice has taken it. A refusal is logged; never rejects. */
  const tell = (method, path, body) =>
    request(method, path, body, 2000).then(
      (answer) => answer.resume() !== undefined,
      (error) => say(`${method} ${path}: ${textOf(error)}`) ?? false,
    );
  const reload = async (id) => {
    const failure = await (async () => onReload())().then(() => undefined, textOf);
    await tell("POST", `/commands/${id}`, { ok: failure === undefined, reason: failure ?? "" });
  };
  const hear = ({ type, id }) => {
    if (type === "ping") return;
    if (type === "accepted" && phase === "over") throw new Error("this app is stopping"); // hangs up
    say(`${type} (${version})`);
    if (type === "reload") reloaded = reloaded.then(() => reload(id));
    if (type === "superseded") phase = "over";
    if (type !== "accepted") return;
    phase = "accepted";
    for (const [name, said] of gates) if (!said.ttl) app.gate(name, said.open, said); // sluice may have been restarted
  };
  const keep = async () => {
    phase = "waiting";
    for (let delay = 50, last = ""; phase !== "over"; delay = Math.min(delay * 2, 1000)) {
      const trouble = await live().catch(textOf);
      if (phase === "over") return;
      if (phase === "accepted") [phase, delay, last] = ["waiting", 50, ""];
      if (trouble !== last) say(`${trouble}; trying again until it works (${control})`); // once, not at every attempt
      last = trouble;
      await sleep(delay, undefined, { ref: false });
    }
  };
  const live = async () => {
    const answer = await request("POST", "/handshake", hello, 45_000); // three pings
    answer.socket.unref(); // the lifeline alone keeps no process alive
    let text = "";
    for await (const part of answer) {
      const lines = (text + part).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) hear(JSON.parse(line));
    }
    return "the lifeline was closed";
  };
  /** Tells sluice that this process is ending; no new requests come once it resolves. Never rejects. */
  const stopping = async () => {
    const isServed = phase === "accepted"; // else it would hit another process: it is said of the slot
    phase = "over";
    return isServed && tell("POST", "/stopping", {});
  };
  const stop = async () => {
    await stopping();
    const work = onStop(); // what it throws ends the process with 1 and a stack
    await (work instanceof Server ? once(work, "close") : work);
    process.exit();
  };
  let stopped;
  const onSignal = () => (stopped ??= stop());
  if (onStop) process.on("SIGTERM", onSignal).once("SIGINT", onSignal); // a second Ctrl-C ends the process at once

  const app = {
    /** Begins the handshake, and repeats it for ever. Call it once the server listens. */
    ready() {
      const bare = declared.find((name) => name !== "reload" && process.listenerCount(name) === 0);
      if (bare) throw new Error(`sluice: ${bare} is declared but has no handler`);
      if (control && phase === "new") keep();
    },
    /** Says a gate; resolves to whether it was taken now. Said again after each handshake, but not with a `ttl`. */
    gate(/** @type {string} */ name, /** @type {boolean} */ open, { reason = "", ttl = undefined } = {}) {
      const said = { open, reason, ttl };
      gates.set(name, said);
      gateSaid = gateSaid.then(() => phase === "accepted" && tell("PUT", `/gates/${name}`, said));
      return gateSaid;
    },
    stopping, // for an app without onStop, from its own SIGTERM handler
  };
  return app;
}
