import { describe, expect, it } from "vitest";
import { isHost, originForm, parseTarget } from "./target.ts";

describe("a request target (RFC 9112 3.2)", () => {
  it("has one of three forms", () => {
    expect(parseTarget("/a?b={c}|d")).toEqual({ form: "origin", path: "/a?b={c}|d" });
    expect(parseTarget("//a/b")).toEqual({ form: "origin", path: "//a/b" });
    expect(parseTarget("*")).toEqual({ form: "asterisk" });
    const absolute = { form: "absolute", scheme: "http", authority: "a.example:81" };
    expect(parseTarget("HTTP://a.example:81/b?c")).toEqual({ ...absolute, path: "/b?c" });
    expect(parseTarget("http://a.example:81?c")).toEqual({ ...absolute, path: "?c" });
    expect(parseTarget("https://a.example:81")).toEqual({ ...absolute, scheme: "https", path: "" });
  });

  it("has no other, no fragment, no control character, no whitespace and nothing beyond ASCII", () => {
    const bad = [
      "",
      "a",
      "a:80",
      "**",
      "?a",
      "/a#b",
      "/a b",
      "/a\tb",
      "/a\r\nb",
      "/\0",
      "/\x7f",
      "/é",
      "ftp://a/",
    ];
    for (const target of [
      ...bad,
      "http:///a",
      "http://",
      "http://:80/",
      "http://u@a/",
      "http://a\\b/",
      "http:/a",
    ]) {
      expect(parseTarget(target), JSON.stringify(target)).toBeUndefined();
    }
  });

  it("reaches an origin server without scheme and authority", () => {
    expect(originForm("GET", "/a?b")).toBe("/a?b");
    expect(originForm("GET", "http://h/a?b")).toBe("/a?b");
    expect(originForm("GET", "http://h")).toBe("/");
    expect(originForm("GET", "http://h?b")).toBe("/?b");
    expect(originForm("OPTIONS", "http://h")).toBe("*");
    expect(originForm("OPTIONS", "*")).toBe("*");
  });
});

describe("Host", () => {
  it("is a host with or without a port", () => {
    for (const host of [
      "a",
      "a.example:8080",
      "A_b-c~",
      "127.0.0.1:80",
      "[::1]",
      "[::1]:80",
      "a%2fb",
      "a:",
      "",
    ]) {
      expect(isHost(host), host).toBe(true);
    }
  });

  it("is nothing else", () => {
    for (const host of [
      "a b",
      "a/b",
      "u@a",
      "a:b",
      "a:80:80",
      "::1",
      "[::1",
      "[g]",
      "a%2",
      "a?b",
      "a#b",
      "a\\b",
      "<a>",
      "é",
    ]) {
      expect(isHost(host), host).toBe(false);
    }
  });
});
