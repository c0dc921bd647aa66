// Where the two engines are meant to differ, in whole conversations. Whatever else they do not agree on is a finding.

import type { IntendedDifference } from "../difference.ts";
import {
  beginsUnknownMethod,
  DECLINED,
  endsInFailure,
  FORGIVEN_ANSWER,
  FRAMED,
  LONE,
  lets,
  namesUnknownMethod,
  refusesMore,
  standardStopsFirst,
  TRAILER_THAT_FRAMES,
} from "../traits.ts";
import type { Conversation } from "./conversation.ts";

export const SOCKET_DIFFERENCES: readonly IntendedDifference<Conversation>[] = [
  {
    name: "methods that node does not know",
    reason: "As above.",
    isIt: ({ sign, detail }, { sent }) =>
      (sign === lets("wire") && namesUnknownMethod(detail)) ||
      ((sign === "answers" || sign === "request line") && beginsUnknownMethod(sent)),
  },
  {
    name: "two spaces, and ICE or RTSP for HTTP",
    reason: "As above.",
    isIt: ({ sign, detail }, { sent }) =>
      (sign === lets("standard") || (sign === "answers" && refusesMore("wire", detail))) &&
      /\S {2,}\S+ HTTP|\S {2,}HTTP\/1/.test(sent),
  },
  {
    name: "a lone CR or LF before a request",
    reason: "As above.",
    isIt: ({ sign, detail }, { sent }) =>
      (sign === lets("standard") && LONE.test(sent)) ||
      (sign === "answers" && refusesMore("wire", detail) && (LONE.test(sent) || FRAMED.test(sent))),
  },
  {
    name: "a chunk extension without a name",
    reason: "As above.",
    isIt: ({ sign }, { sent, answers }) =>
      (sign === lets("standard") || sign === "answers") &&
      [sent, ...answers.map(({ body }) => body)].some((text) => /[0-9a-f];[^\r\n]*[;=]/i.test(text)),
  },
  {
    name: "a trailer that names the framing",
    reason: "As above.",
    isIt: ({ sign, detail }, { sent }) =>
      (sign === lets("wire") || (sign === "answers" && refusesMore("standard", detail))) &&
      TRAILER_THAT_FRAMES.test(sent),
  },
  {
    name: "what stands behind an upgrade that is declined",
    reason: "As above.",
    isIt: ({ sign, detail }, { sent }) =>
      DECLINED.test(sent) && (sign === lets("wire") || (sign === "answers" && standardStopsFirst(detail))),
  },
  {
    name: "an answer that undici's parser forgives",
    reason: "As above, for its version, its reason and its chunks in HTTP/1.0: wire answers 502.",
    isIt: ({ sign }, { answers }) =>
      (sign === "answers" || sign === "interim answers" || sign === lets("standard")) &&
      answers.some(({ head }) => FORGIVEN_ANSWER.test(head)),
  },
  {
    name: "a tab behind chunked",
    reason: "As above.",
    isIt: ({ sign }, { sent, answers }) =>
      (sign === lets("wire") || sign === "answers" || sign === "answer body") &&
      [sent, ...answers.map(({ head }) => head)].some((text) =>
        /transfer-encoding:[ \t]*chunked[ \t]*\t/i.test(text),
      ),
  },
  {
    name: "a body where none can be, over node's client",
    reason:
      "Requests with Expect or trailers go by node's client, whose parser takes offence; undici and wire leave the connection.",
    isIt: ({ sign }, { sent, answers }) =>
      sign === "answers" &&
      answers.some(({ unruly, body }) => unruly || /(?:x|evil)$/.test(body)) &&
      /^(?:expect|trailer):/im.test(sent),
  },
  {
    name: "an answer that fails before its head went on, or behind it",
    reason:
      "A matter of packets: a 502 leaves the client's connection for the next request, a cut answer does not.",
    isIt: ({ sign, detail }) =>
      (sign === lets("standard") || sign === lets("wire") || sign === "answers") && endsInFailure(detail),
  },
  {
    name: "the framing of a body that is sent again",
    reason: "The standard engine has it whole by then and may count it; wire sends again what came.",
    isIt: ({ sign }, { answers }) =>
      sign === "request framing" && answers.some(({ ending }) => ending !== "keep"),
  },
  {
    name: "a length between tabs in an answer",
    reason: "undici counts the tab as part of the number and cuts the answer; wire reads it (RFC 9110 5.5).",
    isIt: ({ sign }, { answers }) =>
      (sign === "answers" || sign === lets("wire")) &&
      answers.some(({ head }) => /^content-length:[ \t]*\t/im.test(head)),
  },
  {
    name: "a broken answer to an HTTP/1.0 client",
    reason:
      "It can only be cut, which to such a client is its end; how much of it came first is a matter of packets.",
    isIt: ({ sign }, { sent }) =>
      (sign === "answers" || sign === "answer body") && / HTTP\/1\.0\r\n/.test(sent),
  },
  {
    name: "an answer that ends with its connection, by a reset",
    reason:
      "undici takes the reset for an end; wire does not, since what is missing cannot be known, and cuts the answer. How much of it came before the reset is a matter of packets.",
    isIt: ({ sign }, { answers }) =>
      (sign === "answers" || sign === lets("standard") || sign === lets("wire")) &&
      answers.some(({ ending }) => ending === "reset"),
  },
  {
    name: "a 100 that nobody asked for",
    reason:
      "undici takes it for malformed, and the standard engine answers 502; wire passes it over (RFC 9110 15.2).",
    isIt: ({ sign }, { answers }) =>
      (sign === "answers" || sign === lets("wire")) &&
      answers.some(({ head }) => head.startsWith("HTTP/1.1 100 ")),
  },
  {
    name: "a kept HTTP/1.0 connection behind an answer without a body and without a length",
    reason:
      "HEAD, 204 and 304 have no body, so wire keeps the connection; node closes it. Where a body is empty it is the other way round: node knows a length of 0 in time.",
    isIt: ({ sign }, { sent }) =>
      (sign === lets("wire") || sign === lets("standard")) &&
      / HTTP\/1\.0\r\n/.test(sent) &&
      /^connection:.*keep-alive/im.test(sent),
  },
  {
    name: "a trailer of an answer that names the framing",
    reason: "undici's parser refuses the answer; wire drops such a trailer (RFC 9110 6.5.1).",
    isIt: ({ sign }, { answers }) =>
      (sign === "answers" || sign === lets("wire")) &&
      answers.some(({ head, body }) => TRAILER_THAT_FRAMES.test(`${head}${body}`)),
  },
  {
    name: "a body behind an answer that has none",
    reason:
      "A matter of packets: it spoils the connection that it comes on, or the next request if that is on it already (RFC 9112 9.2).",
    isIt: ({ sign, detail }, { answers }) =>
      (sign === "answers" || sign === lets("standard") || sign === lets("wire")) &&
      detail.includes('"failed"') &&
      answers.some(({ head, body }) => body !== "" && /(?:^|\n)HTTP\/1\.\d (?:204|304) /.test(head)),
  },
  {
    name: "a refusal that its client has not waited for",
    reason:
      "Who closes its side in the middle of a malformed request may be told, or taken for gone: a matter of what was read first.",
    isIt: ({ sign, detail }, { halfCloses }) =>
      sign === "answers" && halfCloses && (refusesMore("standard", detail) || refusesMore("wire", detail)),
  },
  {
    name: "how often an app that gives no answer is asked",
    reason:
      "A matter of packets: where its connection ended as the request came on it, that was one attempt, and another one is the last.",
    isIt: ({ sign }, { answers }) => sign === "request line" && answers.some(({ head }) => head === ""),
  },
];
