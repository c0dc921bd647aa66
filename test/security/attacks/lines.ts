// Line ends, whitespace and request lines that one reader forgives and another does not.

import { type Attack, type Chapter, either, get, HOST, passed, refused, SMUGGLED } from "../attack.ts";

export const LINES: Chapter = {
  form: "bare LF and CR, obs-fold, space before colon, NUL",
  attacks: [
    ...(
      [
        ["CVE-2019-16785", "a bare LF between two fields", "X: y\nZ: z\r\n"],
        ["CVE-2023-30589", "a bare CR between two fields", "X: y\rZ: z\r\n"],
        ["RFC 9112 2.2", "a bare CR at the end of a value", "X: y\r\r\n"],
        ["RFC 9110 5.5", "a NUL at the end of a value", "X: y\0\r\n"],
        ["RFC 9110 5.5", "a control character in a value", "X: \x01\r\n"],
        ["RFC 9110 5.5", "DEL in a value", "X: \x7f\r\n"],
        ["RFC 9112 5.1", "a tab before the colon", "X\t: y\r\n"],
        ["CVE-2021-43797", "a control character in a name", "X\x02: y\r\n"],
        ["RFC 9110 5.1", "obs-text in a name", "X\xe9: y\r\n"],
        ["RFC 9110 5.1", "brackets in a name", "X(y): z\r\n"],
        ["RFC 9110 5.1", "a slash in a name", "X/y: z\r\n"],
        ["CVE-2023-25725", "an empty name", ": y\r\n"],
        ["CVE-2019-20444", "a line without a colon", "X\r\n"],
        ["RFC 9112 5.2", "a folded line with a tab", "X: y\r\n\tz\r\n"],
        ["RFC 9112 5.2", "a folded line that is empty", "X: y\r\n \r\n"],
        ["RFC 9112 5.2", "a folded line that looks like a field", "X: y\r\n Content-Length: 5\r\n"],
      ] as const
    ).map(([reference, what, lines]): Attack => ({ reference, what, bytes: get(lines), outcome: refused() })),
    {
      reference: "CVE-2025-23167",
      what: "CR LF CR and another byte do not end a head",
      bytes: `GET /a HTTP/1.1\r\n${HOST}\r${SMUGGLED}`,
      outcome: refused(),
    },
    {
      reference: "RFC 9112 2.2",
      what: "CR LF LF does not end a head",
      bytes: `GET /a HTTP/1.1\r\n${HOST}\n${SMUGGLED}`,
      outcome: refused(),
    },
    {
      reference: "RFC 9112 2.2",
      what: "whitespace between the request line and the first field",
      bytes: `GET /a HTTP/1.1\r\n X: y\r\n${HOST}\r\n${SMUGGLED}`,
      outcome: refused(),
    },
    {
      reference: "RFC 9112 2.2",
      what: "an empty line before a request is passed over",
      bytes: `\r\nGET /a HTTP/1.1\r\n${HOST}\r\n`,
      outcome: either(["GET", "/a", ""]),
    },
    {
      reference: "RFC 9110 5.5",
      what: "obs-text, tabs and empty values are values",
      bytes: `GET /a HTTP/1.1\r\n${HOST}X: \xe9\t\xff\r\nY:\r\nZ: \t \r\n\r\n`,
      outcome: passed(["GET", "/a", ""]),
    },
  ],
};

const line = (text: string) => `${text}\r\n${HOST}\r\n${SMUGGLED}`;
const TWO = [
  ["GET", "/smuggled", ""],
  ["GET", "/smuggled", ""],
] as const;
const BAD_LINE = refused("MALFORMED_REQUEST", "VERSION_REFUSED");

export const REQUEST_LINES: Chapter = {
  form: "HTTP/0.9, version tricks, odd methods and targets",
  attacks: [
    {
      reference: "CVE-2017-7656",
      what: "a request of HTTP/0.9",
      bytes: "GET /smuggled\r\n\r\n",
      outcome: BAD_LINE,
    },
    {
      reference: "CVE-2017-7656",
      what: "a request of HTTP/0.9 with fields",
      bytes: `GET /smuggled\r\n${HOST}\r\n`,
      outcome: BAD_LINE,
    },
    {
      reference: "RFC 9112 3",
      what: "a header of the PROXY protocol, version 1",
      bytes: `PROXY TCP4 6.6.6.6 10.0.0.1 1 80\r\nGET /smuggled HTTP/1.1\r\n${HOST}\r\n`,
      outcome: BAD_LINE,
    },
    {
      reference: "RFC 9112 3",
      what: "a header of the PROXY protocol, version 2",
      bytes: `\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x06\x06\x06\x06\x0a\0\0\x01\0\x01\0\x50GET /smuggled HTTP/1.1\r\n${HOST}\r\n`,
      outcome: BAD_LINE,
    },
    ...(
      [
        ["CVE-2017-7656", "HTTP/0.9 by name", "GET /smuggled HTTP/0.9"],
        ["RFC 9112 2.3", "HTTP/1.2", "GET /smuggled HTTP/1.2"],
        ["RFC 9112 2.3", "HTTP/1.10", "GET /smuggled HTTP/1.10"],
        ["RFC 9112 2.3", "HTTP/01.1", "GET /smuggled HTTP/01.1"],
        ["RFC 9112 2.3", "HTTP/1,1", "GET /smuggled HTTP/1,1"],
        ["RFC 9112 2.3", "HTTP/1", "GET /smuggled HTTP/1"],
        ["RFC 9112 2.3", "HTTP/2.0", "GET /smuggled HTTP/2.0"],
        ["RFC 9112 2.3", "http/1.1", "GET /smuggled http/1.1"],
        ["RFC 9112 2.3", "another protocol", "GET /smuggled HTCPCP/1.1"],
        ["RFC 9112 3", "something behind the version", "GET /smuggled HTTP/1.1x"],
        ["CVE-2021-33193", "a second request line behind the version", "GET /smuggled HTTP/1.1 /b HTTP/1.1"],
        ["RFC 9112 3", "a space behind the version", "GET /smuggled HTTP/1.1 "],
        ["RFC 9112 3", "a tab for a space", "GET\t/smuggled HTTP/1.1"],
        ["RFC 9112 3", "a vertical tab for a space", "GET /smuggled\x0bHTTP/1.1"],
        ["RFC 9112 3", "a space before the method", " GET /smuggled HTTP/1.1"],
        ["RFC 9112 3", "no method", " /smuggled HTTP/1.1"],
        ["RFC 9112 3", "no target", "GET HTTP/1.1"],
        ["CVE-2021-39241", "a space in the method", "GET /smuggled? HTTP/1.1 X: /b HTTP/1.1"],
        ["RFC 9110 9.1", "a method that is no token", "G(T /smuggled HTTP/1.1"],
        ["RFC 9110 9.1", "a NUL in the method", "G\0T /smuggled HTTP/1.1"],
        ["RFC 9110 9.1", "a colon in the method", "GET: /smuggled HTTP/1.1"],
        ["RFC 9112 3.2", "a NUL in the target", "GET /smug\0gled HTTP/1.1"],
        ["RFC 9112 3.2", "a control character in the target", "GET /smug\x1fgled HTTP/1.1"],
        ["RFC 9112 3.2", "DEL in the target", "GET /smug\x7fgled HTTP/1.1"],
        ["RFC 9112 3.2", "obs-text in the target", "GET /smug\xffgled HTTP/1.1"],
        ["CVE-2023-45539", "a fragment in the target", "GET /smuggled#/b HTTP/1.1"],
        ["RFC 9112 3.2", "a bare CR in the target", "GET /smug\rgled HTTP/1.1"],
        ["RFC 9112 3.2", "a backslash for the first slash", "GET \\smuggled HTTP/1.1"],
        ["RFC 9112 3.2.3", "authority-form without CONNECT", "GET x:80 HTTP/1.1"],
        ["RFC 9112 3.2.4", "asterisk-form without OPTIONS", "GET * HTTP/1.1"],
        ["RFC 9112 3.2.2", "another scheme than http", "GET ftp://x/smuggled HTTP/1.1"],
        ["RFC 9112 3.2.2", "absolute-form without a host", "GET http:///smuggled HTTP/1.1"],
        ["RFC 9110 4.2.4", "user information in the target", "GET http://x@x/smuggled HTTP/1.1"],
      ] as const
    ).map(
      ([reference, what, text]): Attack => ({
        reference,
        what: `a request line with ${what}`,
        bytes: line(text),
        outcome: BAD_LINE,
      }),
    ),
    ...(
      [
        ["RFC 9112 2.3", "ICE/1.0", "SOURCE /smuggled ICE/1.0", [["SOURCE", "/smuggled", ""]]],
        ["RFC 9112 2.3", "RTSP/1.0", "DESCRIBE /smuggled RTSP/1.0", [["DESCRIBE", "/smuggled", ""]]],
        ["RFC 9112 3", "two spaces before the target", "GET  /smuggled HTTP/1.1", TWO],
        ["RFC 9112 3", "two spaces before the version", "GET /smuggled  HTTP/1.1", TWO],
      ] as const
    ).map(
      ([reference, what, text, seen]): Attack => ({
        reference,
        what: `a request line with ${what}`,
        bytes: line(text),
        outcome: BAD_LINE,
        standard: {
          outcome: passed(...seen),
          because:
            "node's parser reads it as one request with the same end; the app gets a clean request line",
        },
      }),
    ),
    {
      reference: "RFC 9110 9.1",
      what: "a method in small letters is another method",
      bytes: `get /a HTTP/1.1\r\n${HOST}\r\n`,
      outcome: either(["get", "/a", ""]),
    },
    {
      reference: "RFC 9110 9.1",
      what: "a method that nobody knows",
      bytes: `BREW /a HTTP/1.1\r\n${HOST}\r\n`,
      outcome: either(["BREW", "/a", ""]),
    },
    {
      reference: "RFC 9112 3.2.1",
      what: "a target of two slashes is a path, not a host",
      bytes: `GET //evil/a HTTP/1.1\r\n${HOST}\r\n`,
      outcome: passed(["GET", "//evil/a", ""]),
    },
    {
      reference: "RFC 9112 3.2.1",
      what: "dots and encoded slashes in a target stay as they are",
      bytes: `GET /a/..%2f../b HTTP/1.1\r\n${HOST}\r\n`,
      outcome: passed(["GET", "/a/..%2f../b", ""]),
    },
  ],
};

const host = (lines: string, target = "/smuggled") => `GET ${target} HTTP/1.1\r\n${lines}\r\n${SMUGGLED}`;

export const HOSTS: Chapter = {
  form: "two Hosts, absolute-form with another Host",
  attacks: (
    [
      ["RFC 9112 3.2", "two Hosts that are equal", host("Host: x\r\nHOST: x\r\n")],
      ["RFC 9112 3.2", "two Hosts with a field between them", host("Host: x\r\nX: y\r\nHost: evil\r\n")],
      ["RFC 9112 3.2", "two Hosts, the second folded", host("Host: x\r\n Host: evil\r\n")],
      [
        "RFC 9112 3.2",
        "two Hosts, the first with a space before the colon",
        host("Host : evil\r\nHost: x\r\n"),
      ],
      ["RFC 9112 3.2", "a Host that is a list", host("Host: x, evil\r\n")],
      ["RFC 9110 7.2", "a Host with a space", host("Host: x evil\r\n")],
      ["RFC 9110 7.2", "a Host with a path", host("Host: x/evil\r\n")],
      ["RFC 9110 7.2", "a Host with user information", host("Host: x@evil\r\n")],
      ["RFC 9110 7.2", "a Host with a bent port", host("Host: x:80evil\r\n")],
      ["RFC 9110 7.2", "a Host with a query", host("Host: x?evil\r\n")],
      ["RFC 9110 7.2", "a Host with a NUL", host("Host: x\0evil\r\n")],
      ["CVE-2021-39242", "absolute-form with another Host", host("Host: x\r\n", "http://evil/smuggled")],
      [
        "CVE-2022-2047",
        "absolute-form with a bent authority",
        host("Host: x\r\n", "http://x\\evil/smuggled"),
      ],
      ["RFC 9112 3.2.2", "absolute-form with another port", host("Host: x\r\n", "http://x:81/smuggled")],
      ["RFC 9112 3.2.2", "absolute-form with an empty Host", host("Host:\r\n", "http://x/smuggled")],
      ["RFC 9112 3.2.2", "absolute-form without a Host", host("X: y\r\n", "http://x/smuggled")],
    ] as const
  ).map(([reference, what, bytes]): Attack => ({ reference, what, bytes, outcome: refused() })),
};
