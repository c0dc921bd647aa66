// One client's socket: when it is read, how long it may be silent, and how it is closed so that what was said is heard.

import type { Socket } from "node:net";
import { plainAddress } from "../headers/forwarded.ts";
import { Alarm, type WaitList } from "./alarm-clock.ts";
import type { House } from "./house.ts";
import type { OnRead } from "./shared-read.ts";

export interface ClientEvents {
  readonly onRead: OnRead;
  /** What was written has been taken; `error`: it never will be. */
  readonly onDrain: (error?: Error | null) => void;
  readonly onEnd: () => void;
  /** What was waited for has not come in time. */
  readonly onSilence: () => void;
  /** It has taken nothing for too long of what waits for it. */
  readonly onStall: () => void;
}

const NOTHING = Buffer.alloc(0);

export class ClientSocket {
  readonly socket: Socket;
  /** Address of the peer, plain. */
  readonly address: string;
  readonly trusted: boolean;
  /** Nothing more is served: what still comes is thrown away. */
  isLingering = false;
  readonly #house: House;
  readonly #events: ClientEvents;
  /** It is read into the buffer of all; else by events. */
  readonly #isSharing: boolean;
  readonly #silence: Alarm;
  #stall: Alarm | undefined = undefined;
  #isReading = true;

  constructor(house: House, socket: Socket, events: ClientEvents) {
    const address = socket.remoteAddress ?? "";
    this.#house = house;
    this.#events = events;
    this.socket = socket;
    this.address = plainAddress(address);
    this.trusted = house.parts.isTrustedProxy(address);
    this.#silence = new Alarm(events.onSilence);
    this.#isSharing = house.reads.start(socket, events.onRead);
    socket.on("drain", events.onDrain);
    socket.on("end", events.onEnd);
    socket.on("error", ignore);
    house.waits.head.start(this.#silence);
  }

  /** It is silent for a time that is counted. */
  get isAwaited(): boolean {
    return this.#silence.isSet;
  }

  /** From now on its silence is counted, anew. */
  awaits(list: WaitList): void {
    list.start(this.#silence);
  }

  /** Its silence is not its own. */
  awaitsNothing(): void {
    this.#silence.stop();
  }

  /** Reads on, or leaves what comes in the kernel. */
  read(isWanted: boolean): void {
    if (isWanted === this.#isReading) return;
    this.#isReading = isWanted;
    if (isWanted) this.socket.resume();
    else this.socket.pause();
  }

  /** It leaves unread what waits for it: it has a bounded time to take some. */
  takesNothing(): void {
    this.#stall ??= new Alarm(this.#events.onStall);
    if (!this.#stall.isSet) this.#house.waits.stall.start(this.#stall);
  }

  takes(): void {
    this.#stall?.stop();
  }

  /** All is written: `onDrain` tells when it has been taken. */
  awaitTaken(): void {
    this.takesNothing();
    this.socket.write(NOTHING, this.#events.onDrain);
  }

  /** Closes it after what is written. */
  hangUp(): void {
    // With nothing left to be sent, to close says FIN as well, and costs less than to say it first.
    if (this.socket.writableLength === 0) this.socket.destroy();
    else this.socket.destroySoon();
  }

  /** Sends FIN after what is written, and throws away what still comes, for a bounded time (RFC 9112 9.6). `isEnded`: nothing will. */
  linger(isEnded: boolean): void {
    this.isLingering = true;
    this.socket.end();
    this.socket.resume();
    if (isEnded) this.socket.destroySoon();
    else this.#house.waits.linger.start(this.#silence);
  }

  /** Leaves the socket to somebody else, paused; what is read meanwhile comes to `onRead` still where it is read into the buffer of all. */
  release(): void {
    const { onDrain, onEnd } = this.#events;
    this.#silence.stop();
    if (!this.#isSharing) this.socket.removeAllListeners("data");
    this.socket.off("drain", onDrain).off("end", onEnd).off("error", ignore);
    this.socket.pause();
  }

  /** It has closed. */
  closed(): void {
    this.#silence.stop();
    this.#stall?.stop();
  }
}

function ignore(): void {}
