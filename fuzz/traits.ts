// What cases and differences are known by: words of the lists in differences.ts.

import { METHODS } from "node:http";

export const LONE = /(?<!\r)\n|\r(?!\n)/;
/** Behind a body a CR or LF may stand alone although its neighbour is there: it belongs to the body. */
export const FRAMED = /content-length:/i;
export const TRAILER_THAT_FRAMES = /\r\n0+[^\r\n]*\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding)/i;

export const onlyStandard = (cause: string) => `only standard reads it: ${cause}`;
export const onlyWire = (cause: string) => `only wire reads it: ${cause}`;

/** What node's parser says to a method that it does not know. */
export const UNKNOWN_METHOD = new Set(
  ["HPE_INVALID_METHOD", "HPE_INVALID_CONSTANT", "HPE_INVALID_VERSION"].map(onlyWire),
);

export const lets = (who: "standard" | "wire") => `only ${who} lets a request through`;
export const DECLINED = /^upgrade:/im;
/** Answers that undici's parser reads and wire refuses. */
export const FORGIVEN_ANSWER =
  /(?:^|\n)(?:(?:HTTP\/(?:0\.9|2\.0)|ICE\/1\.0) \d{3}|HTTP\/1\.0 [\s\S]*\ntransfer-encoding:|HTTP\/1\.\d(?: +\d{3} {2,}| \d{3} [^\r\n]*(?:[^\r\n\t\x20-\x7e\x80-\xff]|\r(?!\n))))/i;

/** Whether the message that only one reader has is of a method that node does not know. */
export function isOfUnknownMethod(detail: string): boolean {
  return !METHODS.includes(/"line":"([^ ]*) /.exec(detail)?.[1] ?? "");
}

export function trailersIn(detail: string): number {
  const { trailers = [] }: { trailers?: unknown[] } = JSON.parse(detail);
  return trailers.length / 2;
}

/** Whether wire let such a request through. */
export function namesUnknownMethod(detail: string): boolean {
  const wire = detail.slice(detail.indexOf("wire:"));
  return [...wire.matchAll(/"([^" ]+) [^" ]+ HTTP\/1\.1"/g)].some(
    ([, method = ""]) => !METHODS.includes(method),
  );
}

/** What each side has said, of a detail with a line for each: the standard engine's first. */
function saidIn(detail: string): readonly [standard: readonly unknown[], wire: readonly unknown[]] {
  const [standard = [], wire = []] = detail
    .split("\n")
    .map((line): unknown[] => JSON.parse(line.slice(line.indexOf(":") + 1)));
  return [standard, wire];
}

function begins(all: readonly unknown[], part: readonly unknown[]): boolean {
  return part.every((one, i) => one === all[i]);
}

/** Whether the one that did less has ended with a failure where the other has had one, too. */
export function endsInFailure(detail: string): boolean {
  // Requests and statuses, or statuses alone.
  const statuses = saidIn(detail).map((said) => (Array.isArray(said[1]) ? said[1] : said));
  const [one = [], other = []] = statuses.sort((a, b) => a.length - b.length);
  return one.at(-1) === "failed" && begins(other, one);
}

/** Whether a request line has a method that node does not know; its body may be missing. */
export function beginsUnknownMethod(sent: string): boolean {
  return [...sent.matchAll(/(?:^|\n|[^A-Za-z])([!#-'*+.0-9A-Z^-z|~-]+) [^ \r\n]+ HTTP\/1\.[01]\r\n/g)].some(
    ([, method = ""]) => !METHODS.includes(method),
  );
}

/** Whether that one refuses something behind all that both have answered. */
export function refusesMore(who: "standard" | "wire", detail: string): boolean {
  const [standard, wire] = saidIn(detail);
  const [more, less] = who === "wire" ? [wire, standard] : [standard, wire];
  return more.length === less.length + 1 && more.at(-1) === "refused" && begins(more, less);
}

/** Whether the standard engine's answers are a beginning of wire's. */
export function standardStopsFirst(detail: string): boolean {
  const [standard, wire] = saidIn(detail);
  return begins(wire, standard);
}
