import { expect, test } from "vitest";
import { answerProfile } from "./upkeep.ts";

const upkeep = { logLevel: () => "info", setLogLevel: () => ({}), profile: async () => "{}" } as never;

async function ask(localAddress: string | undefined, remoteAddress = localAddress): Promise<unknown> {
  const call = { params: { kind: "heap" }, body: undefined, localAddress, remoteAddress } as never;
  return answerProfile(upkeep, call).then(
    () => "taken",
    (error) => error.code,
  );
}

test.each([
  ["the control socket", undefined],
  ["loopback", "127.0.0.1"],
  ["loopback of IPv6", "::1"],
  ["loopback, as a listener for both families sees it", "::ffff:127.0.0.1"],
])("a profile is taken over %s", async (_, address) => {
  expect(await ask(address)).toBe("taken");
});

test.each([
  ["the Pod's own address", "10.0.0.5", "10.0.0.5"],
  ["another machine", "10.0.0.5", "10.0.0.9"],
  ["another machine that has got to loopback", "127.0.0.1", "10.0.0.9"],
  ["an address that begins like loopback's", "1270.0.0.1", "127.0.0.1"],
])("none over %s, since it holds what is in memory", async (_, local, remote) => {
  expect(await ask(local, remote)).toBe("FORBIDDEN");
});
