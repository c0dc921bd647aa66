// One client connection: its requests are read one after the other and served in order, and it is closed in order.

import type { Socket } from "node:net";
import type { ErrorCode } from "../../errors.ts";
import { SPEAKS_TLS } from "../tls-hello.ts";
import { Visit } from "../visit.ts";
import type { AnswerHead } from "./answer-head.ts";
import { rewriteInterim } from "./answer-rewrite.ts";
import type { AppConnection } from "./app-connection.ts";
import { ClientAnswer, writeError } from "./client-answer.ts";
import { ClientSocket } from "./client-socket.ts";
import { Exchange } from "./exchange.ts";
import type { House } from "./house.ts";
import { Intake } from "./intake.ts";
import { Request, type Sender } from "./request.ts";
import { Tunnel } from "./tunnel.ts";
import { Turns } from "./turns.ts";

const BEHIND_THE_LAST = "pipelined behind an answer that closed the connection";
/** While a request is served, this much of what is behind it is taken in, bytes. */
const MOST_BEHIND_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

interface Breach {
  readonly code: ErrorCode;
  readonly cause: string;
  /** Of the request, where it could be read. */
  readonly method: string;
}

export class ClientConnection implements Sender {
  readonly client: ClientSocket;
  readonly surplus: boolean;
  /** Distinct for each connection; spreads what must not happen to all at once. */
  readonly id: number;
  /** When it was accepted, ms. */
  readonly openedAt: number;
  readonly answer: ClientAnswer;
  readonly turns = new Turns();
  readonly #house: House;
  readonly #intake: Intake;
  #tunnel: Tunnel | undefined = undefined;
  #broken: Breach | undefined = undefined;
  /** Taken over by who speaks another protocol. */
  #isHandedOver = false;
  /** A part of a head has come, and it is that head's turn. */
  #inHead = false;
  #isPumping = false;
  /** The last answer is given: what still comes is not begun. */
  #isClosing = false;
  /** The client has sent FIN. */
  #isEnded = false;

  constructor(house: House, socket: Socket, id: number, surplus: boolean) {
    this.#house = house;
    this.id = id;
    this.surplus = surplus;
    this.openedAt = house.parts.now();
    this.#intake = new Intake(house.intake);
    this.client = new ClientSocket(house, socket, {
      onRead: this.#onRead,
      onDrain: this.#onDrain,
      onEnd: this.#onEnd,
      onSilence: this.#onSilence,
      onStall: () => this.answer.cut(),
    });
    this.answer = new ClientAnswer(socket, house, this.#onDrain);
  }

  get socket(): Socket {
    return this.client.socket;
  }

  get address(): string {
    return this.client.address;
  }

  get trusted(): boolean {
    return this.client.trusted;
  }

  /** Nothing is under way, and nothing has begun. */
  get isIdle(): boolean {
    const { current, unfinished } = this.turns;
    const isBetween = !current && !unfinished && !this.#inHead && this.#intake.size === 0;
    return isBetween && !this.#isHandedOver && !this.client.isLingering && !this.#tunnel;
  }

  // --- Asked by its exchanges.

  /** The exchange has ended: its answer is out, or will never be. */
  done(exchange: Exchange): void {
    if (!this.turns.end(exchange)) return;
    this.client.takes();
    if (exchange.request.isTunnel && exchange.visit.status === 101) return;
    this.#isClosing ||= this.answer.closes || this.client.isLingering || !this.socket.writable;
    if (this.#isClosing) this.#close(exchange.request.persists);
    else if (this.turns.unfinished) this.client.awaits(this.#house.waits.linger);
    this.#pump();
  }

  /** Reads, or leaves what comes in the kernel; and minds the client's silence only where it is its own. */
  regulate(): void {
    if (this.#isPumping || this.#tunnel || this.#isHandedOver) return;
    const { current } = this.turns;
    const isFarAhead = current !== undefined && this.#intake.size >= MOST_BEHIND_BYTES;
    const isFull = current?.request.body?.isFull === true || isFarAhead;
    this.client.read(!isFull);
    if (!current) return;
    if (!current.awaitsBody) this.client.awaitsNothing();
    else if (!this.client.isAwaited) this.client.awaits(this.#house.waits.body);
  }

  openTunnel(exchange: Exchange, app: AppConnection, bytes: Buffer, head: AnswerHead, rest: Buffer): void {
    const text = rewriteInterim(bytes, head, this.#house.parts.via);
    const tunnel = new Tunnel(this.socket, app, this.#house.waits, (how) => exchange.onTunnelEnd(how));
    this.#tunnel = tunnel;
    this.client.awaitsNothing();
    this.socket.write(text, "latin1");
    const early = this.#intake.takeAll();
    if (early.length > 0) tunnel.fromClient(early);
    if (rest.length > 0) tunnel.fromApp(rest);
    this.socket.resume();
  }

  /** Cuts the tunnel, if there is one. */
  closeTunnel(): boolean {
    this.#tunnel?.destroy();
    return this.#tunnel !== undefined;
  }

  // --- Asked by the listener.

  /** Ends a long-lived answer of that generation (undefined: of any) in order; undefined if there is none. */
  endStream(generation: number | undefined, code: 1001 | 1012): Promise<void> | undefined {
    const { current } = this.turns;
    const tunnel = this.#tunnel;
    if (!current || current.visit.over) return undefined;
    if (generation !== undefined && current.visit.destination?.generation !== generation) return undefined;
    if (tunnel) {
      tunnel.sayGoodbye(code);
      return new Promise((resolve) => tunnel.whenClosed(resolve));
    }
    if (!current.endStream()) return undefined;
    if (this.socket.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => this.socket.write(NOTHING, () => resolve()));
  }

  /** Closes an idle connection. */
  closeIdle(): void {
    this.#isClosing = true;
    this.socket.destroySoon();
  }

  /** The socket has closed. */
  closed(): void {
    this.client.closed();
    this.#isClosing = true;
    this.#intake.takeAll();
    for (const exchange of this.turns.all) {
      if (!(this.#tunnel && exchange === this.turns.current)) exchange.clientGone();
    }
    this.#tunnel?.clientClosed();
  }

  // --- From the socket.

  readonly #onRead = (length: number, bytes: Buffer): void => {
    const chunk = bytes.subarray(0, length);
    try {
      if (this.#isHandedOver) this.socket.push(Buffer.from(chunk));
      else if (this.#tunnel) this.#tunnel.fromClient(Buffer.from(chunk));
      else this.#take(chunk);
    } catch (error) {
      // A defect is that connection's, not everyone's.
      this.#house.parts.observer.trouble(error as Error, "a client's connection was given up");
      this.turns.current?.fail("INTERNAL", "failed", String(error));
      this.socket.destroy();
    }
  };

  #take(chunk: Buffer): void {
    if (this.client.isLingering || this.#broken || !this.#intake.add(chunk)) return;
    this.#pump();
    this.#intake.own();
    this.turns.current?.request.body?.own();
  }

  /** A write that was cut off was not taken. */
  readonly #onDrain = (error?: Error | null): void => {
    if (error) return;
    if (this.#tunnel) this.#tunnel.clientDrained();
    else this.turns.current?.drained();
  };

  readonly #onEnd = (): void => {
    this.#isEnded = true;
    if (this.#tunnel) this.#tunnel.clientEnded();
    else if (this.client.isLingering || this.turns.takesBody) this.socket.destroy();
    else {
      this.#pump();
      this.turns.current?.halfClosed();
    }
  };

  readonly #onSilence = (): void => {
    const { current } = this.turns;
    if (this.client.isLingering) this.socket.destroy();
    else if (current) {
      if (current.awaitsBody) current.fail("BODY_TIMEOUT", "refused", "body stalled");
    } else if (this.turns.unfinished) this.#linger();
    else if (this.#inHead) this.#break("HEAD_TIMEOUT", "head", "");
    else this.closeIdle();
  };

  // --- Reading.

  /** Reads what there is, as far as it may be read now. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#step()) {}
    } finally {
      this.#isPumping = false;
    }
    this.#intake.settle();
    this.regulate();
    const isBetween = !this.turns.current && !this.#isClosing && !this.#isHandedOver;
    if (isBetween && !this.client.isAwaited) this.client.awaits(this.#house.waits.idle);
  }

  /** False: there is nothing more to be read at present. */
  #step(): boolean {
    if (this.socket.destroyed || this.client.isLingering || this.#isHandedOver) return false;
    const { turns } = this;
    const next = turns.next();
    if (next) {
      this.#begin(next);
      return true;
    }
    const { unfinished } = turns;
    if (unfinished) {
      if (!turns.takesBody || this.#intake.size === 0) return false;
      this.#readBody(unfinished);
      return true;
    }
    // What follows an upgrade belongs to the tunnel.
    if (this.turns.current?.request.isTunnel) return false;
    if (this.#broken) {
      if (!this.turns.current) this.#reject(this.#broken);
      return false;
    }
    return !turns.isFull && this.#readHead();
  }

  #begin(exchange: Exchange): void {
    this.turns.current = exchange;
    this.answer.reset();
    this.client.awaitsNothing();
    if (!exchange.request.isComplete && this.#intake.size > 0) this.#readBody(exchange);
    if (this.#isEnded && !exchange.request.isComplete) {
      // Nothing more of it will come.
      this.socket.destroy();
      return;
    }
    // What is broken already never goes to the app.
    if (!exchange.visit.over && !exchange.isGone) exchange.start();
    this.#mindBody(exchange);
    if (this.#isEnded) this.turns.current?.halfClosed();
  }

  /** Something of its body has come, or it may now. */
  #mindBody(exchange: Exchange): void {
    if (this.turns.current === exchange && exchange.awaitsBody) this.client.awaits(this.#house.waits.body);
    // It has its answer already, and may send the rest for as long as that goes on.
    else if (!this.turns.current && this.client.isAwaited) this.client.awaits(this.#house.waits.linger);
  }

  #readBody(exchange: Exchange): void {
    const { body } = exchange.request;
    if (!body) return;
    this.#intake.readBody(body);
    if (body.broken) {
      this.#intake.takeAll();
      if (exchange.visit.over) this.socket.destroy();
      else exchange.fail("MALFORMED_REQUEST", "refused", "the request's body");
    } else if (!body.complete) this.#mindBody(exchange);
    else this.client.awaitsNothing();
  }

  #readHead(): boolean {
    const { waits } = this.#house;
    const found = this.#intake.readHead(this.trusted, this.#isEnded);
    if (found === "request") {
      this.#inHead = false;
      this.#enqueue();
      return true;
    }
    if (found === "breach") {
      const { fault, cause, method } = this.#intake;
      if (cause === SPEAKS_TLS) this.#house.parts.observer.oddity?.(cause, this.address);
      this.#break(fault, cause, method);
    } else if (found === "preface") this.#handOver();
    else if (found === "part") {
      if (!this.#inHead && !this.turns.current) this.client.awaits(waits.head);
      this.#inHead = !this.turns.current;
    } else {
      this.#inHead = false;
      if (this.#isEnded && !this.turns.current) this.socket.destroySoon();
    }
    return false;
  }

  /** The request whose head has just been found. */
  #enqueue(): void {
    const isTunnel = this.#house.requestHead.opensWebSocket && !this.turns.current && !this.#isClosing;
    const request = new Request(this.#house, this, this.#intake.bytes, isTunnel);
    const exchange = new Exchange(this.#house, this, request);
    if (this.#isClosing) {
      exchange.abandon(BEHIND_THE_LAST);
      return;
    }
    if (this.turns.add(exchange)) this.#begin(exchange);
  }

  #handOver(): void {
    this.#isHandedOver = true;
    this.client.release();
    this.#house.parts.onPreface?.(this.socket, Buffer.from(this.#intake.takeAll()));
  }

  // --- Ends.

  /** What came is no request. Answers that are still due go out first. */
  #break(code: ErrorCode, cause: string, method: string): void {
    this.#inHead = false;
    this.#intake.takeAll();
    if (this.#broken || this.#isClosing) return;
    this.#broken = { code, cause, method };
    if (!this.turns.current && !this.turns.isAhead) this.#reject(this.#broken);
  }

  /** A head that could not be read is a request all the same: accepted, and refused. */
  #reject({ code, cause, method }: Breach): void {
    const { parts, date } = this.#house;
    const requestId = parts.newRequestId();
    const visit = new Visit(parts, { requestId, method, target: "", client: this.address });
    const form = { date: date.text, connection: "close", hasBody: method !== "HEAD" } as const;
    visit.code = code;
    visit.cause = cause;
    visit.status = writeError(this.socket, code, requestId, form);
    visit.end("refused");
    this.#linger();
  }

  /** After the last answer. `mayAskMore`: the client did not say that it is, and what it asks meanwhile must not reset the answer. */
  #close(mayAskMore: boolean): void {
    const behind = this.turns.giveUp();
    for (const exchange of behind) exchange.abandon(BEHIND_THE_LAST);
    const hasAskedMore = behind.length > 0 || this.#intake.size > 0;
    if (mayAskMore || hasAskedMore || this.turns.unfinished || this.#broken) this.#linger();
    else this.client.hangUp();
  }

  /** Closes after what is written, though the client may still be sending. */
  #linger(): void {
    if (this.client.isLingering) return;
    this.#countWhatIsBehind();
    this.#intake.takeAll();
    this.client.linger(this.#isEnded);
  }

  /** Requests that have come behind the last answer have been accepted, and nobody serves them. */
  #countWhatIsBehind(): void {
    this.#isClosing = true;
    if (this.#broken || this.turns.unfinished) return;
    while (this.#readHead()) {}
  }
}
