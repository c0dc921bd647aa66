// The http probe: one GET over a raw socket, of whose answer only the head is read. A raw socket, because what is asked is
// whether this very address answers: no pool, no retries, no redirects.

import { connect } from "node:net";
import {
  type EndAttempt,
  failed,
  failedConnection,
  type ProbeAttempt,
  type ProbeOutcome,
  passed,
  runAttempt,
} from "./probe-attempt.ts";

const MOST_HEAD_BYTES = 16_384;
/** Bytes of the body that are read and dropped, so that the app does not see its write fail. */
const MOST_BODY_BYTES = 65_536;
/** RFC 9112, section 4; the reason phrase may be missing together with its space, as many servers send it. */
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [^\r\n\0]*)?\r?\n/;
const HEAD_END = /\r?\n\r?\n/;

/** Passes when the answer's status is 200 to 399. 1xx answers before it are skipped. */
export function probeHttp(attempt: ProbeAttempt, path: string): EndAttempt {
  return runAttempt(attempt, (finish) => {
    let head = "";
    let isAnswered = false;
    const socket = connect({ host: attempt.host, port: attempt.port });
    socket.on("error", (error) => finish(failedConnection(error)));
    socket.on("close", () => finish(failed("closed the connection before an answer")));
    socket.on("connect", () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: sluice-probe/1\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
      );
    });
    socket.on("data", (chunk: Buffer) => {
      if (isAnswered) return;
      head += chunk.toString("latin1");
      const status = readStatus(head);
      if (status === "incomplete") return;
      isAnswered = typeof status === "number";
      finish(outcomeOf(status, path));
    });
    return () => {
      if (!isAnswered) {
        socket.destroy();
        return;
      }
      // The app writes its body in peace, within bounds.
      const deadline = setTimeout(() => socket.destroy(), attempt.timeoutMs).unref();
      socket.on("data", () => {
        if (socket.bytesRead > MOST_HEAD_BYTES + MOST_BODY_BYTES) socket.destroy();
      });
      socket.on("close", () => clearTimeout(deadline));
      socket.unref();
    };
  });
}

function outcomeOf(status: number | "too long" | "garbage", path: string): ProbeOutcome {
  if (status === "too long")
    return failed(`sent a head of more than ${MOST_HEAD_BYTES} bytes to GET ${path}`);
  if (status === "garbage") return failed("does not speak HTTP/1.1");
  const detail = `answered ${status} to GET ${path}`;
  return status < 400 ? passed(detail) : failed(detail);
}

/** The status of the first final head in what has come so far. */
function readStatus(text: string): number | "incomplete" | "too long" | "garbage" {
  let rest = text;
  for (;;) {
    const end = HEAD_END.exec(rest);
    if (!end) {
      if (text.length > MOST_HEAD_BYTES) return "too long";
      return couldBeHttp(rest) ? "incomplete" : "garbage";
    }
    const status = STATUS_LINE.exec(rest)?.[1];
    if (status === undefined) return "garbage";
    if (status[0] !== "1") return Number(status);
    rest = rest.slice(end.index + end[0].length);
  }
}

/** Garbage is refused at its first wrong byte, not at the time-out. */
function couldBeHttp(start: string): boolean {
  const prefix = "HTTP/1.";
  return start.startsWith(prefix.slice(0, start.length));
}
