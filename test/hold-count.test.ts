// Went wrong: the histogram of holds counted every request, each with the time between two looks at the clock.

import { expect } from "vitest";
import { test } from "./harness/scene.ts";

for (const engine of ["standard", "wire"]) {
  test(`${engine}: who got a slot at once was not held, and who waited was, once`, async ({ one }) => {
    const sluice = await one.sluice(["--engine", engine]);
    const ask = async () => (await fetch(`http://127.0.0.1:${one.ports.listen}/`)).text();
    const held = ask();
    while (!/"held":1\b/.test(JSON.stringify((await sluice.control("GET", "/v1/status")).body)));
    await one.app("a");
    expect(await held).toBe("v1 GET /");
    for (let count = 0; count < 10; count++) await ask();
    const metrics = String((await sluice.ops("/metrics")).body);
    expect(metrics).toMatch(/^sluice_held_requests_total 1$/m);
    expect(metrics).toMatch(/^sluice_hold_seconds_count 1$/m);
    expect(metrics).toMatch(/^sluice_request_duration_seconds_count\{slot="a",version="v1"\} 11$/m);
  });
}
