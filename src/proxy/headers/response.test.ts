import { describe, expect, it } from "vitest";
import { responseFields } from "./response.ts";

const PLAIN = { via: false, keepUpgrade: false };

describe("the fields of an answer", () => {
  it("keep order, case and repetition", () => {
    const fields = ["Set-Cookie", "a=1", "DATE", "now", "set-cookie", "b=2", "Link", "</x>; rel=preload"];
    expect(responseFields(Object.freeze(fields), PLAIN)).toEqual(fields);
  });

  it("lose the hop-by-hop ones: the app's Connection is a message to sluice", () => {
    const fields = [
      ...[
        "Connection",
        "close, X-Hop, Set-Cookie",
        "Keep-Alive",
        "timeout=5",
        "X-Hop",
        "1",
        "Set-Cookie",
        "a=1",
      ],
      ...[
        "Transfer-Encoding",
        "chunked",
        "Content-Length",
        "5",
        "Proxy-Authenticate",
        "Basic",
        "Upgrade",
        "h2c",
      ],
    ];
    expect(responseFields(fields, PLAIN)).toEqual(["Set-Cookie", "a=1"]);
  });

  it("say what is upgraded to, where an upgrade is passed on", () => {
    const fields = ["Upgrade", "websocket", "Connection", "upgrade", "Sec-WebSocket-Accept", "x"];
    expect(responseFields(fields, { via: false, keepUpgrade: true })).toEqual([
      ...["Upgrade", "websocket", "Sec-WebSocket-Accept", "x", "Connection", "Upgrade"],
    ]);
    expect(responseFields(["A", "b"], { via: false, keepUpgrade: true })).toEqual(["A", "b"]);
  });

  it("announce trailers only where these can follow", () => {
    const chunked = ["Trailer", "X-Sum", "Transfer-Encoding", "Chunked"];
    expect(responseFields(chunked, PLAIN)).toEqual(["Trailer", "X-Sum"]);
    expect(responseFields(chunked, { ...PLAIN, chunked: false })).toEqual([]);
    expect(responseFields(["Trailer", "X-Sum", "Content-Length", "0"], PLAIN)).toEqual([]);
    expect(responseFields(["Trailer", "X-Sum"], { ...PLAIN, chunked: true })).toEqual(["Trailer", "X-Sum"]);
  });

  it("name sluice on demand", () => {
    expect(responseFields(["Via", "1.1 app"], { via: true, keepUpgrade: false })).toEqual([
      ...["Via", "1.1 app", "Via", "1.1 sluice"],
    ]);
  });
});
