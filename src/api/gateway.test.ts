import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defaultGateways } from "./gateway.ts";

const ROUTE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0100F40A	0003	0	0	0	00000000	0	0	0
eth0	0000F40A	0100F40A	0003	0	0	0	00FFFFFF	0	0	0
eth0	0100F40A	00000000	0005	0	0	0	FFFFFFFF	0	0	0
`;
const IPV6_ROUTE = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

function tables(files: Readonly<Record<string, string>>) {
  return (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  };
}

test("the default route of each family has the gateway; other routes and the unreachable default of lo do not count", () => {
  const readFile = tables({ "/proc/net/route": ROUTE, "/proc/net/ipv6_route": IPV6_ROUTE });
  expect(defaultGateways(readFile)).toEqual(["10.244.0.1", "fd00:0000:0000:0000:0000:0000:0000:0001"]);
});

test("a family that the kernel lacks, or a table that cannot be read, has none", () => {
  expect(defaultGateways(tables({ "/proc/net/route": ROUTE }))).toEqual(["10.244.0.1"]);
  expect(defaultGateways(tables({}))).toEqual([]);
  expect(defaultGateways(tables({ "/proc/net/route": "garbage\n\n\t\n00000000 00000000\n" }))).toEqual([]);
});

test("this machine's own tables can be read", () => {
  for (const address of defaultGateways((path) => readFileSync(path, "utf8"))) {
    expect(address).toMatch(/^[\d.]+$|^[\da-f:]+$/);
  }
});
