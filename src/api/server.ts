// The one door through which fastify enters: routes and calls in words of our own, answers and errors as JSON. fastify
// routes, reads bodies and writes answers; the listeners are ours, since one app answers on several addresses.

import type { IncomingMessage, ServerResponse } from "node:http";
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from "fastify";
import type { ControlAddress } from "../config/config.ts";
import { SluiceError } from "../errors.ts";
import { type LineStream, openLineStream } from "./line-stream.ts";
import { createListeners } from "./listeners.ts";
import { answerRefusal, asError, type OnError } from "./refusal.ts";
import type { Answer, Call, Route } from "./routes.ts";

export interface ApiServerParts {
  readonly addresses: readonly ControlAddress[];
  /** The option that sets the addresses ("--ops"). */
  readonly option: string;
  readonly routes: readonly Route[];
  /** Throws to refuse a call before its handler sees it. */
  readonly admit?: (call: Call) => void;
  /** A defect, or a failure that its caller may not look at. */
  readonly onError: OnError;
  /** Most connections; at the limit an idle one makes room. */
  readonly maxConnections?: number;
}

export interface ApiServer {
  /** Resolves with the addresses, ports filled in. Rejects with PORT_TAKEN that names address and option. */
  listen(): Promise<readonly ControlAddress[]>;
  /** Stops listening, ends open streams, finishes answers in flight for 2 s at most. Idempotent, joinable. */
  close(): Promise<void>;
  /** Closes every connection now. Idempotent. */
  destroy(): void;
}

const BODY_LIMIT_BYTES = 65_536;
const CLOSE_WITHIN_MS = 2_000;

export function createApiServer({ routes, admit, onError, ...listening }: ApiServerParts): ApiServer {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    frameworkErrors: answerError,
  });
  const streams = new Map<unknown, LineStream>();
  let closing: Promise<void> | undefined;

  // Whatever the Content-Type says, it is JSON or it is refused: `curl -d` sends that of a form.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => {
    try {
      done(null, text.length === 0 ? undefined : JSON.parse(text.toString()));
    } catch (error) {
      done(new SluiceError("BAD_BODY", `the body is not JSON: ${asError(error).message}`));
    }
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const what = `${request.method} ${pathOf(request)}`;
    answerError(new SluiceError("NO_SUCH_ENDPOINT", `there is no ${what} here`), request, reply);
  });

  for (const { name, handler } of routes) {
    app.route({
      method: name[0],
      url: name[1],
      async handler(request, reply) {
        const call = callOf(request, reply);
        admit?.(call);
        const answer = await handler(call);
        return answer === "streaming" ? reply : write(reply, answer);
      },
    });
  }

  function callOf(request: FastifyRequest, reply: FastifyReply): Call {
    return {
      method: request.method,
      path: pathOf(request),
      params: request.params as Readonly<Record<string, string>>,
      query: request.query as Readonly<Record<string, unknown>>,
      headers: request.headers,
      body: request.body,
      remoteAddress: request.socket.remoteAddress,
      localAddress: request.socket.localAddress,
      stream(opener) {
        const { socket } = request;
        if (closing) throw new SluiceError("STOPPING", "sluice is closing this listener");
        let stream: LineStream | undefined;
        try {
          stream = openLineStream(reply.raw, socket, opener);
        } catch (error) {
          if (!reply.raw.headersSent) throw error;
          // The answer has begun; it cannot become another one.
          onError(asError(error), describe(request));
          socket.destroy();
        }
        reply.hijack();
        if (stream) {
          streams.set(socket, stream);
          socket.once("close", () => streams.delete(socket));
        }
        return "streaming";
      },
    };
  }

  function write(
    reply: FastifyReply,
    { status = 200, body, contentType, isLast = false }: Answer,
  ): FastifyReply {
    if (isLast || closing) reply.header("connection", "close");
    reply.header("cache-control", "no-store").code(status);
    if (typeof body === "string") return reply.type(contentType ?? "text/plain; charset=utf-8").send(body);
    return reply.type("application/json; charset=utf-8").send(`${JSON.stringify(body)}\n`);
  }

  function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = refusalOf(error);
    const answer = answerRefusal(refusal);
    if (answer.status === 500 && request.raw.complete) onError(error, describe(request));
    void write(reply, answer);
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    // A lifeline's connection carries nothing but its handshake: an answer to anything else would never come.
    if (streams.has(request.socket)) request.socket.destroy();
    else app.routing(request, response);
  }

  const listeners = createListeners({ ...listening, onRequest, onTrouble: onError });

  async function closeAll(): Promise<void> {
    const deadline = setTimeout(() => listeners.destroy(), CLOSE_WITHIN_MS);
    for (const stream of streams.values()) stream.end();
    await listeners.close();
    clearTimeout(deadline);
    await app.close();
  }

  return {
    async listen() {
      await app.ready();
      return listeners.listen();
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
    destroy: () => listeners.destroy(),
  };
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}

function describe(request: FastifyRequest): string {
  return `${request.method} ${pathOf(request)} from ${request.socket.remoteAddress ?? "a Unix socket"}`;
}

/** fastify's own errors that are the caller's doing, in our words; everything else stays what it is. */
function refusalOf(error: Error): Error {
  if (error instanceof SluiceError || !("statusCode" in error)) return error;
  const code = "code" in error ? error.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new SluiceError("BAD_BODY", `the body is larger than ${BODY_LIMIT_BYTES} bytes`);
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new SluiceError("BAD_BODY", "the Content-Type cannot be read; application/json is right");
  }
  if (code === "FST_ERR_BAD_URL" || code === "FST_ERR_MAX_PARAM_LENGTH") {
    return new SluiceError("NO_SUCH_ENDPOINT", "the path of the request cannot be read");
  }
  const isCallers = typeof error.statusCode === "number" && error.statusCode >= 400 && error.statusCode < 500;
  return isCallers ? new SluiceError("BAD_BODY", `the body cannot be read: ${error.message}`) : error;
}
