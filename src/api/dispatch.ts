// The one door through which fastify enters: routes and calls in words of our own, answers and errors as JSON. fastify
// routes, reads bodies and writes answers.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from "fastify";
import { SluiceError } from "../errors.ts";
import { type LineStream, openLineStream } from "./line-stream.ts";
import { answerRefusal, asError, type OnError } from "./refusal.ts";
import type { Answer, Call, Route } from "./routes.ts";

export interface DispatchParts {
  readonly routes: readonly Route[];
  /** Throws to refuse a call before its handler sees it. */
  readonly admit: ((call: Call) => void) | undefined;
  /** Of every answer, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onError: OnError;
  /** Open streams by their sockets. */
  readonly streams: Map<unknown, LineStream>;
  readonly isClosing: () => boolean;
}

export interface Dispatch {
  take(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 65_536;

/** Resolves once it can take requests. */
export async function createDispatch(parts: DispatchParts): Promise<Dispatch> {
  const { routes, admit, headers, onError, streams, isClosing } = parts;
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    frameworkErrors: answerError,
  });

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
        if (isClosing()) throw new SluiceError("STOPPING", "sluice is closing this listener");
        let stream: LineStream | undefined;
        try {
          stream = openLineStream(reply.raw, socket, opener, headers);
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
    { status = 200, body, contentType, headers: own, isLast = false }: Answer,
  ): FastifyReply {
    if (isLast || isClosing()) reply.header("connection", "close");
    reply
      .header("cache-control", "no-store")
      .headers({ ...headers, ...own })
      .code(status);
    if (typeof body === "string" || body instanceof Readable)
      return reply.type(contentType ?? "text/plain; charset=utf-8").send(body);
    return reply.type("application/json; charset=utf-8").send(`${JSON.stringify(body)}\n`);
  }

  function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = refusalOf(error);
    const answer = answerRefusal(refusal);
    if (answer.status === 500 && request.raw.complete) onError(error, describe(request));
    void write(reply, answer);
  }

  await app.ready();
  return {
    take: (request, response) => app.routing(request, response),
    async close() {
      await app.close();
    },
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
