// The tcp probe: somebody accepts a connection.

import { connect } from "node:net";
import { type EndAttempt, failedConnection, type ProbeAttempt, passed, runAttempt } from "./probe-attempt.ts";

/** Passes as soon as a connection is accepted. */
export function probeTcp(attempt: ProbeAttempt): EndAttempt {
  return runAttempt(attempt, (finish) => {
    const socket = connect({ host: attempt.host, port: attempt.port });
    socket.on("error", (error) => finish(failedConnection(error)));
    socket.on("connect", () => finish(passed("accepts connections")));
    return () => {
      socket.destroy();
    };
  });
}
