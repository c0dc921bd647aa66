// One client connection: its requests are served one after the other, in order, and it is closed in order.

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode } from "../../errors.ts";

/** How long a client may still send after the last answer, before its connection is cut, ms. */
const LINGER_MS = 2000;
const BEHIND_THE_LAST = "pipelined behind an answer that closed the connection";

/** A request of the connection, as far as the connection cares. */
export interface Turn {
  start(): void;
  /** The connection closes after an answer before it: it ends without having begun (RFC 9112 9.6). */
  abandon(cause: string): void;
  /** The client has read what waited for it. */
  drained(): void;
  /** The request's body is broken or will never be whole. */
  bodyBroken(code: ErrorCode | "CLIENT_LEFT", cause: string): void;
  /** The client has closed its side: it may wait for its answer still, or be gone. */
  halfClosed(): void;
  readonly bodyComplete: boolean;
  /** Its answer told the client that the connection closes. */
  readonly closes: boolean;
}

export class ClientConnection {
  readonly socket: Socket;
  /** Accepted beyond the limit: its first request is refused. */
  readonly surplus: boolean;
  /** Distinct for each connection; spreads what must not happen to all at once. */
  readonly id: number;
  /** When it was accepted, ms. */
  readonly openedAt: number;
  readonly #rejectHead: (connection: ClientConnection, code: ErrorCode, cause: string) => void;
  #current: Turn | undefined = undefined;
  #queue: Turn[] | undefined = undefined;
  #broken: { code: ErrorCode; cause: string } | undefined = undefined;
  #lingering = false;
  /** The last answer is given: what still comes is not begun. */
  #closing = false;
  #halfClosed = false;
  /** A request that has its answer is not whole yet. */
  #isRestDue = false;
  /** How many bytes had come when nothing was under way for the last time. */
  #readBefore = 0;

  constructor(
    socket: Socket,
    id: number,
    surplus: boolean,
    openedAt: number,
    rejectHead: (connection: ClientConnection, code: ErrorCode, cause: string) => void,
  ) {
    this.socket = socket;
    this.id = id;
    this.surplus = surplus;
    this.openedAt = openedAt;
    this.#rejectHead = rejectHead;
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Bytes that came with the present request, and those behind it. */
  get newBytes(): number {
    return this.socket.bytesRead - this.#readBefore;
  }

  /** A request's head has come. It starts when all before it have ended. */
  enqueue(turn: Turn): void {
    if (this.#closing) {
      turn.abandon(BEHIND_THE_LAST);
      return;
    }
    if (!this.#current) {
      this.#current = turn;
      turn.start();
      return;
    }
    this.#queue ??= [];
    this.#queue.push(turn);
    // What a client pipelines stays in the kernel until its turn comes.
    this.#stopReading();
  }

  /** The turn's answer is out, or will never be. */
  done(turn: Turn): void {
    if (this.#current !== turn) {
      const at = this.#queue?.indexOf(turn) ?? -1;
      if (at !== -1) this.#queue?.splice(at, 1);
      return;
    }
    this.#closing ||= turn.closes || this.#lingering || !this.socket.writable;
    if (this.#closing) for (const behind of this.#queue?.splice(0) ?? []) behind.abandon(BEHIND_THE_LAST);
    this.#current = this.#queue?.shift();
    if (this.#current) {
      // While others wait, all of this one has come: to read on would let the queue grow with every answer.
      if (this.#queue?.length === 0) this.#readOn();
      this.#current.start();
      return;
    }
    this.#queue = undefined;
    this.#readBefore = this.socket.bytesRead;
    if (this.#closing) {
      if (this.#broken) this.linger();
    } else if (this.#broken) this.#reject();
    else if (this.#halfClosed) this.socket.destroySoon();
  }

  /** The parser gave up. Answers that are still due go out first; a client that was told to close is told no more. */
  broken(code: ErrorCode | "CLIENT_LEFT", cause: string): void {
    // Of a request that has its answer, nothing is left to say.
    if (this.#lingering || this.#isRestDue) {
      this.socket.destroy();
      return;
    }
    // Behind a request that was to be the last nothing is read (RFC 9112 9.6).
    if (this.#broken || this.#closing || cause === "HPE_CLOSED_CONNECTION") return;
    const last = this.#queue?.at(-1) ?? this.#current;
    if (code === "CLIENT_LEFT" && last && last !== this.#current && !last.bodyComplete) {
      // Whoever is before it is whole, and may have its answer.
      this.#queue?.pop();
      last.abandon(cause);
      return;
    }
    this.#broken = { code: code === "CLIENT_LEFT" ? "MALFORMED_REQUEST" : code, cause };
    // A client that has sent FIN, too, would have its connection ended by node before it is told.
    if (this.#current) this.socket.destroySoon = () => {};
    if (last && !last.bodyComplete) last.bodyBroken(code, cause);
    if (!this.#current) this.#reject();
  }

  /** The client has sent FIN: nothing comes after what is under way. */
  halfClosed(): void {
    this.#halfClosed = true;
    this.#current?.halfClosed();
  }

  /** From the next end on, the socket is closed so that the client can still read its answer (RFC 9112 9.6). */
  closeInOrder(): void {
    this.socket.destroySoon = () => this.linger();
  }

  /** The answer is out before its request was whole: the rest is thrown away, for a bounded time, before anything else is read. */
  awaitRest(request: IncomingMessage): void {
    this.#isRestDue = true;
    const timer = setTimeout(() => this.linger(), LINGER_MS);
    const settle = () => {
      clearTimeout(timer);
      this.#isRestDue = false;
    };
    request.once("close", settle);
    this.socket.once("close", settle);
  }

  /** Sends FIN after what is written, and throws away what still comes, for a bounded time. */
  linger(): void {
    if (this.#lingering) return;
    this.#lingering = true;
    const { socket } = this;
    socket.end();
    this.#readOn();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("end", () => socket.destroy());
    socket.once("close", () => clearTimeout(timer));
  }

  /** The socket has room again; for one that node has let go of. */
  drained(): void {
    this.#current?.drained();
  }

  /** node itself reads on after each request that it finds in a packet; a thousand of them fit into one. */
  #stopReading(): void {
    const { socket } = this;
    socket.pause();
    socket.resume = () => socket;
  }

  #readOn(): void {
    Reflect.deleteProperty(this.socket, "resume");
    this.socket.resume();
  }

  #reject(): void {
    if (this.#broken) this.#rejectHead(this, this.#broken.code, this.#broken.cause);
  }
}
