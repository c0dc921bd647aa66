// The control server listens on loopback as well, where a browser on the same machine could be made to call it: by a page
// of any origin (the browser says so in Origin), or by a name that resolves to loopback (DNS rebinding; it stands in Host).

import type { IncomingHttpHeaders } from "node:http";
import { SluiceError } from "../errors.ts";

interface Caller {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined on a Unix socket, which no browser can reach. */
  readonly localAddress: string | undefined;
}

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** Throws FORBIDDEN for what a program on this machine would not send, but a browser would. */
export function refuseBrowsers({ method, headers, localAddress }: Caller): void {
  if (method !== "GET" && headers.origin !== undefined) {
    throw new SluiceError(
      "FORBIDDEN",
      "a request with Origin comes from a page in a browser; it may not change anything",
    );
  }
  const name = headers.host?.replace(/:\d*$/, "").toLowerCase();
  // An address cannot be rebound; only names can.
  const isOwnAddress = localAddress !== undefined && (name === localAddress || name === `[${localAddress}]`);
  if (localAddress !== undefined && name !== undefined && !LOOPBACK_NAMES.includes(name) && !isOwnAddress) {
    throw new SluiceError(
      "FORBIDDEN",
      `the Host "${name}" is not a name of loopback; call localhost or 127.0.0.1`,
    );
  }
}
