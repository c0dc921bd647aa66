import { expect, it } from "vitest";
import { streamHead } from "./stream-head.ts";

const GET = [":method", "GET", ":scheme", "http", ":path", "/"];

it("puts Host first, joins cookies where the first one stood, and keeps the order of the rest", () => {
  const raw = [...GET, ":authority", "a", "b", "1", "cookie", "x=1", "c", "2", "cookie", "y=2", "b", "3"];
  expect(streamHead(raw)).toEqual({
    method: "GET",
    target: "/",
    httpVersion: "1.1",
    rawHeaders: ["Host", "a", "b", "1", "cookie", "x=1; y=2", "c", "2", "b", "3"],
    malformed: false,
  });
});

it("takes Host where :authority is missing, and one of both where they agree", () => {
  expect(streamHead([...GET, "host", "a"]).rawHeaders).toEqual(["Host", "a"]);
  expect(streamHead([...GET, ":authority", "A", "host", "a"])).toMatchObject({
    rawHeaders: ["Host", "A"],
    malformed: false,
  });
  expect(streamHead(GET)).toMatchObject({ rawHeaders: [], malformed: false });
});

it.each([
  ["two places at once", [...GET, ":authority", "a", "host", "b"]],
  ["two Hosts", [...GET, "host", "a", "host", "b"]],
  ["a pseudo-header field twice", [...GET, ":path", "/b"]],
  ["another scheme", [":method", "GET", ":scheme", "ftp", ":path", "/"]],
  ["no scheme", [":method", "GET", ":path", "/"]],
  ["an absolute target", [":method", "GET", ":scheme", "http", ":path", "http://b/"]],
  ["no target", [":method", "GET", ":scheme", "http"]],
  ["Connection (RFC 9113 8.2.2)", [...GET, "connection", "close"]],
  ["Transfer-Encoding (RFC 9113 8.2.2)", [...GET, "transfer-encoding", "chunked"]],
  ["Upgrade (RFC 9113 8.2.2)", [...GET, "upgrade", "h2c"]],
  ["Keep-Alive (RFC 9113 8.2.2)", [...GET, "keep-alive", "1"]],
  ["Proxy-Connection (RFC 9113 8.2.2)", [...GET, "proxy-connection", "x"]],
  ["TE other than trailers (RFC 9113 8.2.2)", [...GET, "te", "gzip"]],
])("finds a head malformed for %s", (_name, raw) => {
  expect(streamHead(raw).malformed).toBe(true);
});

it("reads CONNECT for what it is, so that it is refused with its own code", () => {
  expect(streamHead([":method", "CONNECT", ":authority", "a:1"])).toMatchObject({
    method: "CONNECT",
    target: "a:1",
    malformed: false,
  });
});
