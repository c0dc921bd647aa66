// One client connection. It never retries, and whatever way it ends has a name: an end without a name would be a
// request that vanishes from the account.

import { connect } from "node:net";
import { type AnswerHead, createAnswerReader, MalformedAnswer } from "./answer-reader.ts";
import type { Answer, Question } from "./question.ts";

/** How a request ended that got no whole answer. */
export type Loss =
  /** Nobody listens. Nothing was written. */
  | "refused"
  /** The connection could not be opened for another reason. Nothing was written. */
  | "not connected"
  /** Part of an answer had come, then FIN. */
  | "cut"
  /** Part of an answer had come, then RST. */
  | "cut by reset"
  /** FIN without a byte of answer, on a connection that idled before: the peer closed it as the request went out. */
  | "raced with idle close"
  /** FIN without a byte of answer, otherwise. */
  | "closed unanswered"
  /** RST without a byte of answer. */
  | "reset unanswered"
  | "timed out"
  | "malformed";

export type ConnectionEnd =
  /** By us, with nothing in flight. */
  | "closed by client"
  /** FIN after an answer with `Connection: close`. */
  | "closed as announced"
  | "idle close"
  | "idle reset"
  /** Bytes came that nobody had asked for. */
  | "unasked bytes"
  | Loss;

export interface Outcome {
  readonly question: Question;
  readonly answer: Answer | undefined;
  readonly loss: Loss | undefined;
  readonly detail: string;
  /** Bytes of the request may have left this process. */
  readonly written: boolean;
  /** By performance.now(), ms. */
  readonly sentAt: number;
  readonly doneAt: number;
}

export interface StrictConnection {
  /** Sends a request; further ones are pipelined behind it. Call only while `usable`. */
  ask(question: Question, onOutcome: (outcome: Outcome) => void): void;
  /** Neither side has said that it will close. */
  readonly usable: boolean;
  readonly inFlight: number;
  /** When the oldest request without an answer was sent; undefined if none is. */
  readonly oldestSentAt: number | undefined;
  /** Gives up on the answers that are due, as timed out. */
  giveUp(): void;
  close(): void;
}

interface Due {
  readonly question: Question;
  readonly sentAt: number;
  readonly onOutcome: (outcome: Outcome) => void;
}

/** How long after the last answer a FIN that meets a request on its way still counts as an idle close, ms. */
const RACE_MS = 50;

/** Opens a connection. `onEnd` is called exactly once, after the outcome of each request that was due. */
export function openConnection(
  { host, port }: { readonly host: string; readonly port: number },
  onEnd: (end: ConnectionEnd, detail: string, lastNumber: number | undefined) => void,
): StrictConnection {
  const due: Due[] = [];
  let head: AnswerHead | undefined;
  let parts: Buffer[] = [];
  let connected = false;
  let answers = 0;
  let announced = false;
  let usable = true;
  let ended = false;
  let failure: Error | undefined;
  let lastNumber: number | undefined;
  /** When the last answer was whole, ms. */
  let answeredAt = performance.now();

  const socket = connect({ host, port, noDelay: true });

  function settle(one: Due, result: { answer?: Answer; loss?: Loss; detail?: string }): void {
    lastNumber = one.question.number;
    one.onOutcome({
      question: one.question,
      answer: result.answer,
      loss: result.loss,
      detail: result.detail ?? "",
      written: connected,
      sentAt: one.sentAt,
      doneAt: performance.now(),
    });
  }

  /** Names the end of everything that is due, then that of the connection. */
  function finish(end: ConnectionEnd, detail = "", first?: Loss): void {
    if (ended) return;
    ended = true;
    usable = false;
    socket.destroy();
    const cut = due.splice(0);
    cut.forEach((one, index) => {
      const loss = index === 0 ? (first ?? (end as Loss)) : connected ? "closed unanswered" : (end as Loss);
      settle(one, { loss, detail });
    });
    onEnd(end, detail, lastNumber);
  }

  const reader = createAnswerReader(() => due[0]?.question.wish.method, {
    informational() {},
    head(next) {
      head = next;
      if (next.closes || next.framing === "until-close") {
        announced = true;
        usable = false;
      }
    },
    body(chunk) {
      parts.push(chunk);
    },
    end(trailers) {
      const one = due.shift()!;
      const answer: Answer = {
        head: head!,
        body: parts.length === 1 ? parts[0]! : Buffer.concat(parts),
        trailers,
      };
      head = undefined;
      parts = [];
      answers++;
      answeredAt = performance.now();
      settle(one, { answer });
    },
  });

  function onPeerEnd(reset: boolean): void {
    if (ended) return;
    const wasInAnswer = reader.inAnswer;
    const isWhole = !reset && reader.finish();
    const oldest = due[0];
    if (!oldest) finish(announced ? "closed as announced" : reset ? "idle reset" : "idle close");
    else if (wasInAnswer && !isWhole)
      finish(reset ? "cut by reset" : "cut", `${parts.length} parts of the body had come`);
    else {
      const waited = performance.now() - oldest.sentAt;
      const silent = Math.max(0, oldest.sentAt - answeredAt).toFixed(0);
      const detail = `${waited.toFixed(1)} ms after the request, ${answers} answers before, silent for ${silent} ms${announced ? ", close was announced" : ""}`;
      if (answers > 0 && waited < RACE_MS) finish("raced with idle close", detail);
      else finish(reset ? "reset unanswered" : "closed unanswered", detail);
    }
  }

  socket.on("connect", () => {
    connected = true;
  });
  socket.on("data", (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      if (error.unasked && due.length === 0) finish("unasked bytes", error.message);
      else finish("malformed", error.message);
    }
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    failure = error;
    if (connected) onPeerEnd(true);
    else finish(error.code === "ECONNREFUSED" ? "refused" : "not connected", error.code ?? error.message);
  });
  socket.on("end", () => onPeerEnd(false));
  socket.on("close", () => finish("closed by client", failure?.message));

  return {
    get usable() {
      return usable;
    },
    get inFlight() {
      return due.length;
    },
    get oldestSentAt() {
      return due[0]?.sentAt;
    },
    ask(question, onOutcome) {
      due.push({ question, sentAt: performance.now(), onOutcome });
      socket.write(question.bytes);
    },
    giveUp() {
      finish("timed out", reader.inAnswer ? "in the middle of the answer" : "no byte of an answer");
    },
    close() {
      if (due.length > 0) finish("timed out", "closed by the client with a request in flight");
      else finish("closed by client");
    },
  };
}
