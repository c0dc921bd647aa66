import { describe, expect, test } from "vitest";
import { createGuard, type GuardParts } from "./guard.ts";

const OUTSIDE_KUBERNETES: GuardParts = {
  nodeIp: undefined,
  gateways: ["10.244.0.1"],
  token: undefined,
  from: [],
};
const ON_NODE: GuardParts = { ...OUTSIDE_KUBERNETES, nodeIp: "192.168.1.7" };
const ON_IPV6_NODE: GuardParts = {
  ...OUTSIDE_KUBERNETES,
  nodeIp: "fd00::7",
  gateways: ["fe80:0000:0000:0000:0000:0000:0000:0001"],
};
const WITH_CIDRS: GuardParts = {
  ...ON_NODE,
  from: ["127.0.0.6/32", "100.64.0.0/10", "fd00:1::/64", "169.254.7.127"],
};

describe("by address", () => {
  test.each<[string, GuardParts, string | undefined, boolean]>([
    ["without a node's address, loopback", OUTSIDE_KUBERNETES, "127.0.0.1", true],
    ["without a node's address, IPv6 loopback", OUTSIDE_KUBERNETES, "::1", true],
    [
      "without a node's address, loopback as a listener for both families shows it",
      OUTSIDE_KUBERNETES,
      "::ffff:127.0.0.1",
      true,
    ],
    ["without a node's address, exactly loopback", OUTSIDE_KUBERNETES, "127.0.0.6", false],
    ["without a node's address, the gateway does not count", OUTSIDE_KUBERNETES, "10.244.0.1", false],
    ["the node", ON_NODE, "192.168.1.7", true],
    ["the node, as a listener for both families shows it", ON_NODE, "::ffff:192.168.1.7", true],
    ["the gateway", ON_NODE, "::ffff:10.244.0.1", true],
    ["the app's own container", ON_NODE, "127.0.0.1", false],
    ["another Pod", ON_NODE, "10.244.0.9", false],
    ["another node", ON_NODE, "192.168.1.70", false],
    ["the node, IPv6, in another spelling", ON_IPV6_NODE, "fd00:0:0:0::7", true],
    ["the gateway, IPv6, with a zone", ON_IPV6_NODE, "fe80::1%eth0", true],
    ["another Pod, IPv6", ON_IPV6_NODE, "fd00::8", false],
    ["an added address", WITH_CIDRS, "127.0.0.6", true],
    ["an added address without a prefix", WITH_CIDRS, "169.254.7.127", true],
    ["the first of an added block", WITH_CIDRS, "100.64.0.0", true],
    ["the last of an added block", WITH_CIDRS, "::ffff:100.127.255.255", true],
    ["one after an added block", WITH_CIDRS, "100.128.0.0", false],
    ["an added block of IPv6", WITH_CIDRS, "fd00:1::ffff", true],
    ["one after an added block of IPv6", WITH_CIDRS, "fd00:1:0:1::", false],
    ["the node, next to added blocks", WITH_CIDRS, "192.168.1.7", true],
    ["a caller without an address", ON_NODE, undefined, false],
    ["what is no address", ON_NODE, "localhost", false],
    ["an empty address", ON_NODE, "", false],
  ])("%s: %s", (_, parts, address, allowed) => {
    expect(createGuard(parts).allows(address, {})).toBe(allowed);
  });

  test("a token that nobody asked for opens nothing", () => {
    expect(createGuard(ON_NODE).allows("10.244.0.9", { "sluice-token": "" })).toBe(false);
  });
});

describe("by token", () => {
  const guard = createGuard({ ...ON_NODE, token: "s3cret" });

  test.each<[string, string | string[] | undefined, boolean]>([
    ["the token", "s3cret", true],
    ["none", undefined, false],
    ["an empty one", "", false],
    ["another one", "s3creT", false],
    ["a longer one", "s3cret2", false],
    ["two", ["s3cret", "s3cret"], false],
  ])("%s: %s", (_, token, allowed) => {
    expect(guard.allows("10.9.9.9", token === undefined ? {} : { "sluice-token": token })).toBe(allowed);
  });

  test("takes the place of addresses: the node needs it, too", () => {
    expect(guard.allows("192.168.1.7", {})).toBe(false);
  });
});

test("the explanation says who called, who may, and what to set", () => {
  const explanation = createGuard(ON_NODE).explain("::ffff:127.0.0.6");
  for (const part of [
    "192.168.1.7, 10.244.0.1",
    "this is 127.0.0.6",
    "--node-ip",
    "--hook-from",
    "--hook-token",
  ]) {
    expect(explanation).toContain(part);
  }
});

test("the explanation never shows the token", () => {
  expect(createGuard({ ...ON_NODE, token: "s3cret" }).explain("10.9.9.9")).not.toContain("s3cret");
});

test.each(["10.0.0.0/33", "10.0.0/8", "host", "", "::/129", "10.0.0.0/x", "10.0.0.0/"])(
  "%j is no block",
  (block) => {
    expect(() => createGuard({ ...ON_NODE, from: [block] })).toThrow(
      expect.objectContaining({ code: "BAD_CONFIGURATION" }),
    );
  },
);
