// A real sluice in a process of its own, with the ports that it was given.
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { join } from "node:path";
import { Child } from "./child.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, "listening");
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) server.close();
  return ports;
}

export class Sluice {
  /** Values for PORT and SLUICE_CONTROL of an app in slot a. */
  readonly appPort: string;
  readonly socket: string;
  readonly tcp: string;
  /** HOST:PORT for clients. */
  readonly listen: string;
  readonly #ops: string;
  readonly #flags: readonly string[];
  #process: Child | undefined;

  private constructor(folder: string, ports: readonly number[], flags: readonly string[]) {
    const [listen, ops, tcp, app] = ports;
    this.socket = join(folder, "control.sock");
    this.tcp = `127.0.0.1:${tcp}`;
    this.appPort = String(app);
    this.listen = `127.0.0.1:${listen}`;
    this.#ops = `127.0.0.1:${ops}`;
    this.#flags = flags;
  }

  /** Chooses the ports; nothing is started yet. The folder is for the control socket and what is kept beside it. */
  static async prepare(folder: string, ...flags: string[]): Promise<Sluice> {
    return new Sluice(folder, await freePorts(4), flags);
  }

  async start(): Promise<void> {
    const listeners = [
      "--listen",
      this.listen,
      "--ops",
      this.#ops,
      "--control",
      `${this.socket},${this.tcp}`,
    ];
    const slots = ["--slots", `a=127.0.0.1:${this.appPort}`];
    this.#process = new Child([process.execPath, MAIN, ...listeners, ...slots, ...this.#flags], {});
    await this.event("started");
  }

  /** Resolves with the next event of that type in the log. */
  async event(type: string): Promise<Record<string, unknown>> {
    if (this.#process === undefined) throw new Error("sluice is not started");
    return JSON.parse(await this.#process.next(new RegExp(`"event":"${type}"`)));
  }

  countOf(type: string): number {
    return this.#process?.lines.filter((line) => line.includes(`"event":"${type}"`)).length ?? 0;
  }

  /** Ends sluice at once, as a crash would. */
  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    await this.#process?.exited;
  }

  async readiness(): Promise<{ readonly status: number; readonly reason: string }> {
    const response = await fetch(`http://${this.#ops}/readyz`);
    const { reason } = (await response.json()) as { reason: string };
    return { status: response.status, reason };
  }

  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://${this.listen}${path}`);
    return { status: response.status, text: await response.text() };
  }

  async order(method: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://${this.tcp}/v1/slots/a${path}`, { method });
    return { status: response.status, text: await response.text() };
  }
}
