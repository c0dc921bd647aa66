// Content-Length that two readers take in two ways: against Transfer-Encoding, against another one, or by itself.

import {
  type Attack,
  type Chapter,
  either,
  HOST,
  passed,
  post,
  refused,
  refusedAfter,
  SMUGGLED,
} from "../attack.ts";

const CHUNKED = "Transfer-Encoding: chunked\r\n";
const length = (value: string) => post(`Content-Length: ${value}\r\n`, SMUGGLED);
const lengthLine = (line: string) => post(line, SMUGGLED);

export const CL_TE: Chapter = {
  form: "CL.TE and TE.CL",
  attacks: [
    {
      reference: "CVE-2005-2088",
      what: "CL.TE: a reader of the length takes the request behind the last chunk for body",
      bytes: post(`Content-Length: ${5 + SMUGGLED.length}\r\n${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`),
      outcome: refused(),
    },
    {
      reference: "CVE-2024-6827",
      what: "TE.CL: a reader of the length takes the chunk's data for a request",
      bytes: post(
        `${CHUNKED}Content-Length: 4\r\n`,
        `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
      ),
      outcome: refused(),
    },
    {
      reference: "RFC 9112 6.3, 3",
      what: "CL.TE where the two agree",
      bytes: post(`Content-Length: 5\r\n${CHUNKED}`, "0\r\n\r\n"),
      outcome: refused(),
    },
    {
      reference: "CVE-2023-47641",
      what: "CL.TE with a length of 0 and a TE that is no coding",
      bytes: post("Content-Length: 0\r\nTransfer-Encoding: identity\r\n", SMUGGLED),
      outcome: refused(),
    },
    {
      reference: "RFC 9112 6.1",
      what: "CL.TE in HTTP/1.0",
      bytes: `POST /a HTTP/1.0\r\n${HOST}Connection: keep-alive\r\nContent-Length: 5\r\n${CHUNKED}\r\n0\r\n\r\n${SMUGGLED}`,
      outcome: refused(),
    },
    {
      reference: "RFC 9112 6.3, 3",
      what: "CL.TE behind a good request",
      bytes: `GET /first HTTP/1.1\r\n${HOST}\r\n${post(`Content-Length: 6\r\n${CHUNKED}`, `0\r\n\r\nG${SMUGGLED}`)}`,
      outcome: refusedAfter(["GET", "/first", ""]),
    },
  ],
};

export const LENGTHS: Chapter = {
  form: "duplicate, list-valued and bent lengths",
  attacks: [
    {
      reference: "CVE-2019-20445",
      what: "two lengths that are equal",
      bytes: post("Content-Length: 0\r\nContent-Length: 0\r\n", SMUGGLED),
      outcome: refused(),
    },
    {
      reference: "CVE-2019-16792",
      what: "two lengths, the second the longer one",
      bytes: post(`Content-Length: 0\r\ncontent-length: ${SMUGGLED.length}\r\n`, SMUGGLED),
      outcome: refused(),
    },
    {
      reference: "RFC 9110 8.6",
      what: "a list of unlike lengths",
      bytes: length(`0, ${SMUGGLED.length}`),
      outcome: refused(),
    },
    {
      reference: "RFC 9110 8.6",
      what: "a list with an empty member",
      bytes: length("0,"),
      outcome: refused(),
    },
    { reference: "CVE-2023-40225", what: "an empty length", bytes: length(""), outcome: refused() },
    {
      reference: "CVE-2023-40225",
      what: "an empty length before a full one",
      bytes: post("Content-Length:\r\nContent-Length: 3\r\n", `abc${SMUGGLED}`),
      outcome: refused(),
    },
    { reference: "CVE-2021-32565", what: "a negative length", bytes: length("-1"), outcome: refused() },
    { reference: "RFC 9110 8.6", what: "a hexadecimal length", bytes: length("0x0"), outcome: refused() },
    {
      reference: "CVE-2023-47627",
      what: "a length with an underscore",
      bytes: length("0_0"),
      outcome: refused(),
    },
    {
      reference: "RFC 9110 8.6",
      what: "a length with an exponent",
      bytes: length("0e1"),
      outcome: refused(),
    },
    { reference: "RFC 9110 8.6", what: "a length with a fraction", bytes: length("0.0"), outcome: refused() },
    {
      reference: "RFC 9110 8.6",
      what: "a length with a parameter",
      bytes: length("0;q=1"),
      outcome: refused(),
    },
    { reference: "RFC 9110 8.6", what: "a length in quotes", bytes: length('"0"'), outcome: refused() },
    {
      reference: "RFC 9110 8.6",
      what: "two numbers in one length",
      bytes: length("0 0"),
      outcome: refused(),
    },
    {
      reference: "CVE-2019-16789",
      what: "a length after a vertical tab",
      bytes: length("\x0b0"),
      outcome: refused(),
    },
    {
      reference: "RFC 9110 5.5",
      what: "a length before a no-break space",
      bytes: length("0\xa0"),
      outcome: refused(),
    },
    {
      reference: "CVE-2017-7658",
      what: "a length that is 0 in 64 bits",
      bytes: length("18446744073709551616"),
      outcome: refused(),
    },
    {
      reference: "CVE-2017-7658",
      what: "a length that no number of the language can say",
      bytes: length("9007199254740993"),
      outcome: refused(),
    },
    {
      reference: "RFC 9110 8.6",
      what: "a length with leading zeros is decimal, not octal",
      bytes: post("Content-Length: 010\r\n", "0123456789"),
      outcome: either(["POST", "/a", "0123456789"]),
    },
    {
      reference: "RFC 9110 5.5",
      what: "a length between tabs and spaces",
      bytes: post("Content-Length: \t 3 \t\r\n", "abc"),
      outcome: passed(["POST", "/a", "abc"]),
    },
    {
      reference: "CVE-2021-40346",
      what: "a long name that begins like Content-Length is a field like any other",
      bytes: post(`Content-Length0${"a".repeat(255)}: 0\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
      outcome: passed(["POST", "/a", SMUGGLED]),
    },
  ],
};

/** The length is hidden so that the first reader passes it over (0.CL), or the body is passed over (CL.0). */
const hidden: readonly (readonly [reference: string, what: string, line: string])[] = [
  ["CVE-2019-16276", "a space before the colon", "Content-Length : "],
  ["CVE-2021-22959", "a tab before the colon", "Content-Length\t: "],
  ["CVE-2024-27982", "a space before the name", " Content-Length: "],
  ["CVE-2021-43797", "a control character before the name", "\x1fContent-Length: "],
  ["CVE-2021-43797", "a NUL in the name", "Content-\0Length: "],
  ["CVE-2019-20444", "a field line without a colon before it", "X\r\nContent-Length: "],
  ["RFC 9112 5.2", "its value on a line of its own", "Content-Length:\r\n "],
  ["CVE-2022-32214", "a bare LF before it", "X: y\nContent-Length: "],
  ["CVE-2023-30589", "a bare CR before it", "X: y\rContent-Length: "],
  ["RFC 9112 2.2", "a bare CR behind its name", "Content-Length\r: "],
  ["RFC 9110 5.1", "a space in its name", "Content Length: "],
  ["CVE-2023-25725", "an empty name before it", ": y\r\nContent-Length: "],
];

export const ZERO_CL: Chapter = {
  form: "CL.0 and 0.CL",
  attacks: [
    ...["POST", "GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "PROPFIND"].map(
      (method): Attack => ({
        reference: "CVE-2022-23959",
        what: `CL.0: a counted body of ${method} stays its body`,
        bytes: `${method} /a HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
        outcome: method === "TRACE" ? either([method, "/a", SMUGGLED]) : passed([method, "/a", SMUGGLED]),
      }),
    ),
    ...hidden.map(
      ([reference, what, line]): Attack => ({
        reference,
        what: `0.CL: a length with ${what}`,
        bytes: lengthLine(`${line}${SMUGGLED.length}\r\n`),
        outcome: refused(),
      }),
    ),
    {
      reference: "RFC 9110 8.6",
      what: "0.CL: a name with an underscore is no length, and what follows is a request",
      bytes: `POST /a HTTP/1.1\r\n${HOST}Content_Length: 31\r\n\r\nGET /b HTTP/1.1\r\n${HOST}\r\n`,
      outcome: passed(["POST", "/a", ""], ["GET", "/b", ""]),
    },
    {
      reference: "RFC 9110 10.1.1",
      what: "0.CL: an expectation does not make the body a request",
      bytes: post(`Expect: 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
      outcome: passed(["POST", "/a", SMUGGLED]),
    },
    {
      reference: "RFC 9110 10.1.1",
      what: "0.CL: an expectation of GET does not make the body a request",
      bytes: `GET /a HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      outcome: passed(["GET", "/a", SMUGGLED]),
    },
    {
      reference: "RFC 9110 10.1.1",
      what: "0.CL: a bent expectation does not make the body a request",
      bytes: post(`Expect: y 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
      outcome: either(["POST", "/a", SMUGGLED]),
    },
    {
      reference: "RFC 9112 9.3",
      what: "CL.0: Connection: Content-Length takes nothing away",
      bytes: post(`Connection: Content-Length\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
      outcome: either(["POST", "/a", SMUGGLED]),
    },
    {
      reference: "CVE-2026-29057",
      what: "CL.0: Connection: Transfer-Encoding takes nothing away from a chunked DELETE",
      bytes: `DELETE /a HTTP/1.1\r\n${HOST}Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
      outcome: either(["DELETE", "/a", SMUGGLED]),
    },
  ],
};
