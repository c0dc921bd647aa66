// Where the two engines are meant to differ, byte for byte. Whatever else they do not agree on is a finding.

import type { IntendedDifference } from "../difference.ts";

import {
  FRAMED,
  isOfUnknownMethod,
  LONE,
  onlyStandard,
  onlyWire,
  TRAILER_THAT_FRAMES,
  trailersIn,
  UNKNOWN_METHOD,
} from "../traits.ts";

export const BYTE_DIFFERENCES: readonly IntendedDifference<string>[] = [
  {
    name: "methods that node does not know",
    reason:
      "RFC 9110 9.1 allows any token, and wire passes it on; node's parser has a list. Both see the same end of the message.",
    isIt: ({ sign, detail }) => UNKNOWN_METHOD.has(sign) && isOfUnknownMethod(detail),
  },
  {
    name: "two spaces, and ICE or RTSP for HTTP",
    reason:
      "node's parser forgives them and the app gets a clean request line; wire refuses them (RFC 9112 3).",
    isIt: ({ sign }, text) => sign === onlyStandard("request line") && / {2}|\b(?:ICE|RTSP)\//.test(text),
  },
  {
    name: "a lone CR or LF before a request",
    reason: "node's parser passes it over; to wire only CR LF is an empty line (RFC 9112 2.2).",
    isIt: ({ sign }, text) => sign === onlyStandard("method") && (LONE.test(text) || FRAMED.test(text)),
  },
  {
    name: "a trailer that names the framing",
    reason: "node's parser refuses the message; wire drops such a trailer (RFC 9110 6.5.1).",
    isIt: ({ sign }, text) =>
      (sign === onlyWire("HPE_INVALID_CONTENT_LENGTH") ||
        sign === onlyWire("HPE_INVALID_TRANSFER_ENCODING")) &&
      TRAILER_THAT_FRAMES.test(text),
  },
  {
    name: "a chunk extension without a name",
    reason:
      "node's parser takes `;=` and `;;` for one; wire refuses what is not the grammar of RFC 9112 7.1.1.",
    isIt: ({ sign }, text) => sign === onlyStandard("chunks") && /[0-9a-f];[^\r\n]*[;=]/i.test(text),
  },
  {
    name: "a tab behind chunked",
    reason:
      "It is whitespace around a value (RFC 9110 5.5) and wire says the coding anew; node's parser refuses it.",
    isIt: ({ sign }, text) =>
      (sign === onlyWire("HPE_INVALID_TRANSFER_ENCODING") ||
        sign === onlyStandard("chunks") ||
        sign === onlyStandard("trailers") ||
        sign === onlyWire("standard waits") ||
        sign === onlyStandard("wire waits") ||
        sign === "body" ||
        sign === "trailers") &&
      /transfer-encoding:[ \t]*chunked[ \t]*\t/i.test(text),
  },
  {
    name: "more trailers than a head may have fields",
    reason:
      "wire refuses them; in the standard engine those that are announced are dropped, and others always are.",
    isIt: ({ sign, detail }) => sign === onlyStandard("trailers") && trailersIn(detail) > 16,
  },
  {
    name: "what stands behind an upgrade that is declined",
    reason:
      "node's parser drops it; the standard engine closes the connection after the answer, so that the client knows.",
    isIt: ({ sign }, text) => sign === onlyWire("standard waits") && /^upgrade:/im.test(text),
  },
  {
    name: "a status line that undici's parser forgives",
    reason:
      "The version of an answer and odd bytes in its reason are not told; the answer goes out with a clean line. wire refuses it.",
    isIt: ({ sign }, text) =>
      sign === onlyStandard("the app does not speak HTTP/1") ||
      sign === onlyStandard("a version that is not HTTP/1.0 or 1.1") ||
      (sign === onlyStandard("status line") && /^(?:HTTP|ICE)\/\d\.\d +\d{3}/m.test(text)),
  },
  {
    name: "an HTTP/1.0 answer in chunks",
    reason:
      "undici does not tell the version, so the standard engine reads the chunks; wire refuses it (RFC 9112 6.1).",
    isIt: ({ sign }, text) =>
      sign === onlyStandard("framing") && /^HTTP\/1\.0 \d/m.test(text) && /transfer-encoding:/i.test(text),
  },
  {
    name: "Proxy-Connection: close",
    reason:
      "node's parser obeys it and reads no more of the connection; to wire it means nothing (RFC 9112 C.2.2), and neither passes it on.",
    isIt: ({ sign }, text) =>
      sign === onlyWire("HPE_CLOSED_CONNECTION") && /^proxy-connection:.*close/im.test(text),
  },
  {
    name: "Connection: keep-alive and close",
    reason: "In HTTP/1.0 node's parser goes by keep-alive; wire closes (RFC 9112 9.3).",
    isIt: ({ sign }, text) =>
      sign === onlyStandard("wire waits") &&
      /^connection:.*keep-alive/im.test(text) &&
      /^connection:.*close/im.test(text),
  },
  {
    name: "an interim answer that announces a body",
    reason:
      "It has none (RFC 9112 6.3, 1) and to wire what follows is the next head; node's parser reads it as a body.",
    isIt: ({ sign }, text) =>
      (sign === "body" || sign.startsWith("only ")) &&
      /^HTTP\/1\.[01] 1\d\d[\s\S]*^(?:content-length|transfer-encoding):/im.test(text),
  },
  {
    name: "an interim answer in HTTP/1.0",
    reason: "node's parser takes it for the last of its connection; wire passes it over.",
    isIt: ({ sign }, text) =>
      sign === onlyWire("HPE_CLOSED_CONNECTION") && /^HTTP\/1\.[01] 1\d\d/m.test(text),
  },
];
