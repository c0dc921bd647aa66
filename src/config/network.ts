// IP addresses and CIDR blocks.

import { isIP } from "node:net";
import { type ValueKind, wrong } from "./value-kind.ts";

/** One IPv4 or IPv6 address, without a zone. */
export const ipAddress: ValueKind<string> = {
  placeholder: "IP",
  parse: (text) =>
    isIP(text) && !text.includes("%")
      ? { value: text }
      : wrong(text, "an IP address such as 10.0.0.7 or fd00::7"),
};

/** A CIDR block; a bare address is the block of that one address, and is returned with its prefix. */
export const cidrBlock: ValueKind<string> = {
  placeholder: "CIDR",
  parse(text) {
    const [, address = "", prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : undefined;
    if (bits === undefined || Number(prefix ?? bits) > bits) {
      return wrong(text, "a CIDR block such as 10.0.0.0/8 or fd00::/8, or one IP address");
    }
    return { value: `${address}/${prefix ?? bits}` };
  },
};
