// The Pod's default gateways, from /proc: the kubelet's requests come from there on many networks (a bridge's address).

const RTF_GATEWAY = 0x2;
const IPV6_ROUTE_FIELDS = 10;

/** The default gateways of both families, each once. A table that cannot be read has none. `readFile` returns text or throws. */
export function defaultGateways(readFile: (path: string) => string): readonly string[] {
  const lines = (path: string) => {
    try {
      return readFile(path).split("\n");
    } catch {
      return [];
    }
  };
  const found = [
    ...lines("/proc/net/route").map(gatewayOfIpv4),
    ...lines("/proc/net/ipv6_route").map(gatewayOfIpv6),
  ];
  return [...new Set(found.filter((address) => address !== undefined))];
}

/** Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses in the machine's byte order, which is little-endian. */
function gatewayOfIpv4(line: string): string | undefined {
  const [, destination, gateway = "", flags = "", , , , mask] = line.trim().split(/\s+/);
  if (
    destination !== "00000000" ||
    mask !== "00000000" ||
    !isGateway(flags) ||
    !/^[0-9A-Fa-f]{8}$/.test(gateway)
  ) {
    return undefined;
  }
  return Buffer.from(gateway, "hex").reverse().join(".");
}

/** Destination, length, source, length, next hop, metric, counts, flags, interface; addresses in network order. */
function gatewayOfIpv6(line: string): string | undefined {
  const fields = line.trim().split(/\s+/);
  const [destination = "", length, , , nextHop = ""] = fields;
  const flags = fields[8] ?? "";
  const isDefault = fields.length === IPV6_ROUTE_FIELDS && /^0{32}$/.test(destination) && length === "00";
  if (!isDefault || !isGateway(flags) || !/^[0-9a-f]{32}$/.test(nextHop)) return undefined;
  return nextHop.match(/.{4}/g)?.join(":");
}

function isGateway(flags: string): boolean {
  return (Number.parseInt(flags, 16) & RTF_GATEWAY) !== 0;
}
