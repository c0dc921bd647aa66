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

/**
 * Throws FORBIDDEN for what neither a program on this machine would send nor sluice's own page: an order from a page of
 * another origin, a question that another site makes a browser ask, a Host that is no name of loopback.
 */
export function refuseBrowsers({ method, headers, localAddress }: Caller): void {
  const host = headers.host?.toLowerCase();
  const name = host?.replace(/:\d*$/, "");
  // An address cannot be rebound; only names can.
  const isOwnAddress = localAddress !== undefined && (name === localAddress || name === `[${localAddress}]`);
  if (localAddress !== undefined && name !== undefined && !LOOPBACK_NAMES.includes(name) && !isOwnAddress) {
    throw new SluiceError(
      "FORBIDDEN",
      `the Host "${name}" is not a name of loopback; call localhost or 127.0.0.1`,
    );
  }
  const isOwnPage = localAddress !== undefined && host !== undefined && headers.origin === `http://${host}`;
  if (method !== "GET" && headers.origin !== undefined && !isOwnPage) {
    throw new SluiceError(
      "FORBIDDEN",
      "a request with Origin comes from a page in a browser; only sluice's own may change anything",
    );
  }
  // Fetch Metadata: what a browser says of whoever made it ask. Following a link is a person's own doing.
  const site = headers["sec-fetch-site"];
  const isForeign = site === "cross-site" || site === "same-site";
  const isLink = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  if (isForeign && !(method === "GET" && isLink)) {
    throw new SluiceError("FORBIDDEN", "another site may not ask or order anything here");
  }
}
