import fc from "fast-check";
import { expect, test } from "vitest";
import { injectText, manifestsOf, textOf, uninjectText } from "./inject.fixture.ts";
import type { Json } from "./json-value.ts";

// Manifests of any shape: whatever a person or a tool may write, inject either refuses or does all of its work.

const odd = fc.constantFrom<Json>(null, 7, "x", true, [], {}, [7], "8080");
const orOdd = <T extends Json>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 60, arbitrary: value as fc.Arbitrary<Json> }, { weight: 1, arbitrary: odd });
const some = (model: Record<string, fc.Arbitrary<Json>>, ...required: readonly string[]) =>
  fc.record(model, { requiredKeys: [...required] }) as fc.Arbitrary<Json>;
const rarely = <T extends Json>(seldom: T, ...often: readonly T[]) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(seldom) },
    { weight: 20, arbitrary: fc.constantFrom(...often) },
  );
const portName = fc.constantFrom("http", "web", "metrics");
const number = rarely(9080, 80, 3000, 8080, 8080, 8080, 9090);
const port = orOdd(
  some({ name: portName, containerPort: number, protocol: fc.constantFrom("TCP", "UDP"), hostPort: number }),
);
const target = fc.oneof(portName, number) as fc.Arbitrary<Json>;
const command = fc.constantFrom<Json>(["sleep", "5"], ["sh", "-c", "sleep 3"], ["check"], null, ["sleep", 5]);
const handler = (
  more: Record<string, fc.Arbitrary<Json>> = {},
  wait: Record<string, fc.Arbitrary<Json>> = { exec: some({ command }) },
) =>
  orOdd(
    fc.oneof(
      some({ httpGet: some({ path: rarely("/a b", "/", "up"), port: target }), ...more }),
      some({ tcpSocket: some({ port: target }), ...more }),
      some({ grpc: some({ port: target, service: fc.constantFrom("a.B", "") }), ...more }),
      some({ ...wait, ...more }),
    ),
  );
const seconds = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(0, 1, 5, 10) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 3.5, 90_000) },
);
const probe = handler({ periodSeconds: seconds, timeoutSeconds: seconds, failureThreshold: seconds });
const WEB = [...Array<string>(20).fill("web"), "sluice"];
const containerOf = (names: readonly string[]) =>
  orOdd(
    some(
      {
        name: fc.constantFrom(...names),
        image: fc.constant("i:1"),
        args: orOdd(fc.constant<Json>(["a"])),
        ports: orOdd(fc.array(port, { maxLength: 2 })),
        env: orOdd(
          fc.array(orOdd(some({ name: fc.constantFrom("PORT", "A", "A"), value: fc.constant("v") })), {
            maxLength: 3,
          }),
        ),
        readinessProbe: probe,
        livenessProbe: probe,
        startupProbe: probe,
        lifecycle: orOdd(
          some({
            preStop: orOdd(
              fc.oneof(
                handler(),
                some({ sleep: some({ seconds: number }) }),
                some({ exec: some({ command }) }, "exec"),
              ),
            ),
            postStart: handler(),
          }),
        ),
        volumeMounts: orOdd(
          fc.array(
            orOdd(some({ name: fc.constantFrom("v", "w"), mountPath: rarely("/run/sluice", "/v", "/w") })),
            { maxLength: 2 },
          ),
        ),
      },
      "name",
    ),
  );
const labels = fc.constantFrom<Json>({ app: "web" }, null, { app: 7 });
const workload = fc.record({
  apiVersion: fc.constant("apps/v1"),
  kind: fc.constant("Deployment"),
  metadata: orOdd(fc.constant<Json>({ name: "web" })),
  spec: orOdd(
    some(
      {
        template: orOdd(
          some(
            {
              metadata: orOdd(some({ labels, annotations: orOdd(fc.constant<Json>({ a: "b" })) })),
              spec: orOdd(
                some(
                  {
                    initContainers: orOdd(
                      fc.array(containerOf(["init", "wait", "web-b", "late", "last"]), { maxLength: 2 }),
                    ),
                    containers: orOdd(
                      fc.oneof(
                        fc.tuple(containerOf(WEB)),
                        fc.tuple(containerOf(WEB), containerOf(["api", "sidecar", "web"])),
                      ),
                    ),
                    volumes: orOdd(fc.constant<Json>([{ name: "v", emptyDir: {} }])),
                    terminationGracePeriodSeconds: orOdd(rarely(0, 30, 60)),
                  },
                  "containers",
                ),
              ),
            },
            "spec",
          ),
        ),
      },
      "template",
    ),
  ),
});
const service = fc.record({
  apiVersion: fc.constant("v1"),
  kind: fc.constant("Service"),
  metadata: fc.constant<Json>({ name: "web" }),
  spec: orOdd(
    some({
      selector: labels,
      ports: orOdd(
        fc.array(orOdd(some({ name: portName, port: number, targetPort: target })), { maxLength: 3 }),
      ),
    }),
  ),
});

const option = fc.record({
  classic: fc.boolean(),
  slots: fc.constantFrom(1, 1, 2),
  appPort: fc.constantFrom(undefined, 8080),
  flags: fc.constantFrom([], ["--probe", "tcp"], ["--grace", "60s"]),
});

test("refused with a reason, or injected: then twice is once, and the way back leads to the original", async () => {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(workload, service, option, async (one, other, options) => {
      const text = [one, other].map((value) => JSON.stringify(value, undefined, 2)).join("\n---\n");
      const outcome = await injectText(text, options);
      const refused = outcome.told.flatMap((told) => told.refused);
      if (outcome.texts.length === 0) {
        expect(refused).not.toEqual([]);
        for (const reason of refused) expect(reason).not.toMatch(/undefined|\[object|NaN|\n/);
        return;
      }
      written++;
      const once = textOf(outcome);
      expect(textOf(await injectText(once, options))).toBe(once);
      const back = uninjectText(once);
      const values = (whole: string) => manifestsOf(whole).files[0]!.documents.map(({ value }) => value);
      expect(values(back)).toEqual(values(text));
    }),
    { numRuns: 2_000 },
  );
  // Random shapes must not all be refused, or nothing is proven.
  expect(written).toBeGreaterThan(100);
});
