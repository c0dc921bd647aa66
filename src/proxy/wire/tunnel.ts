// A WebSocket between client and app: the bytes pass, both directions' frames are followed, and a close frame can be put between two
// of them.

import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { noticeVanished } from "../vanished-client.ts";
import { closeFrame, createFrameTracker } from "../websocket-frames.ts";
import { Alarm } from "./alarm-clock.ts";
import type { AppConnection } from "./app-connection.ts";
import type { Waits } from "./house.ts";
import type { Raw } from "./served.ts";

export type TunnelEnd = "orderly" | "by-app" | "by-client";

export class Tunnel implements Raw {
  readonly #client: Socket;
  readonly #app: AppConnection;
  readonly #onEnd: (how: TunnelEnd) => void;
  readonly #toApp = createFrameTracker(true);
  readonly #toClient = createFrameTracker(false);
  readonly #waits: Pick<Waits, "tunnel" | "stall">;
  readonly #alarm: Alarm;
  readonly #flushed: (() => void)[] = [];
  #closeCode: number | undefined = undefined;
  #clientDone = false;
  #appDone = false;
  #clientEnded = false;
  #clientClosed = false;
  #appClosed = false;
  #first: "app" | "client" | undefined = undefined;
  /** The client has never taken what the app had said. */
  #isCutShort = false;
  #over = false;

  /** `onEnd` is called once, when both sides have closed. */
  constructor(
    client: Socket,
    app: AppConnection,
    waits: Pick<Waits, "tunnel" | "stall">,
    onEnd: (how: TunnelEnd) => void,
  ) {
    this.#client = client;
    this.#app = app;
    this.#onEnd = onEnd;
    this.#waits = waits;
    this.#alarm = new Alarm(() => this.#lateEnd());
    noticeVanished(client);
    app.becomeRaw(this);
  }

  /** Ends both directions between two frames, with a close frame of that code where none has passed. */
  sayGoodbye(code: 1001 | 1012): void {
    if (this.#closeCode !== undefined) return;
    this.#closeCode = code;
    if (this.#toClient.closeSeen || this.#toClient.atBoundary) this.#endClient();
    if (this.#toApp.closeSeen || this.#toApp.atBoundary) this.#endApp();
    // Not even last words are waited for any longer.
    if (!this.#over) this.#waits.tunnel.start(this.#alarm);
  }

  /** Calls back once, when the client's side has closed. */
  whenClosed(callback: () => void): void {
    if (this.#clientClosed) callback();
    else this.#flushed.push(callback);
  }

  /** Cuts both sides. */
  destroy(): void {
    this.#alarm.stop();
    this.#client.destroy();
    this.#app.socket.destroy();
  }

  // --- From the client.

  fromClient(chunk: Buffer): void {
    if (this.#appDone) return;
    const boundary = this.#closeCode === undefined ? undefined : this.#toApp.boundaryIn(chunk);
    const part = boundary === undefined ? chunk : chunk.subarray(0, boundary);
    this.#toApp.pass(part);
    if (part.length > 0 && this.#app.socket.writable && !this.#app.socket.write(part)) this.#client.pause();
    if (boundary !== undefined) this.#endApp();
  }

  clientEnded(): void {
    this.#first ??= "client";
    this.#clientEnded = true;
    if (!this.#appDone) this.#app.socket.end();
    this.#appDone = true;
    this.#lingerOut();
  }

  clientDrained(): void {
    this.#app.socket.resume();
  }

  clientClosed(): void {
    this.#first ??= "client";
    this.#clientClosed = true;
    for (const callback of this.#flushed.splice(0)) callback();
    if (!this.#appDone) this.#app.socket.end();
    this.#appDone = true;
    // An app that takes no notice of the end must not keep the ticket.
    this.#lingerOut();
    this.#settle();
  }

  // --- From the app.

  fromApp(chunk: Buffer): void {
    if (this.#clientDone || !this.#client.writable) return;
    const boundary = this.#closeCode === undefined ? undefined : this.#toClient.boundaryIn(chunk);
    const part = boundary === undefined ? chunk : chunk.subarray(0, boundary);
    this.#toClient.pass(part);
    if (part.length > 0 && !this.#client.write(part)) this.#app.socket.pause();
    if (boundary !== undefined) this.#endClient();
  }

  appEnded(): void {
    this.#first ??= "app";
    if (!this.#clientDone) this.#sayLastWords();
    this.#lingerOut();
  }

  appDrained(): void {
    this.#client.resume();
  }

  appClosed(): void {
    this.#first ??= "app";
    this.#appClosed = true;
    if (!this.#clientDone) this.#sayLastWords();
    this.#lingerOut();
    this.#settle();
  }

  // --- Inside.

  #endClient(): void {
    if (this.#clientDone) return;
    this.#clientDone = true;
    if (!this.#toClient.closeSeen && this.#closeCode !== undefined)
      this.#client.write(closeFrame(this.#closeCode, ""));
    this.#client.end();
  }

  #endApp(): void {
    if (this.#appDone) return;
    this.#appDone = true;
    // RFC 6455 5.3: what goes to a server is masked with a key that cannot be foreseen.
    if (!this.#toApp.closeSeen && this.#closeCode !== undefined)
      this.#app.socket.write(closeFrame(this.#closeCode, "", randomBytes(4)));
    this.#app.socket.end();
  }

  /** The app has said all. Its client may be slow to take that, and has its second to close only then. */
  #sayLastWords(): void {
    this.#clientDone = true;
    const isFirst = !this.#alarm.isSet;
    this.#client.end(() => {
      if (isFirst && this.#alarm.isSet) this.#waits.tunnel.start(this.#alarm);
    });
    if (isFirst) this.#waits.stall.start(this.#alarm);
  }

  #lingerOut(): void {
    if (!this.#alarm.isSet && !(this.#clientClosed && this.#appClosed)) this.#waits.tunnel.start(this.#alarm);
  }

  #lateEnd(): void {
    this.#isCutShort = this.#closeCode === undefined && this.#client.writableLength > 0;
    this.destroy();
  }

  #settle(): void {
    if (this.#over || !this.#clientClosed || !this.#appClosed) return;
    this.#over = true;
    this.#alarm.stop();
    // A connection that ends without a close frame has broken (RFC 6455 7.1.5).
    const saidGoodbye = this.#toApp.closeSeen || this.#toClient.closeSeen || this.#closeCode !== undefined;
    const orderly = saidGoodbye || (this.#first === "client" && this.#clientEnded);
    if (this.#isCutShort) this.#onEnd("by-client");
    else this.#onEnd(orderly ? "orderly" : this.#first === "app" ? "by-app" : "by-client");
  }
}
