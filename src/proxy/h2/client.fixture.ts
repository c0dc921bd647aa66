// A client of HTTP/2 that tells everything it got, and one that sends frames as it is told.

import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from "node:net";

export interface StreamAnswer {
  readonly status: number;
  /** [name, value, ...] without pseudo-header fields. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly interims: readonly { readonly status: number; readonly fields: readonly string[] }[];
  /** How the stream was closed; 0: in order. */
  readonly rstCode: number;
  /** The end of the stream came, and not only a reset. */
  readonly isWhole: boolean;
  /** The head said that nothing follows. */
  readonly isHeadOnly: boolean;
}

export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === name) return fields[i + 1];
  return undefined;
}

export class Http2Client {
  readonly session: ClientHttp2Session;
  readonly goaways: { readonly code: number; readonly lastStreamId: number }[] = [];

  constructor(port: number, options: ClientSessionOptions = {}) {
    this.session = connect(`http://127.0.0.1:${port}`, options);
    this.session.on("error", () => {});
    this.session.on("goaway", (code, lastStreamId) => this.goaways.push({ code, lastStreamId }));
  }

  /** Resolves once the server has said hello. */
  async greeted(): Promise<this> {
    await once(this.session, "remoteSettings");
    return this;
  }

  /** Begins a request; its body stays open unless it is given. */
  begin(headers: OutgoingHttpHeaders | string[], body?: string | Uint8Array): ClientHttp2Stream {
    const stream = this.session.request(headers, { endStream: false });
    stream.on("error", () => {});
    // node never sends an empty text.
    if (body !== undefined) stream.end(body.length === 0 ? undefined : body);
    return stream;
  }

  ask(headers: OutgoingHttpHeaders | string[], body: string | Uint8Array = ""): Promise<StreamAnswer> {
    const stream =
      body === "" ? this.session.request(headers, { endStream: true }) : this.begin(headers, body);
    stream.on("error", () => {});
    return answerOn(stream);
  }

  close(): void {
    this.session.destroy();
  }
}

/** Everything that comes on the stream, when it has closed. */
export async function answerOn(stream: ClientHttp2Stream): Promise<StreamAnswer> {
  const chunks: Buffer[] = [];
  const interims: { status: number; fields: string[] }[] = [];
  let status = 0;
  let fields: string[] = [];
  let trailers: string[] = [];
  let isWhole = false;
  let isHeadOnly = false;
  stream.on("headers", (headers, _flags, raw: string[]) =>
    interims.push({ status: Number(headers[":status"]), fields: plain(raw) }),
  );
  stream.on("response", (headers, flags, raw: string[]) => {
    status = Number(headers[":status"]);
    fields = plain(raw);
    isHeadOnly = (flags & 1) === 1;
  });
  stream.on("trailers", (_headers, _flags, raw: string[]) => {
    trailers = plain(raw);
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    isWhole = true;
  });
  await new Promise<void>((resolve) => stream.once("close", resolve));
  const body = Buffer.concat(chunks).toString("latin1");
  const { rstCode } = stream;
  return { status, fields, body, trailers, interims, rstCode, isWhole: isWhole && rstCode === 0, isHeadOnly };
}

function plain(raw: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (!raw[i]!.startsWith(":")) out.push(raw[i]!, raw[i + 1]!);
  return out;
}

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export const FRAME = {
  data: 0,
  headers: 1,
  rst: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

/** A field as HPACK writes one that is in no table and shall be in none (RFC 7541 6.2.2); texts below 127 bytes. */
export function literal(name: string, value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  const size = bytes.length < 127 ? Buffer.from([bytes.length]) : integer(bytes.length);
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), size, bytes]);
}

/** An integer with a prefix of 7 bits (RFC 7541 5.1). */
function integer(value: number): Buffer {
  const out = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>>= 7) out.push((rest & 127) | 128);
  out.push(rest);
  return Buffer.from(out);
}

type Field = readonly [name: string, value: string];

/** GET / of host x, and whatever fields follow. */
export function headBlock(...fields: readonly Field[]): Buffer {
  return Buffer.concat([Buffer.from([0x82]), restOfHead(fields)]);
}

/** The same for POST. */
export function postBlock(...fields: readonly Field[]): Buffer {
  return Buffer.concat([Buffer.from([0x83]), restOfHead(fields)]);
}

function restOfHead(fields: readonly Field[]): Buffer {
  const lines = fields.map(([name, value]) => literal(name, value));
  return Buffer.concat([Buffer.from([0x86, 0x84]), literal(":authority", "x"), ...lines]);
}

/** The payload of RST_STREAM, and half of that of GOAWAY. */
export function errorCode(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
}

/** What comes on a connection, cut into frames. */
class Frames {
  #rest = Buffer.alloc(0);
  #skip: number;

  /** `skip`: so many bytes come before the first frame. */
  constructor(skip: number) {
    this.#skip = skip;
  }

  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (this.#skip > 0 && this.#rest.length >= this.#skip) {
      this.#rest = this.#rest.subarray(this.#skip);
      this.#skip = 0;
    }
    while (this.#skip === 0 && this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) break;
      frames.push({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        id: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(9, 9 + length),
      });
      this.#rest = this.#rest.subarray(9 + length);
    }
    return frames;
  }
}

/** An app that sends what the test says when a request's head has come. */
export class FrameApp {
  readonly server: Server;
  readonly frames: Frame[] = [];
  #waiters: (() => void)[] = [];
  readonly sockets = new Set<Socket>();

  constructor(onHead: (id: number, socket: Socket) => void) {
    this.server = createServer({ noDelay: true }, (socket) => {
      const frames = new Frames(PREFACE.length);
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.sockets.delete(socket));
      socket.write(frame(FRAME.settings, 0, 0));
      socket.on("data", (chunk: Buffer) => {
        for (const came of frames.push(chunk)) {
          const { type, flags, id } = came;
          this.frames.push(came);
          if (type === FRAME.settings && flags === 0) socket.write(frame(FRAME.settings, 1, 0));
          if (type === FRAME.headers) onHead(id, socket);
        }
        for (const wake of this.#waiters.splice(0)) wake();
      });
    });
  }

  static async start(onHead: (id: number, socket: Socket) => void): Promise<FrameApp> {
    const app = new FrameApp(onHead);
    await new Promise<void>((resolve) => app.server.listen(0, "127.0.0.1", resolve));
    return app;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async until(seen: () => boolean): Promise<void> {
    while (!seen()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** HPACK for `:status: 200` (RFC 7541 appendix A). */
export const STATUS_200 = Buffer.from([0x88]);

export class FrameClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  isClosed = false;
  readonly #cutter = new Frames(0);
  #waiters: (() => void)[] = [];

  /** `keepsOpen`: it does not close its side when sluice does. */
  constructor(port: number, keepsOpen = false) {
    this.socket = connectSocket({ port, host: "127.0.0.1", allowHalfOpen: keepsOpen });
    this.socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isClosed = true;
      this.#notify();
    });
  }

  send(...parts: (string | Uint8Array)[]): void {
    for (const part of parts)
      this.socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
  }

  /** The first frame for which `wanted` holds, come or to come; rejects if the connection closes before. */
  async frame(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(wanted);
      if (found) return found;
      if (this.isClosed)
        throw new Error(`closed without it: ${this.frames.map(({ type }) => type).join(",")}`);
      await this.#news();
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#news();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #take(chunk: Buffer): void {
    this.frames.push(...this.#cutter.push(chunk));
    this.#notify();
  }
}
