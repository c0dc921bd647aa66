// The status page as the control server hands it out: one answer with everything in it, and nothing that a browser may do
// beside it.

import { SluiceError } from "../errors.ts";
import type { Answer } from "./routes.ts";

/** The page as scripts/build.ts makes it of src/page/. */
export interface Page {
  readonly html: string;
  /** Names this very page. */
  readonly id: string;
  /** Content-Security-Policy sources of its one script and its one style: their hashes. */
  readonly script: string;
  readonly style: string;
}

export interface PageSource {
  /** Rejects if this sluice has no page and cannot make one. */
  read(): Promise<Page>;
  /** Undefined until it is known. */
  readonly id: string | undefined;
  /** Different for each life of a sluice. */
  readonly life: string;
  readonly host: string;
}

/** Whatever answer of this server a browser shows, it runs nothing, loads nothing, stands in no frame. */
export const LOCKED_DOWN: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

export function pageAnswer({ html, script, style }: Page): Answer {
  const policy = [
    "default-src 'none'",
    `script-src '${script}'`,
    `style-src '${style}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  return {
    body: html,
    contentType: "text/html; charset=utf-8",
    headers: { "content-security-policy": policy },
  };
}

export function noPage(cause: unknown): SluiceError {
  return new SluiceError("NO_SUCH_ENDPOINT", "this sluice was started from sources, without its page", {
    cause,
  });
}
