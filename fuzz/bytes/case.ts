// Streams of requests and answers: built by the grammar, with what attackers use in the place of what is right, and then bent
// byte by byte. Made for millions: strings, one generator, no shrinking.

import type { Chance } from "../../src/proxy/engine-suite/chance.ts";
import type { Cuts } from "./reading.ts";
import {
  CODINGS,
  ENDS,
  EXTENSIONS,
  FIELDS,
  GAPS,
  HOSTS,
  KNOWN_METHODS,
  LENGTHS,
  ODD_CODINGS,
  ODD_EXTENSIONS,
  ODD_FIELDS,
  ODD_HOSTS,
  ODD_LENGTHS,
  ODD_METHODS,
  ODD_SIZES,
  ODD_STATUSES,
  ODD_TARGETS,
  ODD_VERSIONS,
  SIZES,
  STATUSES,
  TARGETS,
  TRAILERS,
  VERSIONS,
} from "./words.ts";

export interface ByteCase {
  readonly bytes: Buffer;
  readonly cuts: Cuts;
  /** The method that an answer belongs to; undefined: these are requests. */
  readonly answerTo: string | undefined;
}

export function byteCase(chance: Chance): ByteCase {
  // One case in so many has something odd in each place: most must be right for what is odd to be reached.
  const rarely = (odd: readonly string[], usual: readonly string[]): string =>
    chance.oneIn(24) ? chance.of(odd) : chance.of(usual);
  const end = () => (chance.oneIn(60) ? chance.of(ENDS) : "\r\n");
  const gap = () => (chance.oneIn(80) ? chance.of(GAPS) : " ");
  const text = (length: number) => "hello world, hello world".slice(0, length);

  function chunks(): string {
    let body = "";
    for (let count = chance.below(3); count > 0; count--) {
      const size = rarely(ODD_SIZES, SIZES);
      const extension = chance.oneIn(12) ? rarely(ODD_EXTENSIONS, EXTENSIONS) : "";
      body += `${size}${extension}${end()}${text(Number.parseInt(size, 16) || 5)}${end()}`;
    }
    body += `${chance.oneIn(30) ? "000" : "0"}${chance.oneIn(30) ? chance.of(EXTENSIONS) : ""}${end()}`;
    for (let count = chance.oneIn(4) ? 1 + chance.below(2) : 0; count > 0; count--)
      body += `${rarely(ODD_FIELDS, TRAILERS)}${end()}`;
    return body + end();
  }
  function framed(head: string): string {
    const kind = chance.below(5);
    if (kind < 2) return `${head}\r\n`;
    if (kind === 2) {
      const length = rarely(ODD_LENGTHS, LENGTHS);
      const name = chance.oneIn(8) ? "content-length:" : "Content-Length: ";
      return `${head}${name}${length}${end()}${end()}${text(Number.parseInt(length, 10) || 0)}`;
    }
    if (kind === 3)
      return `${head}Transfer-Encoding: ${rarely(ODD_CODINGS, CODINGS)}${end()}${end()}${chunks()}`;
    return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks()}`;
  }
  function fields(): string {
    let lines = "";
    for (let count = chance.below(4); count > 0; count--) lines += `${rarely(ODD_FIELDS, FIELDS)}${end()}`;
    return lines;
  }
  function request(): string {
    const method = rarely(ODD_METHODS, KNOWN_METHODS);
    const line = `${method}${gap()}${rarely(ODD_TARGETS, TARGETS)}${gap()}${rarely(ODD_VERSIONS, chance.oneIn(8) ? VERSIONS : VERSIONS.slice(0, 1))}${end()}`;
    const host = `${rarely(ODD_HOSTS, HOSTS)}${end()}`;
    const head = chance.oneIn(3) ? line + fields() + host : line + host + fields();
    return framed(chance.oneIn(50) ? `${end()}${head}` : head);
  }
  function answer(): string {
    const version = chance.oneIn(16) ? chance.of(ODD_VERSIONS) : chance.of(VERSIONS);
    return framed(`${version}${gap()}${rarely(ODD_STATUSES, STATUSES)}${end()}${fields()}`);
  }

  const isAnswer = chance.oneIn(4);
  const answerTo = isAnswer ? (chance.oneIn(8) ? "HEAD" : "GET") : undefined;
  let stream = "";
  for (let count = 1 + chance.below(3); count > 0; count--) stream += isAnswer ? answer() : request();
  if (chance.oneIn(3)) stream = chance.bent(stream);
  if (chance.oneIn(20)) stream = stream.slice(0, chance.below(stream.length + 1));
  const bytes = Buffer.from(stream, "latin1");
  return { bytes, cuts: cutsOf(chance, bytes.length), answerTo };
}

function cutsOf(chance: Chance, length: number): Cuts {
  if (length === 0) return [0];
  if (chance.oneIn(50)) return Array.from({ length }, (_, i) => i + 1);
  const cuts = new Set([length]);
  for (let count = chance.below(6); count > 0; count--) cuts.add(1 + chance.below(length));
  return [...cuts].sort((a, b) => a - b);
}
