import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectionOptions, isForEveryRecipient } from "./connection.ts";
import { type RequestContext, requestFields } from "./request.ts";

const CONTEXT: RequestContext = {
  client: "192.0.2.7",
  trusted: false,
  requestId: "made",
  via: false,
  scheme: "http",
  httpVersion: "1.1",
  keepUpgrade: false,
  keepExpect: false,
};

/** Field lines as text, one a line, for reading. */
const lines = (fields: readonly string[]) =>
  Array.from({ length: fields.length / 2 }, (_, i) => `${fields[2 * i]}: ${fields[2 * i + 1]}`);
/** What goes out, without what sluice adds to every request. */
const passedOn = (fields: readonly string[], context: Partial<RequestContext> = {}) =>
  lines(requestFields(fields, { ...CONTEXT, ...context })).filter(
    (line) => !/^X-(Forwarded|Request)/.test(line),
  );
const added = (fields: readonly string[], context: Partial<RequestContext> = {}) =>
  lines(requestFields(fields, { ...CONTEXT, ...context })).filter((line) =>
    /^x-(forwarded|request)/i.test(line),
  );

describe("end-to-end fields", () => {
  it("keep order, case, repetition and value", () => {
    const fields = [
      "hOsT",
      "a",
      "Cookie",
      "x=1",
      "ACCEPT",
      "*/*",
      "cookie",
      "y=2",
      "X-Empty",
      "",
      "X-Latin",
      "é",
    ];
    expect(passedOn(fields)).toEqual([
      "hOsT: a",
      "Cookie: x=1",
      "ACCEPT: */*",
      "cookie: y=2",
      "X-Empty: ",
      "X-Latin: é",
    ]);
  });
});

describe("hop-by-hop fields (RFC 9110 7.6.1)", () => {
  it("end here, with the framing, which is the engine's own", () => {
    const fields = [
      ...[
        "Connection",
        "close",
        "Keep-Alive",
        "timeout=5",
        "Proxy-Connection",
        "keep-alive",
        "TE",
        "gzip;q=0.5",
      ],
      ...[
        "Transfer-Encoding",
        "chunked",
        "Content-Length",
        "5",
        "Upgrade",
        "h2c",
        "HTTP2-Settings",
        "AAMAAABk",
      ],
      ...["Proxy-Authorization", "Basic eA==", "Proxy-Authenticate", "Basic"],
    ];
    expect(passedOn(["Host", "a", ...fields])).toEqual(["Host: a"]);
  });

  it("named by Connection end here too, over several field lines and in any case", () => {
    const fields = [
      "connection",
      "X-One , close,",
      "X-ONE",
      "1",
      "Connection",
      "x-two",
      "X-Two",
      "2",
      "X-Three",
      "3",
    ];
    expect(passedOn(fields)).toEqual(["X-Three: 3"]);
  });

  it("regression CVE-2022-31813: Connection cannot take away what is for the app", () => {
    const names = [
      "Host",
      "Authorization",
      "Cookie",
      "If-Match",
      "Content-Type",
      "Accept",
      "Sec-WebSocket-Key",
      "Range",
    ];
    const connection = [...names, "X-Forwarded-For", "X-Request-Id", "Idempotency-Key", "Traceparent"].join(
      ",",
    );
    const fields = [
      "Connection",
      connection,
      ...names.flatMap((name) => [name, "v"]),
      "Idempotency-Key",
      "k",
    ];
    expect(passedOn(fields)).toEqual([...names.map((name) => `${name}: v`), "Idempotency-Key: k"]);
    const trusted = ["Connection", "X-Forwarded-For, X-Forwarded-Proto", "X-Forwarded-For", "203.0.113.9"];
    expect(added([...trusted, "X-Forwarded-Proto", "https"], { trusted: true })).toContain(
      "X-Forwarded-Proto: https",
    );
  });

  it("TE says that trailers are welcome, to the next hop in sluice's name (RFC 9110 10.1.4)", () => {
    expect(passedOn(["TE", "gzip, Trailers", "Connection", "TE"])).toEqual([
      "TE: trailers",
      "Connection: TE",
    ]);
    expect(passedOn(["TE", "trailers;q=0"])).toEqual([]);
  });

  it("Trailer stays with a chunked body only: node refuses it with any other", () => {
    expect(passedOn(["Trailer", "X-Sum", "Transfer-Encoding", "chunked"])).toEqual(["Trailer: X-Sum"]);
    expect(passedOn(["Trailer", "X-Sum", "Content-Length", "3"])).toEqual([]);
    expect(passedOn(["Trailer", "X-Sum", "Transfer-Encoding", "chunked"], { chunked: false })).toEqual([]);
  });

  it("Expect stays when the app is to answer it", () => {
    expect(passedOn(["Expect", "100-continue"])).toEqual([]);
    expect(passedOn(["Expect", "100-continue"], { keepExpect: true })).toEqual(["Expect: 100-continue"]);
  });

  it("Upgrade goes on with its Connection option, alone", () => {
    const fields = ["Upgrade", "websocket", "Connection", "keep-alive, Upgrade", "TE", "trailers"];
    expect(passedOn(fields, { keepUpgrade: true })).toEqual(["Upgrade: websocket", "Connection: Upgrade"]);
  });
});

describe("who the client is", () => {
  const SPOOFED = [
    ...[
      "X-Forwarded-For",
      "1.1.1.1",
      "x-forwarded-proto",
      "https",
      "X-Forwarded-Host",
      "evil",
      "X-Forwarded-Port",
      "1",
    ],
    ...[
      "X-Forwarded-Client-Cert",
      "c",
      "Forwarded",
      "for=1.1.1.1",
      "X-Real-IP",
      "1.1.1.1",
      "X_Forwarded_For",
      "1.1.1.1",
    ],
  ];

  it("is said anew for peers that are not trusted, whatever they say, in whatever spelling", () => {
    expect(lines(requestFields(["Host", "a", ...SPOOFED], CONTEXT))).toEqual([
      "Host: a",
      "X-Forwarded-For: 192.0.2.7",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: a",
      "X-Request-Id: made",
    ]);
  });

  it("is believed from trusted peers: the path grows, scheme and host stay", () => {
    const fields = [
      "Host",
      "inner",
      "X-Forwarded-For",
      "1.1.1.1",
      "X-Forwarded-Host",
      "shop",
      "X-FORWARDED-FOR",
      "2.2.2.2,3.3.3.3",
    ];
    expect(added([...fields, "Forwarded", "for=1.1.1.1"], { trusted: true })).toEqual([
      "X-Forwarded-Host: shop",
      "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 192.0.2.7",
      "X-Forwarded-Proto: http",
      "X-Request-Id: made",
    ]);
    expect(passedOn(["Forwarded", "for=1.1.1.1", "X_Real_IP", "spoofed"], { trusted: true })).toEqual([
      "Forwarded: for=1.1.1.1",
    ]);
  });

  it("is an address in its own form", () => {
    expect(added([], { client: "::ffff:10.244.0.1" })).toContain("X-Forwarded-For: 10.244.0.1");
    expect(added([], { client: "fe80::1%eth0" })).toContain("X-Forwarded-For: fe80::1");
  });

  it("has no X-Forwarded-Host where the request has no Host", () => {
    expect(added([], { httpVersion: "1.0" }).join()).not.toContain("X-Forwarded-Host");
    expect(added(["Host", ""]).join()).not.toContain("X-Forwarded-Host");
  });
});

describe("the request id", () => {
  it("stays in its place when it is kept, and is added when it was made", () => {
    const kept = requestFields(["x-request-ID", "abc", "A", "b"], { ...CONTEXT, requestId: "abc" });
    expect(lines(kept).slice(0, 2)).toEqual(["x-request-ID: abc", "A: b"]);
    expect(lines(kept).filter((line) => /request-id/i.test(line))).toEqual(["x-request-ID: abc"]);
    const made = requestFields(["X-Request-Id", "a", "X-Request-Id", "b", "X_Request_Id", "c"], CONTEXT);
    expect(lines(made).filter((line) => /request.id/i.test(line))).toEqual(["X-Request-Id: made"]);
  });
});

describe("Via (RFC 9110 7.6.3)", () => {
  it("grows by the version that sluice received, on demand", () => {
    const fields = ["Via", "1.1 edge", "Connection", "Via"];
    expect(passedOn(fields)).toEqual(["Via: 1.1 edge"]);
    expect(passedOn(fields, { via: true }).slice(0, 1)).toEqual(["Via: 1.1 edge"]);
    expect(requestFields(fields, { ...CONTEXT, via: true, httpVersion: "1.0" }).slice(-2)).toEqual([
      "Via",
      "1.0 sluice",
    ]);
  });
});

describe("for any fields", () => {
  const name = fc.constantFrom(
    ...[
      "Host",
      "Connection",
      "connection",
      "Keep-Alive",
      "TE",
      "Trailer",
      "Transfer-Encoding",
      "Content-Length",
      "Upgrade",
    ],
    ...[
      "Expect",
      "Cookie",
      "Accept",
      "X-Custom",
      "x-other",
      "X-Forwarded-For",
      "Forwarded",
      "X-Request-Id",
      "Via",
    ],
    ...["Proxy-Authorization", "X_Forwarded_Host", "Date"],
  );
  const value = fc.oneof(
    fc.constantFrom(
      "close",
      "X-Custom",
      "x-other, Host",
      "cookie",
      "keep-alive, Upgrade",
      "trailers",
      "chunked",
      "5",
    ),
    fc.string({ unit: "grapheme-ascii", maxLength: 10 }),
  );
  const fields = fc.array(fc.tuple(name, value), { maxLength: 20, size: "max" }).map((pairs) => pairs.flat());
  const context = fc.record({
    client: fc.constant("192.0.2.7"),
    trusted: fc.boolean(),
    requestId: fc.constantFrom("made", "close"),
    via: fc.boolean(),
    scheme: fc.constant("http" as const),
    httpVersion: fc.constantFrom("1.0" as const, "1.1" as const),
    keepUpgrade: fc.boolean(),
    keepExpect: fc.boolean(),
  });

  it("the input stays as it is; what goes out is a part of it, in its order, and then what sluice adds", () => {
    fc.assert(
      fc.property(fields, context, (input, given) => {
        const out = lines(requestFields(Object.freeze([...input]), given));
        const before = lines(input);
        let at = 0;
        const isPartOfInput = (line: string) => {
          const found = before.indexOf(line, at);
          if (found === -1) return false;
          at = found + 1;
          return true;
        };
        const own = out.findIndex((line) => !isPartOfInput(line));
        expect(own).toBeGreaterThan(-1);
        const addedNames = out.slice(own).map((line) => line.slice(0, line.indexOf(":")));
        const allowed = [
          "TE",
          "Connection",
          "X-Forwarded-For",
          "X-Forwarded-Proto",
          "X-Forwarded-Host",
          "X-Request-Id",
          "Via",
        ];
        expect(addedNames.filter((one) => !allowed.includes(one))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("nothing that ends here gets through, one id and one path go out", () => {
    fc.assert(
      fc.property(fields, context, (input, given) => {
        const out = requestFields(input, given);
        const names = lines(out).map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
        const options = connectionOptions(input);
        for (const one of ["keep-alive", "transfer-encoding", "content-length", "proxy-authorization"]) {
          expect(names).not.toContain(one);
        }
        const rewritten = ["te", "upgrade", "trailer", "connection"];
        for (const one of names) {
          if (options.has(one) && !rewritten.includes(one)) expect(isForEveryRecipient(one)).toBe(true);
          if (one.includes("_")) expect(one).toBe("no field with underscores of ours");
        }
        expect(names.filter((one) => one === "x-request-id").length).toBe(1);
        expect(names.filter((one) => one === "x-forwarded-for").length).toBe(1);
        expect(names.filter((one) => one === "connection").length).toBeLessThanOrEqual(1);
        for (const one of ["host", "cookie", "accept", "date"]) {
          const count = (list: readonly string[]) =>
            list.filter((field) => field.toLowerCase() === one).length;
          expect(count(names)).toBe(count(input.filter((_, i) => i % 2 === 0)));
        }
      }),
      { numRuns: 500 },
    );
  });
});
