import { describe, expect, it } from "vitest";
import { trailerFields } from "./trailers.ts";

describe("trailer fields (RFC 9110 6.5.1)", () => {
  it("keep order and case", () => {
    const fields = ["Grpc-Status", "0", "grpc-message", "", "Server-Timing", "db;dur=1", "ETag", '"x"'];
    expect(trailerFields(Object.freeze(fields))).toEqual(fields);
  });

  it("never frame, route, authenticate or control a message, nor say who the client is", () => {
    const names = [
      ...[
        "Transfer-Encoding",
        "Content-Length",
        "Trailer",
        "Host",
        "Connection",
        "TE",
        "Upgrade",
        "Keep-Alive",
        "Expect",
      ],
      ...[
        "Authorization",
        "Set-Cookie",
        "Cookie",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "Cache-Control",
        "Range",
      ],
      ...[
        "If-Match",
        "If-None-Match",
        "Max-Forwards",
        "Age",
        "Date",
        "Expires",
        "Location",
        "Retry-After",
        "Vary",
      ],
      ...[
        "Content-Encoding",
        "Content-Type",
        "Content-Range",
        "X-Forwarded-For",
        "X_Forwarded_For",
        "Forwarded",
      ],
      ...["X-Real-IP", "X-Request-Id", "content_length"],
    ];
    expect(trailerFields(names.flatMap((name) => [name, "x"]))).toEqual([]);
  });
});
