// One client's HTTP/2 connection: its streams become exchanges, what it may demand is limited, and it is closed in order.

import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { plainAddress } from "../headers/forwarded.ts";
import { Allowance } from "./allowance.ts";
import { goawayNotice } from "./goaway-notice.ts";
import { CONNECTION_WINDOW_BYTES, clientSessionOptions } from "./session-options.ts";
import { StreamExchange, type StreamHouse } from "./stream-exchange.ts";

/** Between the two steps of a GOAWAY at most, ms; a client that answers the ping is through with the first one earlier. */
const NOTICE_MS = 1000;
/** How long a client may take to close its side of a connection that is over, ms. */
const LINGER_MS = 2000;
/** Pings and settings that a client may send at once, and per second in the long run. */
const PINGS_AT_ONCE = 1000;
const PINGS_PER_SECOND = 10;
/** Pings per second while requests are under way: clients measure with them, one in each round trip, how much is on its way. */
const BUSY_PINGS_PER_SECOND = 5000;
const SETTINGS_AT_ONCE = 100;
const SETTINGS_PER_SECOND = 1;
/** A client with requests under way that has sent nothing for so long is asked whether it is still there, ms ... */
const SILENCE_MS = 15_000;
/** ... and has so long to answer, ms. */
const PONG_MS = 10_000;

export interface Patience {
  readonly silenceMs: number;
  readonly pongMs: number;
}

export const PATIENCE: Patience = { silenceMs: SILENCE_MS, pongMs: PONG_MS };

export interface SessionPlace {
  readonly id: number;
  /** The connection is one too many; its requests are refused. */
  readonly surplus: boolean;
  readonly patience: Patience;
  readonly onClose: () => void;
}

export class ClientSession {
  /** Distinct for each connection; spreads what must not happen to all at once. */
  readonly id: number;
  /** When it began, and since when no request has been under way on it, ms. */
  readonly openedAt: number;
  idleSince: number;
  readonly #house: StreamHouse;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #client: string;
  readonly #surplus: boolean;
  readonly #patience: Patience;
  readonly #pings: Allowance;
  readonly #busyPings: Allowance;
  readonly #settings: Allowance;
  #busy = 0;
  #requests = 0;
  #heardAt: number;
  #heardBytes = 0;
  #asked = false;
  #greeted = false;
  #told = false;
  #lingering = false;

  /** `bytes`: what was read of the connection so far, the preface first. */
  constructor(
    house: StreamHouse,
    socket: Socket,
    bytes: Buffer,
    { id, surplus, patience, onClose }: SessionPlace,
  ) {
    const { limits, now } = house.parts;
    this.#house = house;
    this.#socket = socket;
    this.#surplus = surplus;
    this.#patience = patience;
    this.id = id;
    this.openedAt = now();
    this.idleSince = this.openedAt;
    this.#heardAt = this.openedAt;
    this.#client = socket.remoteAddress ?? "";
    this.#pings = new Allowance(PINGS_AT_ONCE, PINGS_PER_SECOND, now);
    this.#busyPings = new Allowance(BUSY_PINGS_PER_SECOND, BUSY_PINGS_PER_SECOND, now);
    this.#settings = new Allowance(SETTINGS_AT_ONCE, SETTINGS_PER_SECOND, now);
    // A client that has sent FIN reads no answers of HTTP/2 any more.
    socket.allowHalfOpen = false;
    // A stream that flows would throw away what is put back.
    socket.pause();
    socket.unshift(bytes);
    const session = performServerHandshake(socket, clientSessionOptions(limits));
    this.#session = session;
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.on("stream", (stream, _headers, _flags, rawHeaders) => this.#enter(stream, rawHeaders));
    session.on("remoteSettings", () => this.#greet());
    session.on("ping", () => (this.#busy > 0 ? this.#busyPings : this.#pings).take() || this.#calm());
    // Whoever breaks the protocol is told by nghttp2, and its requests end with their streams.
    session.on("error", () => {});
    session.on("close", onClose);
    socket.on("end", () => socket.destroySoon());
    // What came meanwhile may have filled the stream, which then stops the reading. By then all of that has been taken.
    setImmediate(() => socket.resume());
  }

  get isIdle(): boolean {
    return this.#busy === 0;
  }

  /** It has never asked anything. */
  get isNew(): boolean {
    return this.#requests === 0;
  }

  get #isOver(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  /**
   * Lame duck (RFC 9113 6.8): tells the client to go elsewhere, and when what was on its way must have come, which the last
   * request was. Requests under way are finished. Idempotent.
   */
  tell(): void {
    if (this.#told || this.#isOver || !this.#greeted) return;
    this.#told = true;
    this.#socket.write(goawayNotice());
    const timer = setTimeout(() => this.close(), NOTICE_MS);
    this.#session.on("close", () => clearTimeout(timer));
    this.#session.ping((error) => error || this.close());
  }

  /** Says which request is the last, and closes when all are answered. Idempotent. */
  close(): void {
    if (this.#isOver) return;
    this.#told = true;
    this.#session.close();
    if (this.#busy === 0) this.#linger();
  }

  destroy(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  /** Ends what has waited for too long. To be called every now and then. */
  look(now: number): void {
    const { headTimeoutMs, clientIdleMs } = this.#house.parts.limits;
    if (this.#session.destroyed || (this.#session.closed && this.#busy === 0)) {
      // The client itself may have ended it, and then left its side open.
      this.#linger();
      return;
    }
    const { bytesRead } = this.#socket;
    if (bytesRead !== this.#heardBytes) {
      this.#heardBytes = bytesRead;
      this.#heardAt = now;
    }
    if (!this.#greeted) {
      if (now - this.openedAt >= headTimeoutMs) this.destroy();
    } else if (this.#busy === 0) {
      if (now - this.idleSince >= clientIdleMs) this.tell();
    } else if (now - this.#heardAt >= this.#patience.silenceMs) this.#ask();
  }

  #enter(stream: ServerHttp2Stream, rawHeaders: readonly string[]): void {
    this.#busy++;
    this.#requests++;
    const { active, parts } = this.#house;
    // A stream takes as much of sluice as a connection of HTTP/1.1 does, and so there may be as many.
    const surplus = this.#surplus || active.size >= parts.limits.maxConnections;
    const arrival = { stream, rawHeaders, client: plainAddress(this.#client), surplus };
    new StreamExchange(this.#house, arrival, () => this.#left()).start();
  }

  #left(): void {
    this.#busy--;
    this.idleSince = this.#house.parts.now();
    if (this.#surplus) this.close();
    if (this.#busy === 0 && this.#isOver) this.#linger();
  }

  #greet(): void {
    this.#greeted = true;
    if (!this.#settings.take()) this.#calm();
  }

  /** The client asks for more than any needs (RFC 9113 10.5). */
  #calm(): void {
    this.#session.destroy(new Error("too many demands"), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /**
   * A client whose machine has vanished sends no FIN, and a silent stream would wait for it for ever. And nghttp2 reads nothing more
   * of a connection on which the protocol was broken, of which node does not tell in all cases.
   */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    const timer = setTimeout(() => this.destroy(), this.#patience.pongMs);
    this.#session.on("close", () => clearTimeout(timer));
    // SETTINGS and not PING: node sends no PING on a connection that either side has begun to close, and this is answered, too.
    this.#session.settings({}, (error) => {
      if (error) return;
      clearTimeout(timer);
      this.#asked = false;
    });
  }

  /** The connection is over; a client that does not close its side is cut. */
  #linger(): void {
    if (this.#lingering) return;
    this.#lingering = true;
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }
}
