// Transfer-Encoding that one reader obeys and another does not (TE.TE), and chunks that two readers cut differently.

import { type Attack, type Chapter, chunkedPost, either, post, refused, SMUGGLED } from "../attack.ts";

const hex = SMUGGLED.length.toString(16);
/** The whole prey in one chunk: who does not obey the coding takes it for requests. */
const IN_CHUNK = `${hex}\r\n${SMUGGLED}\r\n0\r\n\r\n`;
const coding = (value: string) => post(`Transfer-Encoding: ${value}\r\n`, IN_CHUNK);
const codingLine = (lines: string) => post(lines, IN_CHUNK);

export const TE_TE: Chapter = {
  form: "TE.TE",
  attacks: (
    [
      ["CVE-2020-8287", "two of them, the second unknown", "chunked\r\nTransfer-Encoding: x"],
      ["CVE-2020-8287", "two of them, the first unknown", "x\r\nTransfer-Encoding: chunked"],
      ["RFC 9112 6.1", "two of them, both chunked", "chunked\r\ntransfer-encoding: chunked"],
      ["RFC 9112 6.1", "chunked twice", "chunked, chunked"],
      ["CVE-2022-32213", "chunked and then identity", "chunked, identity"],
      ["CVE-2022-32213", "chunkedchunked", "chunkedchunked"],
      ["CVE-2022-32215", "a value over two lines", "chunked\r\n , identity"],
      ["CVE-2022-32215", "a value on the second line", "\r\n chunked"],
      ["CVE-2019-15605", "a vertical tab before it", "\x0bchunked"],
      ["CVE-2019-15605", "a form feed behind it", "chunked\x0c"],
      ["CVE-2020-15811", "a NUL behind it", "chunked\0"],
      ["CVE-2020-15811", "quotes around it", '"chunked"'],
      ["CVE-2022-24761", "a no-break space before it", "\xa0chunked"],
      ["CVE-2022-24761", "obs-text behind it", "chunked\xff"],
      ["CVE-2024-1135", "a list that ends otherwise", "chunked, gzip"],
      ["CVE-2019-16786", "an empty member before it", ", chunked"],
      ["CVE-2019-16786", "an empty member behind it", "chunked,"],
      ["RFC 9112 7", "parameters", "chunked;q=0.5"],
      ["CVE-2022-1705", "an empty value", ""],
      ["CVE-2022-1705", "an empty one before it", "\r\nTransfer-Encoding: chunked"],
      ["RFC 9112 6.1", "half a word", "chunk"],
      ["RFC 9112 6.1", "a bare LF behind it", "chunked\n"],
      ["RFC 9112 6.1", "a bare CR behind it", "chunked\r"],
    ] as const
  )
    .map(
      ([reference, what, value]): Attack => ({
        reference,
        what: `Transfer-Encoding with ${what}`,
        bytes: coding(value),
        outcome: refused(),
      }),
    )
    .concat([
      {
        reference: "CVE-2019-16869",
        what: "Transfer-Encoding with a space before the colon",
        bytes: codingLine("Transfer-Encoding : chunked\r\n"),
        outcome: refused(),
      },
      {
        reference: "CVE-2020-7238",
        what: "Transfer-Encoding with a space before the name",
        bytes: codingLine(" Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
        outcome: refused(),
      },
      {
        reference: "CVE-2022-35256",
        what: "Transfer-Encoding behind a line that ends without CRLF",
        bytes: codingLine("X:\rTransfer-Encoding: chunked\r\n"),
        outcome: refused(),
      },
      {
        reference: "CVE-2022-32214",
        what: "Transfer-Encoding behind a bare LF",
        bytes: codingLine("X: y\nTransfer-Encoding: chunked\r\n"),
        outcome: refused(),
      },
      {
        reference: "RFC 9110 5.1",
        what: "Transfer-Encoding with a NUL in its name",
        bytes: codingLine("Transfer\0Encoding: chunked\r\n"),
        outcome: refused(),
      },
      {
        reference: "RFC 9112 7",
        what: "Transfer-Encoding in capitals and between tabs is chunked",
        bytes: post("TRANSFER-ENCODING:\tCHUNKED\t\r\n", IN_CHUNK),
        outcome: either(["POST", "/a", SMUGGLED]),
      },
    ]),
};

/** What stands where a chunk's size line is due; then five bytes of data and the end. */
const size = (line: string) => chunkedPost(`${line}hello\r\n0\r\n\r\n${SMUGGLED}`);
const HELLO = ["POST", "/a", "hello"] as const;
const NEXT = ["GET", "/smuggled", ""] as const;

/** To node's parser every size below 2^64 is one. */
const WAITS = {
  outcome: refused("BODY_TIMEOUT"),
  because:
    "node's parser waits for so much data; none of it is executed, and the body's time-out ends the wait",
};

export const CHUNK_SIZES: Chapter = {
  form: "chunk sizes",
  attacks: (
    [
      ["CVE-2023-46846", "with 0x", "0x5\r\n"],
      ["RFC 9112 7.1", "with a plus", "+5\r\n"],
      ["RFC 9112 7.1", "with a minus", "-5\r\n"],
      ["RFC 9112 7.1", "with a space before it", " 5\r\n"],
      ["CVE-2022-24761", "with a space behind it", "5 \r\n"],
      ["RFC 9112 7.1", "with a tab behind it", "5\t\r\n"],
      ["RFC 9112 7.1", "with an underscore", "0_5\r\n"],
      ["RFC 9112 7.1", "with a second number", "5 5\r\n"],
      ["RFC 9112 7.1", "with a comma", "5,\r\n"],
      ["RFC 9112 7.1", "that is missing", "\r\n"],
      ["RFC 9112 7.1", "with nothing but an extension", ";x\r\n"],
      ["CVE-2017-7657", "that is 5 in 64 bits", "10000000000000005\r\n"],
      ["CVE-2013-2028", "that is negative in 64 bits", "fffffffffffffffb\r\n"],
      ["RFC 9112 7.1", "with a NUL", "5\0\r\n"],
      ["CVE-2025-22871", "that ends with a bare LF", "5\n"],
      ["RFC 9112 7.1", "that ends with a bare CR", "5\r"],
      ["RFC 9112 7.1", "that ends with CR CR LF", "5\r\r\n"],
    ] as const
  ).map(
    ([reference, what, line]): Attack => ({
      reference,
      what: `a chunk size ${what}`,
      bytes: size(line),
      outcome: refused(),
      ...(reference === "CVE-2013-2028" && { standard: WAITS }),
    }),
  ),
};

export const CHUNKS: Chapter = {
  form: "chunk extensions, chunk ends and last chunks",
  attacks: [
    {
      reference: "RFC 9112 7.1.1",
      what: "a chunk extension is ignored or refused",
      bytes: size('5;name=value;flag;q="a b"\r\n'),
      outcome: either(HELLO, NEXT),
    },
    ...(
      [
        ["CVE-2025-55315", "with a bare LF at its end (TERM.EXT)", "5;\n"],
        ["CVE-2025-58056", "with a bare LF in it (EXT.TERM)", "5;a\nb\r\n"],
        ["CVE-2021-22960", "with a bare CR in it", "5;a\rb\r\n"],
        ["CVE-2026-33870", "with a quote that is open at its end", '5;a="\r\n'],
        ["RFC 9112 7.1.1", "without a name", "5;\r\n"],
        ["RFC 9112 7.1.1", "with a space in a value", "5;a=b c\r\n"],
        ["CVE-2026-33870", "with CRLF in a quoted value", '5;a="\r\nX\r\n"\r\n'],
        ["RFC 9112 7.1.1", "with a NUL", "5;a\0b\r\n"],
        ["RFC 9112 7.1.1", "with a control character in a quoted value", '5;a="\x01"\r\n'],
        ["CVE-2024-22019", "longer than a head may be", `5;${"a".repeat(70_000)}\r\n`],
      ] as const
    ).map(
      ([reference, what, line]): Attack => ({
        reference,
        what: `a chunk extension ${what}`,
        bytes: size(line),
        outcome: refused(),
      }),
    ),
    ...(
      [
        ["CVE-2025-43859", "two other bytes", "5\r\nhelloXX0\r\n\r\n"],
        ["CVE-2024-53868", "a bare LF", "5\r\nhello\n0\r\n\r\n"],
        ["RFC 9112 7.1", "a bare CR", "5\r\nhello\r0\r\n\r\n"],
        ["RFC 9112 7.1", "nothing", "5\r\nhello0\r\n\r\n"],
        ["RFC 9112 7.1", "two CRLF", "5\r\nhello\r\n\r\n0\r\n\r\n"],
      ] as const
    ).map(
      ([reference, what, body]): Attack => ({
        reference,
        what: `chunk data followed by ${what}`,
        bytes: chunkedPost(body + SMUGGLED),
        outcome: refused(),
      }),
    ),
    ...(
      [
        ["CVE-2025-58056", "ends with a bare LF", "5\r\nhello\r\n0\n\r\n"],
        ["RFC 9112 7.1", "is followed by a bare LF", "5\r\nhello\r\n0\r\n\n"],
        ["RFC 9112 7.1", "is followed by a bare CR", "5\r\nhello\r\n0\r\n\r"],
        ["RFC 9112 7.1.2", "has a trailer without a colon", "5\r\nhello\r\n0\r\nX\r\n\r\n"],
        ["RFC 9112 5.1", "has a trailer with a space before the colon", "5\r\nhello\r\n0\r\nX : y\r\n\r\n"],
        ["RFC 9112 5.2", "has a trailer that is folded", "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n"],
        ["RFC 9110 5.5", "has a trailer with a NUL", "5\r\nhello\r\n0\r\nX: y\0\r\n\r\n"],
        ["CVE-2022-32214", "has a trailer that ends with a bare LF", "5\r\nhello\r\n0\r\nX: y\n\r\n"],
      ] as const
    ).map(
      ([reference, what, body]): Attack => ({
        reference,
        what: `a last chunk that ${what}`,
        bytes: chunkedPost(body + SMUGGLED),
        outcome: refused(),
      }),
    ),
    {
      reference: "RFC 9112 7.1",
      what: "a last chunk of many zeros",
      bytes: chunkedPost("5\r\nhello\r\n0000\r\n\r\n"),
      outcome: either(HELLO),
    },
    {
      reference: "RFC 9112 7.1",
      what: "chunk sizes in capitals and with leading zeros",
      bytes: chunkedPost(`0000${"0A"}\r\nhellohello\r\n0\r\n\r\n`),
      outcome: either(["POST", "/a", "hellohello"]),
    },
  ],
};
