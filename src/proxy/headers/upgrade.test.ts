import { describe, expect, it } from "vitest";
import { opensWebSocket } from "./upgrade.ts";

const FIELDS = ["Host", "a", "Connection", "keep-alive, Upgrade", "Upgrade", "WebSocket"];

describe("a request opens a WebSocket (RFC 6455 4.1)", () => {
  it("when it is a GET of HTTP/1.1 that asks for just that", () => {
    expect(opensWebSocket("GET", "1.1", FIELDS)).toBe(true);
  });

  it("else not", () => {
    expect(opensWebSocket("POST", "1.1", FIELDS)).toBe(false);
    expect(opensWebSocket("GET", "1.0", FIELDS)).toBe(false);
    expect(opensWebSocket("GET", "1.1", FIELDS.slice(0, 4))).toBe(false);
    expect(opensWebSocket("GET", "1.1", ["Upgrade", "websocket"])).toBe(false);
    expect(opensWebSocket("GET", "1.1", [...FIELDS, "Upgrade", "h2c"])).toBe(false);
    expect(opensWebSocket("GET", "1.1", ["Connection", "Upgrade", "Upgrade", "h2c"])).toBe(false);
  });
});
