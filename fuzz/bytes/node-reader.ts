// The standard engine's reading: node's parser, and the rules that the engine applies to what it hands over.

import { createRequire } from "node:module";
import { answerCheck } from "../../src/proxy/answer-check.ts";
import { answerFraming, framingOf } from "../../src/proxy/framing.ts";
import { valuesOf } from "../../src/proxy/headers/fields.ts";
import { requestFields } from "../../src/proxy/headers/request.ts";
import { requestIdOf } from "../../src/proxy/headers/request-id.ts";
import { responseFields } from "../../src/proxy/headers/response.ts";
import { opensWebSocket } from "../../src/proxy/headers/upgrade.ts";
import { checkHead } from "../../src/proxy/request-check.ts";
import { originForm } from "../../src/proxy/target.ts";
import { CLIENT, type Cuts, LIMITS, REQUEST_ID, type Reading, type ReadMessage } from "./reading.ts";

/** The parser that node's http servers and clients use; it has no public name, and this is a test. */
interface NodeParser {
  [callback: number]: unknown;
  initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void;
  execute(bytes: Uint8Array): number | Error;
  finish(): Error | undefined;
  /** Without it the parser stays in memory for ever. */
  close(): void;
}
interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}
const { HTTPParser }: { HTTPParser: NodeParserClass } = createRequire(import.meta.url)("node:_http_common");

const SKIP_BODY = 1;
const UPGRADE = 2;

interface Draft {
  line: string;
  fields: string[];
  framing: ReadMessage["framing"];
  body: string;
  trailers: string[];
  sent: readonly string[] | undefined;
}

export class NodeReader {
  readonly #methods = new Map<number, string>();
  /** The parser names methods by number; `methods` are those that may occur. */
  constructor(methods: readonly string[]) {
    for (const method of methods) {
      const parser = new HTTPParser();
      parser[HTTPParser.kOnHeadersComplete] = (...[, , , index]: unknown[]) => {
        this.#methods.set(Number(index), method);
        return 0;
      };
      parser.initialize(HTTPParser.REQUEST, {}, LIMITS.maxHeadBytes, 0);
      parser.execute(
        Buffer.from(`${method} ${method === "CONNECT" ? "x:1" : "/"} HTTP/1.1\r\nHost: x\r\n\r\n`),
      );
    }
  }

  readonly read = (bytes: Buffer, cuts: Cuts, answerTo: string | undefined): Reading => {
    const isAnswer = answerTo !== undefined;
    const messages: ReadMessage[] = [];
    let draft: Draft | undefined;
    let cause = "";
    /** Nothing more is read: a tunnel has begun, or the one final answer has come. */
    let isOver = false;
    let isFinal = false;
    let early: string[] = [];
    let earlyTarget = "";

    const finish = () => {
      if (!draft) return;
      const { sent, ...message } = draft;
      messages.push(sent ? { ...message, sent } : message);
      draft = undefined;
    };
    const parser = new HTTPParser();
    // Beyond 32 field lines, and for trailers, the parser hands them over apart.
    parser[HTTPParser.kOnHeaders] = (fields: string[], target: string) => {
      if (draft) draft.trailers.push(...fields);
      else {
        early.push(...fields);
        earlyTarget ||= target;
      }
    };
    parser[HTTPParser.kOnHeadersComplete] = (
      major: number,
      minor: number,
      fields: string[] | undefined,
      method: number,
      said: string | undefined,
      status: number,
      reason: string,
    ): number => {
      const target = earlyTarget || (said ?? "");
      earlyTarget = "";
      const rawHeaders = [...early, ...(fields ?? [])];
      early = [];
      if (isOver) return 0;
      if (isAnswer) {
        // undici does not tell the version of an answer.
        const head = { status, rawHeaders, method: answerTo };
        cause ||= answerCheck(head, LIMITS) ?? (status === 101 ? "101 without being asked" : "");
        const framing = answerFraming(head).kind;
        draft = {
          line: `${status} ${reason}`,
          fields: rawHeaders,
          framing: framing === "malformed" ? "none" : framing,
          body: "",
          trailers: [],
          sent: cause === "" ? answerLines(status, reason, rawHeaders, framing) : undefined,
        };
        isFinal = status >= 200;
        // An interim answer has no body, whatever it says: undici tells its parser so, too.
        return answerTo === "HEAD" || status < 200 ? SKIP_BODY : 0;
      }
      const httpVersion = `${major}.${minor}`;
      const head = { method: this.#methods.get(method) ?? `?${method}`, target, httpVersion, rawHeaders };
      cause ||= checkHead(head, LIMITS) ?? "";
      if (cause !== "") return 0;
      const framing = framingOf(rawHeaders, httpVersion);
      const isTunnel = opensWebSocket(head.method, httpVersion, rawHeaders);
      draft = {
        line: `${head.method} ${target} HTTP/${httpVersion}`,
        fields: rawHeaders,
        framing: isTunnel ? "tunnel" : framing.kind === "malformed" ? "none" : framing.kind,
        body: "",
        trailers: [],
        sent: headLines(head, framing, isTunnel),
      };
      isOver = isTunnel;
      // Declined, it is the last of its connection if anything may have come with it.
      isFinal = !isTunnel && valuesOf(rawHeaders, "upgrade").length > 0;
      return isTunnel ? UPGRADE : 0;
    };
    parser[HTTPParser.kOnBody] = (part: Buffer) => {
      if (draft && cause === "" && !isOver) draft.body += part.toString("latin1");
    };
    parser[HTTPParser.kOnMessageComplete] = () => {
      if (cause === "" && !isOver) finish();
      isOver ||= isFinal;
    };
    parser.initialize(isAnswer ? HTTPParser.RESPONSE : HTTPParser.REQUEST, {}, LIMITS.maxHeadBytes, 0);

    let at = 0;
    for (const cut of cuts) {
      const result = parser.execute(bytes.subarray(at, cut));
      at = cut;
      if (typeof result !== "number" && !isOver)
        cause ||= "code" in result ? String(result.code) : result.message;
      if (cause !== "" || isOver) break;
    }
    if (cause === "" && draft?.framing === "until-close") finish();
    parser.close();
    return { messages, end: cause === "" ? "open" : "refused", cause };
  };
}

/** The head that the standard engine sends for it, line by line. */
function headLines(
  head: Parameters<typeof checkHead>[0],
  framing: ReturnType<typeof framingOf>,
  keepUpgrade: boolean,
): string[] {
  const { rawHeaders, httpVersion } = head;
  const chunked = framing.kind === "chunked";
  const fields = requestFields(rawHeaders, {
    client: CLIENT,
    trusted: false,
    requestId: requestIdOf(rawHeaders) ?? REQUEST_ID,
    via: false,
    scheme: "http",
    httpVersion: httpVersion === "1.0" ? "1.0" : "1.1",
    keepUpgrade,
    keepExpect: httpVersion === "1.1",
    chunked,
  });
  if (chunked) fields.push("Transfer-Encoding", "chunked");
  else if (framing.kind === "counted") fields.push("Content-Length", String(framing.length));
  const lines = [`${head.method} ${originForm(head.method, head.target)} HTTP/1.1`];
  for (let i = 0; i + 1 < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return lines;
}

/** The head that the standard engine sends to an HTTP/1.1 client, without what node adds. */
function answerLines(
  status: number,
  reason: string,
  rawHeaders: readonly string[],
  framing: ReturnType<typeof answerFraming>["kind"],
): string[] | undefined {
  // Of an interim answer only the fields count, and a reason that is not plain is said anew.
  if (status < 200 || !/^[\x20-\x7e]*[\x21-\x7e]$/.test(reason)) return undefined;
  const chunked = framing === "chunked" || framing === "until-close";
  const fields = responseFields(rawHeaders, { via: false, keepUpgrade: status === 426, chunked });
  const said = framingOf(rawHeaders, "1.1");
  if (said.kind === "counted" && status !== 204) fields.push("Content-Length", String(said.length));
  if (chunked) fields.push("Transfer-Encoding", "chunked");
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  for (let i = 0; i + 1 < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return lines;
}
