// What a slot is asked to find out whether its app can serve: `http:/healthz`, `tcp`, `grpc[:SERVICE]`, `off`.

import type { ProbeTarget } from "../health/facts.ts";
import { type ValueKind, wrong } from "./value-kind.ts";

/** RFC 9112, 3.2.1: origin-form, so no blanks, no control characters, no fragment. */
const HTTP = /^http:(\/[!-"$-~]*)$/;
const GRPC = /^grpc(?::([A-Za-z0-9_.-]+))?$/;

export const probeTarget: ValueKind<ProbeTarget> = {
  placeholder: "http:PATH|tcp|grpc[:SERVICE]|off",
  parse(text) {
    if (text === "tcp" || text === "off") return { value: { kind: text } };
    const http = HTTP.exec(text);
    if (http?.[1]) return { value: { kind: "http", path: http[1] } };
    const grpc = GRPC.exec(text);
    if (grpc) return { value: { kind: "grpc", service: grpc[1] ?? "" } };
    return wrong(text, "http:/PATH (such as http:/healthz), tcp, grpc, grpc:SERVICE, or off");
  },
};
