// One side of the comparison: an engine between a client that says what the conversation says and the recording app.

import { connect } from "node:net";
import { createTickets } from "../../src/drain/tickets.ts";
import { createAdmission } from "../../src/proxy/admission.ts";
import type { Engine } from "../../src/proxy/engine.ts";
import type { Message } from "../../src/proxy/engine-suite/message-reader.ts";
import { type CreateEngine, destinationOf } from "../../src/proxy/engine-suite/stage.ts";
import type { Conversation } from "./conversation.ts";
import { Recorder } from "./recorder.ts";

export interface Played {
  readonly requests: readonly Message[];
  readonly unreadable: readonly string[];
  /** All bytes that reached the client, latin1. */
  readonly received: string;
  readonly end: "fin" | "reset" | "hang";
  readonly troubles: readonly string[];
}

/** Every wait of the engine that an odd message may run into, ms: so long that a busy machine runs into none. */
const WAIT_MS = 30_000;
/** Silence after which a client that waits for answers closes its side, ms; a replay may take 20 of them. */
const SILENCE_MS = 150;
/** Beyond all waits together, ms. */
const HANG_MS = 120_000;

const FUZZ_LIMITS = {
  maxHeadBytes: 4096,
  maxTargetBytes: 256,
  maxFields: 64,
  maxConnections: 1000,
  headTimeoutMs: WAIT_MS,
  bodyTimeoutMs: WAIT_MS,
  connectTimeoutMs: WAIT_MS,
  responseTimeoutMs: WAIT_MS,
  clientIdleMs: 2 * WAIT_MS,
  appIdleMs: 30_000,
  replayBodyBytes: 64 * 1024,
};

export class Side {
  readonly #create: CreateEngine;
  readonly #app = new Recorder();
  readonly #tickets = createTickets(() => performance.now());
  #engine: Engine | undefined = undefined;
  #port = 0;
  #troubles: string[] = [];

  constructor(create: CreateEngine) {
    this.#create = create;
  }

  async open(): Promise<void> {
    const now = () => performance.now();
    const destination = destinationOf(await this.#app.listen());
    const nothing = (): void => {};
    this.#engine = this.#create({
      listen: { host: "127.0.0.1", port: 0 },
      admission: createAdmission(
        { max: 100, timeoutMs: WAIT_MS, maxInFlight: Number.POSITIVE_INFINITY, now },
        this.#tickets,
        { to: "generation", destination },
      ),
      tickets: this.#tickets,
      limits: FUZZ_LIMITS,
      observer: {
        ended: nothing,
        refused: nothing,
        accepted: nothing,
        replayed: nothing,
        connections: nothing,
        trouble: (error, what) => this.#troubles.push(`${what}: ${error.message}`),
      },
      isTrustedProxy: () => false,
      via: false,
      now,
      newRequestId: () => "0".repeat(32),
    });
    this.#port = (await this.#engine.listen()).port;
  }

  get inFlight(): number {
    return this.#tickets.account().inFlight;
  }

  close(): void {
    this.#engine?.destroy();
    this.#app.close();
  }

  async play({ sent, cuts, methods, halfCloses, answers }: Conversation): Promise<Played> {
    this.#app.begin(answers);
    this.#troubles = [];
    const parts: Buffer[] = [];
    const socket = connect({ port: this.#port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const end = await new Promise<Played["end"]>((resolve) => {
      let silence: NodeJS.Timeout | undefined;
      const hang = setTimeout(() => resolve("hang"), HANG_MS);
      let finals = 0;
      const wait = (): void => {
        clearTimeout(silence);
        silence = setTimeout(() => socket.end(), finals >= methods.length ? 1 : SILENCE_MS);
      };
      const over = (how: Played["end"]): void => {
        clearTimeout(silence);
        clearTimeout(hang);
        resolve(how);
      };
      socket.on("data", (part: Buffer) => {
        parts.push(part);
        // As many answers as requests: a guess that need not be right, since silence does it too.
        for (let at = part.indexOf("HTTP/1."); at !== -1; at = part.indexOf("HTTP/1.", at + 1)) finals++;
        if (silence) wait();
      });
      socket.on("end", () => {
        socket.end();
        over("fin");
      });
      socket.on("error", () => over("reset"));
      socket.on("close", () => over("fin"));
      socket.on("connect", () => {
        const bytes = Buffer.from(sent, "latin1");
        const ends = [...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length];
        let at = 0;
        const write = (): void => {
          const until = ends.shift();
          if (until === undefined) {
            if (halfCloses) socket.end();
            else wait();
            return;
          }
          if (socket.writable) socket.write(bytes.subarray(at, until));
          at = until;
          setImmediate(write);
        };
        write();
      });
    });
    socket.destroy();
    const { requests, unreadable } = this.#app;
    return {
      requests,
      unreadable,
      received: Buffer.concat(parts).toString("latin1"),
      end,
      troubles: this.#troubles,
    };
  }
}
