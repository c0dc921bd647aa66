// Clients that speak something else than HTTP on the request port: whoever looks into the log finds out.

import { connect } from "node:tls";
import { expect } from "vitest";
import { get } from "./harness/client.ts";
import { test } from "./harness/scene.ts";

test.concurrent.for(["wire", "standard"])(
  "a client that speaks TLS to the plain port is told of in the log, and nobody else notices (%s)",
  async (engine, { one }) => {
    const sluice = await one.sluice(["--engine", engine]);
    await one.app("a");
    const client = connect({ port: sluice.ports.listen, host: "127.0.0.1", rejectUnauthorized: false });
    const failed = new Promise<Error>((resolve) => client.once("error", resolve));
    one.later(() => client.destroy());
    const { value } = await sluice.child.line(({ event }) => event === "oddity", 10_000);
    expect(value).toMatchObject({ client: "127.0.0.1", message: "a client speaks TLS on the plain port" });
    await failed;
    expect((await get(sluice.ports.listen, "/")).status).toBe(200);
  },
);
