// Speaks HTTP with a sidecar's control API, over its Unix socket or TCP. The only place of the command line that does.

import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { formatControlAddress, parseControlAddress } from "../config/address.ts";
import type { ControlAddress } from "../config/config.ts";
import { SluiceError } from "../errors.ts";

const DEFAULT_ADDRESSES: readonly ControlAddress[] = [
  { path: "/run/sluice/control.sock" },
  { host: "127.0.0.1", port: 9081 },
];
/** An answer to a question that needs no waiting is late after so long, ms. */
const ANSWER_WITHIN_MS = 10_000;

/** No sidecar answers at any address; `tried` says what was tried, and why it did not work. */
export class Unreachable extends Error {
  readonly tried: readonly string[];

  constructor(tried: readonly string[]) {
    super("no sidecar answers");
    this.tried = tried;
  }
}

/** The sidecar says no, with a code of the catalogue (a newer sidecar may have others). */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Call {
  readonly method?: "GET" | "POST" | "PUT";
  readonly body?: unknown;
  /** The answer may take its time: the order itself has a deadline. */
  readonly patient?: boolean;
}

export interface ControlClient {
  /** The answer's JSON. Rejects with Unreachable or Refused. */
  call(path: string, call?: Call): Promise<unknown>;
  /** The answer's body as it comes, of any size. Rejects as `call` does, and with Unreachable if it breaks off. */
  body(path: string, call?: Call): AsyncGenerator<Uint8Array, void, void>;
  /** The JSON of each line, until the sidecar ends the stream. Rejects with Unreachable (also if it breaks off) or Refused. */
  lines(path: string): AsyncGenerator<unknown, void, void>;
}

/** A way of one's own to a sidecar, such as a port-forward: a stream for each call. */
export interface Road {
  /** As it is called where it fails. */
  readonly name: string;
  readonly connect: () => Promise<Duplex>;
}

type Address = ControlAddress | Road;

/** `text` is what --control or SLUICE_CONTROL says: one address, or several that are tried in turn. Throws USAGE. */
export function createControlClient(text: string | undefined): ControlClient {
  return clientOf(text === undefined ? DEFAULT_ADDRESSES : text.split(",").map(addressOf));
}

/** Rejects with what `connect` rejects with, besides Unreachable and Refused. */
export function createControlClientBy(road: Road): ControlClient {
  return clientOf([road]);
}

function clientOf(addresses: readonly Address[]): ControlClient {
  /** The answer's head, from the first address that accepts a connection. */
  async function open(path: string, call: Call): Promise<{ answer: IncomingMessage; address: Address }> {
    const tried: string[] = [];
    for (const address of addresses) {
      const road = "connect" in address ? await address.connect() : undefined;
      try {
        return { answer: await exchange(address, road, path, call), address };
      } catch (error) {
        tried.push(`${nameOf(address)}: ${describe(error)}`);
        // Once connected, the order may have been carried out: it is not given a second time elsewhere.
        if (!(error instanceof NotConnected)) break;
      }
    }
    throw new Unreachable(tried);
  }

  return {
    async call(path, call = {}) {
      const { answer, address } = await open(path, call);
      let text = "";
      try {
        for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      } catch (error) {
        throw new Unreachable([`${nameOf(address)}: ${describe(error)}`]);
      }
      return understand(answer.statusCode ?? 0, text);
    },
    async *body(path, call = {}) {
      const { answer, address } = await open(path, { ...call, patient: true });
      if (answer.statusCode !== 200) {
        let text = "";
        for await (const chunk of answer.setEncoding("utf8")) text += chunk;
        understand(answer.statusCode ?? 0, text);
        return;
      }
      try {
        yield* answer;
      } catch (error) {
        throw new Unreachable([`${nameOf(address)}: the answer broke off: ${describe(error)}`]);
      }
    },
    async *lines(path) {
      const { answer, address } = await open(path, { patient: true });
      if (answer.statusCode !== 200) {
        let text = "";
        for await (const chunk of answer.setEncoding("utf8")) text += chunk;
        understand(answer.statusCode ?? 0, text);
        return;
      }
      let rest = "";
      try {
        for await (const chunk of answer.setEncoding("utf8")) {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) if (line !== "") yield JSON.parse(line);
        }
      } catch (error) {
        throw new Unreachable([`${nameOf(address)}: the stream broke off: ${describe(error)}`]);
      }
    },
  };
}

class NotConnected extends Error {}

function exchange(
  address: Address,
  road: Duplex | undefined,
  path: string,
  call: Call,
): Promise<IncomingMessage> {
  // A request over a stream that has ended already would never end.
  if (road?.destroyed) return Promise.reject(road.errored ?? new Error("the connection was closed"));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const to = road
    ? { createConnection: () => road }
    : { ...("path" in address ? { socketPath: address.path } : address), agent: false };
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = {
    host: "host" in address ? formatControlAddress(address) : "localhost",
    accept: "application/json",
    ...(body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
  };
  const question: ClientRequest = request({ ...to, path, method: call.method ?? "GET", headers }, resolve);
  let connected = road !== undefined;
  question.on("socket", (socket) =>
    socket.on("connect", () => {
      connected = true;
    }),
  );
  question.on("error", (error) =>
    reject(connected ? error : new NotConnected(describe(error), { cause: error })),
  );
  if (!call.patient) {
    const late = setTimeout(
      () => question.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS / 1_000}s`)),
      ANSWER_WITHIN_MS,
    );
    question.on("close", () => clearTimeout(late));
  }
  // A stream that is no socket does not end by itself with the answer.
  question.on("response", (answer) => answer.on("close", () => road?.destroy()));
  question.on("error", () => road?.destroy());
  question.end(body);
  return promise;
}

function understand(status: number, text: string): unknown {
  const answer = parseObject(text);
  if (!answer) {
    const shown = JSON.stringify(text.slice(0, 100));
    throw new Refused(
      "BAD_ANSWER",
      `whoever answers there, with status ${status} and ${shown}, is not sluice`,
    );
  }
  if (status >= 200 && status < 300) return answer;
  const { error, message } = answer;
  throw new Refused(
    typeof error === "string" ? error : `STATUS_${status}`,
    typeof message === "string" ? message : `the order was refused with status ${status}`,
  );
}

function parseObject(text: string): { readonly error?: unknown; readonly message?: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(address: Address): string {
  return "connect" in address ? address.name : formatControlAddress(address);
}

function addressOf(text: string): ControlAddress {
  const address = parseControlAddress(text.trim());
  if (!address)
    throw new SluiceError("USAGE", `--control takes PATH, HOST:PORT or http://HOST:PORT, not ${text}`);
  return address;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "there is no such socket";
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "EACCES") return "permission denied";
  if (code === "ECONNRESET") return "the connection was closed before the answer was whole";
  return error.message;
}
