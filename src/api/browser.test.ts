import { expect, test } from "vitest";
import { refuseBrowsers } from "./browser.ts";

test.each([
  ["curl on loopback", { method: "POST", headers: { host: "127.0.0.1:9081" }, localAddress: "127.0.0.1" }],
  ["by name", { method: "POST", headers: { host: "localhost:9081" }, localAddress: "127.0.0.1" }],
  ["by name, shouted", { method: "POST", headers: { host: "LOCALHOST" }, localAddress: "127.0.0.1" }],
  ["IPv6", { method: "POST", headers: { host: "[::1]:9081" }, localAddress: "::1" }],
  [
    "by the listener's own address",
    { method: "GET", headers: { host: "10.0.0.5:9081" }, localAddress: "10.0.0.5" },
  ],
  ["HTTP/1.0 without Host", { method: "GET", headers: {}, localAddress: "127.0.0.1" }],
  ["any name on a Unix socket", { method: "POST", headers: { host: "sluice" }, localAddress: undefined }],
  [
    "a page that only reads (it cannot see the answer)",
    { method: "GET", headers: { host: "localhost", origin: "https://a.example" }, localAddress: "127.0.0.1" },
  ],
  [
    "an order of sluice's own page",
    {
      method: "POST",
      headers: { host: "localhost:9081", origin: "http://localhost:9081", "sec-fetch-site": "same-origin" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "an order of the page through a port-forward",
    {
      method: "POST",
      headers: { host: "127.0.0.1:41234", origin: "http://127.0.0.1:41234" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "a link that a person follows from another site",
    {
      method: "GET",
      headers: {
        host: "localhost:9081",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
      },
      localAddress: "127.0.0.1",
    },
  ],
])("%s passes", (_, caller) => {
  expect(() => refuseBrowsers(caller)).not.toThrow();
});

test.each([
  [
    "a page that gives an order",
    {
      method: "POST",
      headers: { host: "localhost:9081", origin: "https://a.example" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "a page without an origin of its own",
    { method: "PUT", headers: { host: "localhost:9081", origin: "null" }, localAddress: "127.0.0.1" },
  ],
  [
    "a name that was made to resolve to loopback",
    { method: "GET", headers: { host: "a.example:9081" }, localAddress: "127.0.0.1" },
  ],
  [
    "a name that begins like loopback",
    { method: "GET", headers: { host: "127.0.0.1.a.example" }, localAddress: "127.0.0.1" },
  ],
  [
    "a page of another port of this machine",
    {
      method: "POST",
      headers: { host: "localhost:9081", origin: "http://localhost:3000" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "a page of another name of this machine",
    {
      method: "POST",
      headers: { host: "127.0.0.1:9081", origin: "http://localhost:9081" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "a rebound name whose page and Host agree",
    {
      method: "POST",
      headers: { host: "a.example:9081", origin: "http://a.example:9081" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "a page over https",
    {
      method: "POST",
      headers: { host: "localhost:9081", origin: "https://localhost:9081" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "any page on a Unix socket, where nobody knows who passes it on",
    { method: "POST", headers: { host: "localhost", origin: "http://localhost" }, localAddress: undefined },
  ],
  [
    "a picture of another site, which would hold a stream open",
    {
      method: "GET",
      headers: { host: "localhost:9081", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      localAddress: "127.0.0.1",
    },
  ],
  [
    "a frame of another site",
    {
      method: "GET",
      headers: {
        host: "localhost:9081",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "iframe",
      },
      localAddress: "127.0.0.1",
    },
  ],
  ["an empty Host", { method: "GET", headers: { host: "" }, localAddress: "127.0.0.1" }],
])("%s is refused", (_, caller) => {
  expect(() => refuseBrowsers(caller)).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
});
