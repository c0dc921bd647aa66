// The client's side of a WebSocket tunnel: a duplex that stands for the client's socket, follows the frames of both
// directions and can put a close frame between two of them.

import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { noticeVanished } from "../vanished-client.ts";
import { closeFrame, createFrameTracker } from "../websocket-frames.ts";

/** How long one side may stay open after the other has closed, ms. */
const LINGER_MS = 1000;

export class ClientTunnel extends Duplex {
  readonly socket: Socket;
  readonly #toApp = createFrameTracker(true);
  readonly #toClient = createFrameTracker(false);
  #open = false;
  /** The first thing written to it is the vendor's head; we send our own. */
  #vendorHeadCame = false;
  #released = false;
  #closeCode: number | undefined = undefined;
  #clientDone = false;
  #appDone = false;
  readonly #stallMs: number;
  #linger: NodeJS.Timeout | undefined = undefined;
  /** The client has never taken what the app had said. */
  isCutShort = false;
  /** The client has closed its side. */
  clientEnded = false;

  /** `stallMs`: the longest time for which the client may take nothing of what waits for it. */
  constructor(socket: Socket, head: Buffer, stallMs: number) {
    super();
    this.socket = socket;
    this.#stallMs = stallMs;
    if (head.length > 0) this.#fromClient(head);
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", ignore);
    socket.on("close", this.#onClose);
  }

  /** The app has agreed: sends our head; from now on every byte goes through. */
  open(head: string): void {
    this.#open = true;
    this.socket.write(head, "latin1");
  }

  /** The upgrade comes to nothing: the socket is left to an ordinary answer. */
  release(): void {
    this.#released = true;
    this.socket.off("data", this.#onData);
    this.socket.off("end", this.#onEnd);
    this.socket.off("close", this.#onClose);
    this.socket.resume();
    this.destroy();
  }

  /** Whether a side has said goodbye in the protocol's way. */
  get closeSeen(): boolean {
    return this.#toApp.closeSeen || this.#toClient.closeSeen || this.#closeCode !== undefined;
  }

  /** Ends both directions between two frames, with a close frame of that code where none has passed. */
  sayGoodbye(code: 1001 | 1012): void {
    if (this.#closeCode !== undefined || !this.#open) return;
    this.#closeCode = code;
    if (this.#toClient.closeSeen || this.#toClient.atBoundary) this.#endClient();
    if (this.#toApp.closeSeen || this.#toApp.atBoundary) this.#endApp();
    // Not even last words are waited for any longer.
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.destroy(), LINGER_MS);
  }

  /** One side has ended: the other has a bounded time to do the same. */
  lingerOut(): void {
    this.#linger ??= setTimeout(() => this.destroy(), LINGER_MS);
  }

  /** The app has said all. Its client may be slow to take that, and has its time to close only then. */
  sayLastWords(): void {
    if (this.#linger) return;
    this.#linger = setTimeout(() => {
      this.isCutShort = true;
      this.destroy();
    }, this.#stallMs);
    this.socket.once("finish", () => {
      clearTimeout(this.#linger);
      this.#linger = setTimeout(() => this.destroy(), LINGER_MS);
    });
  }

  // What http-proxy-3 asks of a socket.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    this.socket.setNoDelay(true);
    return this;
  }
  setKeepAlive(): this {
    noticeVanished(this.socket);
    return this;
  }
  destroySoon(): void {
    if (!this.#open) return;
    this.end();
    this.sayLastWords();
  }

  override _read(): void {
    if (!this.#released) this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#vendorHeadCame || this.#clientDone || !this.socket.writable) {
      this.#vendorHeadCame = true;
      done();
      return;
    }
    const boundary = this.#closeCode === undefined ? undefined : this.#toClient.boundaryIn(chunk);
    const whole = boundary === undefined;
    const part = whole ? chunk : chunk.subarray(0, boundary);
    this.#toClient.pass(part);
    this.socket.write(part, () => done());
    if (!whole) this.#endClient();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#clientDone = true;
    if (!this.#released) this.socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#linger);
    if (!this.#released) this.socket.destroy();
    done(error);
  }

  #onData = (chunk: Buffer): void => this.#fromClient(chunk);

  #onEnd = (): void => {
    this.clientEnded = true;
    if (!this.#appDone) this.push(null);
    this.#appDone = true;
    this.emit("clientEnd");
    this.lingerOut();
  };

  #onClose = (): void => {
    this.destroy();
  };

  #fromClient(chunk: Buffer): void {
    if (this.#appDone) return;
    const boundary = this.#closeCode === undefined ? undefined : this.#toApp.boundaryIn(chunk);
    const part = boundary === undefined ? chunk : chunk.subarray(0, boundary);
    this.#toApp.pass(part);
    if (part.length > 0 && !this.push(part)) this.socket.pause();
    if (boundary !== undefined) this.#endApp();
  }

  #endClient(): void {
    if (this.#clientDone) return;
    this.#clientDone = true;
    if (!this.#toClient.closeSeen && this.#closeCode !== undefined)
      this.socket.write(closeFrame(this.#closeCode, ""));
    this.socket.end(() => this.emit("goodbye"));
  }

  #endApp(): void {
    if (this.#appDone) return;
    this.#appDone = true;
    // RFC 6455 5.3: what goes to a server is masked with a key that cannot be foreseen.
    if (!this.#toApp.closeSeen && this.#closeCode !== undefined) {
      this.push(closeFrame(this.#closeCode, "", randomBytes(4)));
    }
    this.push(null);
  }
}

function ignore(): void {}
