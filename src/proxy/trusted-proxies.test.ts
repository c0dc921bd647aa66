import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTrust } from "./trusted-proxies.ts";

describe("a peer is trusted", () => {
  it("by nobody's default", () => {
    expect(createTrust([])("127.0.0.1")).toBe(false);
  });

  it("when it lies in one of the networks", () => {
    const trusts = createTrust(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]);
    for (const address of ["10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8:1::1", "::1"]) {
      expect(trusts(address), address).toBe(true);
    }
    for (const address of ["11.0.0.0", "9.255.255.255", "192.0.2.8", "2001:db9::", "::2", "", "localhost"]) {
      expect(trusts(address), address).toBe(false);
    }
  });

  it("by its IPv4 address, however node shows it", () => {
    const trusts = createTrust(["10.0.0.0/8"]);
    expect(trusts("::ffff:10.244.0.1")).toBe(true);
    expect(trusts("::FFFF:10.244.0.1")).toBe(true);
    expect(trusts("::ffff:11.0.0.1")).toBe(false);
  });

  it("by its address without the zone", () => {
    expect(createTrust(["fe80::/10"])("fe80::1%eth0")).toBe(true);
  });

  it("when the CIDR itself is written in mapped form", () => {
    const trusts = createTrust(["::ffff:10.0.0.0/104", "::ffff:192.0.2.1"]);
    expect(["10.1.2.3", "::ffff:10.1.2.3", "11.0.0.1", "192.0.2.1", "192.0.2.2"].map(trusts)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it("by the network of the other family only where that holds its mapped address (RFC 4291 2.5.5.2)", () => {
    expect(createTrust(["::/0"])("10.0.0.1")).toBe(true);
    expect(createTrust(["2000::/3"])("10.0.0.1")).toBe(false);
    expect(createTrust(["0.0.0.0/0"])("2001:db8::1")).toBe(false);
  });

  it("never by a slip of the pen", () => {
    for (const cidr of [
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/8/8",
      "::/129",
      "fe80::1%eth0/64",
      "::ffff:10.0.0.0/8",
      "",
      "ten",
    ]) {
      expect(() => createTrust([cidr]), cidr).toThrow(TypeError);
    }
  });

  it("exactly when the leading bits agree", () => {
    const bits = fc.integer({ min: 0, max: 0xffffffff });
    const dotted = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");
    fc.assert(
      fc.property(
        bits,
        bits,
        fc.integer({ min: 0, max: 32 }),
        fc.boolean(),
        (network, peer, prefix, mapped) => {
          const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
          // Half of the peers share the network's bits, else hardly any would be trusted.
          const address = mapped ? ((network & mask) | (peer & ~mask)) >>> 0 : peer;
          const isInside = ((address ^ network) & mask) === 0;
          const trusts = createTrust([`${dotted(network)}/${prefix}`]);
          expect(trusts(dotted(address))).toBe(isInside);
          expect(trusts(`::ffff:${dotted(address)}`)).toBe(isInside);
        },
      ),
    );
  });
});
