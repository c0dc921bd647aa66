import { describe, expect, test } from "vitest";
import { DEFAULTS, injectText, manifestsOf, textOf, uninjectText } from "./inject.fixture.ts";
import type { InjectOptions } from "./inject-options.ts";
import { at, type JsonObject, objectOf, objectsOf } from "./json-value.ts";

/** A Deployment whose container has `app` (JSON in YAML) beside name and image. */
function deployment(app: string, spec = "", name = "web"): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {${spec === "" ? "" : `${spec}, `}containers: [{name: web, image: "web:1"${app === "" ? "" : `, ${app}`}}]}
`;
}

const PORT = "ports: [{name: http, containerPort: 8080}]";

function service(port: string, name = "web"): string {
  return `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: web}, ports: [${port}]}\n`;
}

async function podOf(text: string, options: Partial<InjectOptions> = {}) {
  const outcome = await injectText(text, options);
  const objects = manifestsOf(textOf(outcome)).objects;
  const spec = objectOf(at(objects[0]!.value, "spec", "template", "spec"));
  const containers = objectsOf(spec.containers);
  const sidecar = [...objectsOf(spec.initContainers), ...containers].find(({ name }) => name === "sluice")!;
  return {
    spec,
    sidecar,
    containers,
    app: containers.find(({ name }) => name === "web")!,
    args: (sidecar.args as readonly string[]).slice(1),
    objects,
    notes: outcome.told.flatMap(({ notes }) => notes).join("\n"),
  };
}

async function refusalOf(text: string, options: Partial<InjectOptions> = {}): Promise<string> {
  const { texts, told } = await injectText(text, options);
  const refused = told.flatMap((one) => one.refused).join("\n");
  expect(texts.length === 0).toBe(refused !== "");
  return refused;
}

describe("the sidecar", () => {
  test("is the first init container, stays, and is started before the app", async () => {
    const { spec, sidecar, args } = await podOf(
      deployment(PORT, 'initContainers: [{name: i, image: "i:1"}]'),
    );
    expect(objectsOf(spec.initContainers).map(({ name }) => name)).toEqual(["sluice", "i"]);
    expect(args).toEqual(["--probe=tcp", "--grace=30s"]);
    expect(sidecar).toMatchObject({
      image: DEFAULTS.image,
      restartPolicy: "Always",
      env: [{ name: "SLUICE_NODE_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } }],
      ports: [
        { name: "http", containerPort: 8080 },
        { name: "ops", containerPort: 9080 },
      ],
      startupProbe: { httpGet: { path: "/livez", port: "ops" } },
      readinessProbe: { httpGet: { path: "/readyz", port: "ops" }, periodSeconds: 1 },
      lifecycle: { preStop: { httpGet: { path: "/prestop/pod", port: "ops" } } },
      volumeMounts: [{ name: "sluice-run", mountPath: "/run/sluice" }],
    });
    expect(at(sidecar, "resources", "limits")).toEqual({ memory: "384Mi" });
  });

  test("--classic: is the first container, and kubectl still takes the app", async () => {
    const { spec, containers, sidecar, objects } = await podOf(deployment(PORT), { classic: true });
    expect(spec.initContainers).toBeUndefined();
    expect(containers.map(({ name }) => name)).toEqual(["sluice", "web"]);
    expect(sidecar.restartPolicy).toBeUndefined();
    expect(
      at(
        objects[0]!.value,
        "spec",
        "template",
        "metadata",
        "annotations",
        "kubectl.kubernetes.io/default-container",
      ),
    ).toBe("web");
  });

  test("takes over the port that was the app's, whatever it is", async () => {
    const { args, sidecar, app } = await podOf(
      deployment("ports: [{name: web, containerPort: 3000, hostPort: 80}]"),
    );
    expect(args[0]).toBe("--listen=:3000");
    expect(objectsOf(sidecar.ports)[0]).toEqual({ name: "web", containerPort: 3000, hostPort: 80 });
    expect(app.ports).toBeUndefined();
  });

  test("the Pod's grace is sluice's, in both directions", async () => {
    const long = await podOf(deployment(PORT, "terminationGracePeriodSeconds: 90"));
    expect(long.args).toContain("--grace=1m30s");
    expect(long.spec.terminationGracePeriodSeconds).toBe(90);
    const given = await podOf(deployment(PORT, "terminationGracePeriodSeconds: 90"), {
      flags: ["--grace", "45s"],
    });
    expect(given.args).toContain("--grace=45s");
    expect(given.spec.terminationGracePeriodSeconds).toBe(45);
  });

  test("options behind -- go before what is derived", async () => {
    const flags = ["--probe", "http:/up", "--handshake=off", "--via"];
    const { args, notes } = await podOf(
      deployment(`${PORT}, readinessProbe: {exec: {command: [check]}, periodSeconds: 3}`),
      { flags },
    );
    expect(args).toEqual([
      "--probe-interval=3s",
      "--grace=30s",
      "--probe=http:/up",
      "--handshake=off",
      "--via=true",
    ]);
    expect(notes).not.toContain("shake hands");
  });
});

describe("the app's container", () => {
  test("gets its address, its slot, the socket and the hook", async () => {
    const { app } = await podOf(
      deployment(
        `${PORT}, env: [{name: PORT, value: "1"}, {name: A, value: b}], lifecycle: {postStart: {sleep: {seconds: 1}}}`,
      ),
    );
    expect(app.env).toEqual([
      { name: "PORT", value: "8081" },
      { name: "A", value: "b" },
      { name: "SLUICE_SLOT", value: "a" },
      { name: "SLUICE_CONTROL", value: "/run/sluice/control.sock" },
    ]);
    expect(app.lifecycle).toEqual({
      postStart: { sleep: { seconds: 1 } },
      preStop: { httpGet: { path: "/prestop/slots/a", port: 9080 } },
    });
    expect(app.volumeMounts).toEqual([{ name: "sluice-run", mountPath: "/run/sluice" }]);
  });

  test.each([
    ["httpGet: {path: /ready, port: http}", ["--probe=http:/ready"]],
    ["httpGet: {port: 8080, path: up}", ["--probe=http:/up"]],
    ["tcpSocket: {port: 8080}, timeoutSeconds: 3", ["--probe=tcp", "--probe-timeout=3s"]],
    ["tcpSocket: {port: 8080}, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3", ["--probe=tcp"]],
    [
      "grpc: {port: 8080}, periodSeconds: 90",
      ["--app-protocol=h2c", "--probe=grpc", "--probe-interval=1m30s"],
    ],
    [
      "grpc: {port: 8080, service: a.B}, failureThreshold: 5",
      ["--app-protocol=h2c", "--probe=grpc:a.B", "--probe-failures=5"],
    ],
  ])("readinessProbe {%s} becomes %j", async (probe, expected) => {
    const { args, app } = await podOf(deployment(`${PORT}, readinessProbe: {${probe}}`));
    expect(args).toEqual([...expected, "--grace=30s"]);
    expect(app.readinessProbe).toBeUndefined();
  });

  test("an app that speaks HTTP/2 is asked in HTTP/2, or its answers would all be 502", async () => {
    const protocolOf = async (text: string, options: Partial<InjectOptions> = {}) =>
      (await podOf(text, options)).args.filter((word) => word.startsWith("--app-protocol"));
    const h2c = ["--app-protocol=h2c"];
    expect(await protocolOf(deployment("ports: [{name: grpc, containerPort: 50051}]"))).toEqual(h2c);
    expect(await protocolOf(deployment("ports: [{name: grpc-api, containerPort: 50051}]"))).toEqual(h2c);
    expect(await protocolOf(deployment(`${PORT}, livenessProbe: {grpc: {port: 8080}}`))).toEqual(h2c);
    const spoken = (appProtocol: string) =>
      deployment(PORT) + service(`{port: 80, targetPort: http, appProtocol: ${appProtocol}}`);
    expect(await protocolOf(spoken("kubernetes.io/h2c"))).toEqual(h2c);

    expect(await protocolOf(spoken("http"))).toEqual([]);
    expect(await protocolOf(deployment("ports: [{name: grpc-web, containerPort: 8080}]"))).toEqual([]);
    const health = "ports: [{name: http, containerPort: 8080}, {name: grpc, containerPort: 9000}]";
    expect(await protocolOf(deployment(`${health}, livenessProbe: {grpc: {port: 9000}}`))).toEqual([]);
    const flags = ["--app-protocol=h1"];
    expect(await protocolOf(deployment(`${PORT}, readinessProbe: {grpc: {port: 8080}}`), { flags })).toEqual(
      flags,
    );
  });

  test("a port below 1024 may be listened on by sluice, which is not root", async () => {
    const sysctls = (spec: JsonObject) => at(spec, "securityContext", "sysctls");
    const low = deployment("ports: [{name: http, containerPort: 80}]");
    const may = [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }];
    expect(sysctls((await podOf(low)).spec)).toEqual(may);
    expect(uninjectText(textOf(await injectText(low)))).not.toContain("sysctls");
    const given = deployment(
      "ports: [{name: http, containerPort: 80}]",
      "securityContext: {fsGroup: 1, sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: '80'}]}",
    );
    expect((await podOf(given)).spec.securityContext).toEqual({
      fsGroup: 1,
      sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "80" }],
    });
    expect((await podOf(deployment(PORT))).spec.securityContext).toBeUndefined();
  });

  test("a postStart that asks the port by its name still finds it", async () => {
    const { app } = await podOf(
      deployment(`${PORT}, lifecycle: {postStart: {httpGet: {path: /warm, port: http}}}`),
    );
    expect(at(app, "lifecycle", "postStart")).toEqual({ httpGet: { path: "/warm", port: 8080 } });
  });

  test("a port of the node goes to sluice with the address on which it stands", async () => {
    const { sidecar } = await podOf(
      deployment("ports: [{name: http, containerPort: 8080, hostPort: 80, hostIP: 10.0.0.1}]"),
    );
    expect(objectsOf(sidecar.ports)[0]).toEqual({
      name: "http",
      containerPort: 8080,
      hostPort: 80,
      hostIP: "10.0.0.1",
    });
  });

  test("of a variable that is set twice the last one counts: none is left behind", async () => {
    const { app } = await podOf(
      deployment(`${PORT}, env: [{name: PORT, value: "1"}, {name: A, value: b}, {name: PORT, value: "2"}]`),
    );
    expect(objectsOf(app.env).filter(({ name, value }) => name === "PORT" && value !== "8081")).toEqual([]);
  });

  test("a port of the app that is called ops keeps its name, which Services may go by", async () => {
    const { app, sidecar } = await podOf(
      deployment("ports: [{name: http, containerPort: 8080}, {name: ops, containerPort: 8090}]"),
      { classic: true },
    );
    expect(app.ports).toEqual([{ name: "ops", containerPort: 8090 }]);
    const [, ops] = objectsOf(sidecar.ports);
    expect(ops).toEqual({ name: "sluice-ops", containerPort: 9080 });
    expect(at(sidecar, "readinessProbe", "httpGet", "port")).toBe("sluice-ops");
  });

  test("liveness asks sluice with the thresholds of before; none stays none", async () => {
    const { app } = await podOf(
      deployment(`${PORT}, livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 7, failureThreshold: 9}`),
    );
    expect(app.livenessProbe).toEqual({
      httpGet: { path: "/livez/slots/a", port: 9080 },
      periodSeconds: 7,
      failureThreshold: 9,
    });
    expect((await podOf(deployment(PORT))).app.livenessProbe).toBeUndefined();
  });

  test("a startupProbe goes if it asks the port that is sluice's now, and stays otherwise", async () => {
    const asks = async (probe: string) =>
      (await podOf(deployment(`${PORT}, startupProbe: {${probe}}`))).app.startupProbe;
    expect(await asks("httpGet: {port: http}")).toBeUndefined();
    expect(await asks("tcpSocket: {port: 9999}")).toEqual({ tcpSocket: { port: 9999 } });
    expect(await asks("exec: {command: [test, -f, /up]}")).toEqual({
      exec: { command: ["test", "-f", "/up"] },
    });
  });

  test.each([
    "sleep: {seconds: 5}",
    'exec: {command: [sleep, "5"]}',
    "exec: {command: [/bin/sleep, 5s]}",
    'exec: {command: [sh, -c, "sleep 5"]}',
    'exec: {command: [/bin/bash, -ec, "exec /usr/bin/sleep 5;"]}',
  ])("preStop {%s} only sleeps, and is replaced", async (hook) => {
    const { app } = await podOf(deployment(`${PORT}, lifecycle: {preStop: {${hook}}}`));
    expect(at(app, "lifecycle", "preStop")).toEqual({ httpGet: { path: "/prestop/slots/a", port: 9080 } });
  });
});

describe("two slots", () => {
  test("the second container is the first one with the placeholder, its own slot and no ports", async () => {
    const { containers, args, app } = await podOf(
      deployment(
        `ports: [{containerPort: 8080}, {containerPort: 9100, name: m}], resources: {limits: {cpu: 1}}, livenessProbe: {httpGet: {port: 8080}}`,
      ),
      { slots: 2 },
    );
    const [, b] = containers;
    expect(args[0]).toBe("--slots=a=127.0.0.1:8081,b=127.0.0.1:8082");
    expect(b).toMatchObject({
      name: "web-b",
      image: "pause:1",
      resources: app.resources!,
      volumeMounts: app.volumeMounts!,
    });
    expect(b!.env).toEqual([
      { name: "PORT", value: "8082" },
      { name: "SLUICE_SLOT", value: "b" },
      { name: "SLUICE_CONTROL", value: "/run/sluice/control.sock" },
    ]);
    expect(b!.ports).toBeUndefined();
    expect(app.ports).toEqual([{ containerPort: 9100, name: "m" }]);
    expect(at(b, "livenessProbe", "httpGet", "path")).toBe("/livez/slots/b");
    expect(at(b, "lifecycle", "preStop", "httpGet", "path")).toBe("/prestop/slots/b");
  });

  test.each([
    [`${PORT}, command: [app]`, "web has command: in a running Pod only the image can be changed"],
    [`${PORT}, args: [a], command: [b]`, "web has command and args"],
    [`${PORT}, startupProbe: {exec: {command: [x]}}`, "the placeholder of an idle slot has not"],
    [`${PORT}, startupProbe: {tcpSocket: {port: 9999}}`, "the placeholder of an idle slot does not answer"],
    [`${PORT}, lifecycle: {postStart: {exec: {command: [x]}}}`, "the placeholder of an idle slot has not"],
    [
      `${PORT}, lifecycle: {postStart: {httpGet: {port: 9999}}}`,
      "the placeholder of an idle slot does not answer",
    ],
  ])(
    "{%s} is refused",
    async (app, reason) => {
      expect(await refusalOf(deployment(app), { slots: 2 })).toContain(reason);
      expect(await refusalOf(deployment(app))).toBe("");
    },
    30_000,
  );
});

test("two slots: what else the app listens on is told, since both versions run at once", async () => {
  const more = deployment("ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9100}]");
  expect((await podOf(more, { slots: 2 })).notes).toContain("must not both listen on port 9100");
  expect((await podOf(more)).notes).not.toContain("9100");
});

describe("Services", () => {
  const targets = (objects: readonly { readonly value: JsonObject }[]) =>
    objects
      .slice(1)
      .map(({ value }) => objectsOf(at(value, "spec", "ports")).map(({ targetPort }) => targetPort));

  test("an image whose port is fixed: sluice listens elsewhere, and the Services of the stream follow", async () => {
    const text =
      deployment(PORT) +
      service("{port: 80, targetPort: 8080}, {port: 81, targetPort: 9}") +
      service("{port: 8080}", "bare") +
      service("{port: 80, targetPort: http}", "named");
    const { args, app, objects, notes } = await podOf(text, { appPort: 8080 });
    expect(args.slice(0, 2)).toEqual(["--listen=:18080", "--slots=a=127.0.0.1:8080"]);
    expect(objectOf(objectsOf(app.env)[0]).value).toBe("8080");
    expect(targets(objects)).toEqual([[18_080, 9], [18_080], [18_080]]);
    expect(notes).toContain("keeps port 8080, on which others can still reach it past sluice");
  });

  test("a name that has moved into an init container becomes its number; with --classic it stays a name", async () => {
    const text = deployment(PORT) + service("{port: 80, targetPort: http}");
    expect(targets((await podOf(text)).objects)).toEqual([[8080]]);
    expect(targets((await podOf(text, { classic: true })).objects)).toEqual([["http"]]);
  });

  test("without a Service in the stream it is told what to do", async () => {
    expect((await podOf(deployment(PORT), { listen: 7000 })).notes).toContain("targetPort: 7000");
    expect((await podOf(deployment(PORT))).notes).toContain("needs Kubernetes 1.33");
  });

  test("one Service, two workloads, two ports: refused", async () => {
    const other = deployment("ports: [{containerPort: 3000, name: http}]", "", "other").replaceAll(
      "app: other",
      "app: web",
    );
    const text = `${deployment(PORT)}---\n${other}${service("{port: 80, targetPort: http}")}`;
    expect(await refusalOf(text)).toContain("sluice listens on different ports (8080, 3000)");
    expect(await refusalOf(text, { listen: 8080 })).toBe("");
  });

  test("what a Service targets is the app", async () => {
    const text =
      deployment("")
        .replace("containers: [", 'containers: [{name: x, image: "x:1", ports: [{containerPort: 8080}]}, ')
        .replace('"web:1"', '"web:1", ports: [{containerPort: 3000}]') +
      service("{port: 80, targetPort: 3000}");
    expect((await podOf(text)).args[0]).toBe("--listen=:3000");
  });
});

describe("refused, with the way out, and nothing written", () => {
  test.each<[string, string, Partial<InjectOptions>?]>([
    [
      deployment(`${PORT}, readinessProbe: {exec: {command: [x]}}`),
      "readinessProbe runs a command in the container",
    ],
    [deployment(`${PORT}, readinessProbe: {httpGet: {port: 9999}}`), "readinessProbe asks port 9999"],
    [deployment(`${PORT}, readinessProbe: {httpGet: {port: 8080, scheme: HTTPS}}`), "asks by HTTPS"],
    [
      deployment(`${PORT}, readinessProbe: {httpGet: {port: 8080, httpHeaders: [{name: Host, value: x}]}}`),
      "fields of its own",
    ],
    [deployment(`${PORT}, readinessProbe: {odd: {}}`), "no handler that sluice knows"],
    [deployment(`${PORT}, livenessProbe: {exec: {command: [x]}}`), "livenessProbe runs a command"],
    [
      deployment(`${PORT}, startupProbe: {exec: {command: [curl, "localhost:8080"]}}`),
      "asks port 8080, which is sluice's now",
    ],
    [
      deployment(`${PORT}, lifecycle: {preStop: {exec: {command: [sh, -c, "drain; sleep 5"]}}}`),
      "a container has room for one handler",
    ],
    [
      deployment(`${PORT}, lifecycle: {preStop: {httpGet: {path: /stop, port: 8080}}}`),
      "preStop is taken (httpGet /stop)",
    ],
    [
      deployment(`${PORT}, readinessProbe: {httpGet: {port: 8080, host: 10.0.0.1}}`),
      "readinessProbe asks another host (10.0.0.1)",
    ],
    [
      deployment(`${PORT}, readinessProbe: {tcpSocket: {port: 8080, host: 10.0.0.1}}`),
      "readinessProbe asks another host",
    ],
    [deployment(PORT), "both would listen on port 8080", { slots: 2, appPort: 8080 }],
    [deployment(PORT, "hostNetwork: true"), "hostNetwork"],
    [deployment(PORT, "os: {name: windows}"), "Windows"],
    [deployment(PORT, "terminationGracePeriodSeconds: 10"), "expected at most grace 10s"],
    [deployment(PORT, "volumes: [{name: sluice-run, emptyDir: {}}]"), "is in use for another volume"],
    [
      deployment(`${PORT}, volumeMounts: [{name: v, mountPath: /run/sluice}]`),
      "is in use for another volume",
    ],
    [
      deployment("ports: [{containerPort: 8080}, {containerPort: 9080}]"),
      "port 9080 of web clashes with --ops",
    ],
    [
      deployment("ports: [{containerPort: 8080}, {containerPort: 8081}]"),
      "port 8081 of web clashes with slot a",
    ],
    [deployment("ports: [{containerPort: 8081}]"), "a port of its own for each"],
    [
      deployment("ports: [{containerPort: 1}, {containerPort: 2, name: b}]"),
      "the ports 1, b (2): say by --port",
    ],
    [deployment(PORT).replace('"web:1"', '"web:1"}, {name: web, image: x'), "two containers called web"],
    [
      deployment("").replace('"web:1"', '"web:1"}, {name: other, image: x'),
      "say it by --container: web, other",
    ],
    [
      deployment("").replace("name: web,", "name: sluice,"),
      "a container called sluice that `inject` did not put there",
    ],
    [deployment("").replace(/containers: .*/, "x: 1}"), "it has no containers"],
    [
      deployment("").replace("web:1", "bad image::"),
      'web: "bad image::" is no image: there is a blank in it',
    ],
    [deployment(PORT), "there is no container api; there are: web", { container: "api" }],
    [deployment(PORT), "web has no port called grpc; it has the ports http (8080)", { port: "grpc" }],
    [deployment(PORT), "did you mean --drain-delay?", { flags: ["--drain-dealy", "5s"] }],
    [deployment(PORT), "hold-timeout: given", { flags: ["--hold-timeout", "5"] }],
    [deployment(PORT), "--config: sluice has no file of yours", { flags: ["--config", "x.yaml"] }],
    [deployment(PORT), "in whole seconds", { flags: ["--grace", "30.5s"] }],
    [deployment(PORT), "inject's own --slots says 2", { slots: 2, flags: ["--slots", "a=127.0.0.1:1"] }],
    [
      deployment(PORT).replace(
        "metadata: {labels",
        "metadata: {annotations: {sluice/injected: '{}'}, labels",
      ),
      "cannot be read",
    ],
  ])("%#", async (text, reason, options) => {
    expect(await refusalOf(text, options)).toContain(reason);
  });

  test("one bad workload among good ones: none is written, and every reason is told", async () => {
    const text = `${deployment(PORT)}---\n${deployment(`${PORT}, readinessProbe: {exec: {}}, livenessProbe: {exec: {}}`)}`;
    const lines = (await refusalOf(text)).split("\n");
    expect(lines).toHaveLength(2);
  });
});

describe("left alone", () => {
  test.each([
    [
      deployment(PORT).replace(
        "metadata: {labels",
        'metadata: {annotations: {sluice/inject: "false"}, labels',
      ),
      'it says sluice/inject: "false"',
    ],
    [
      deployment(PORT).replace(
        "{name: web}",
        "{name: web, ownerReferences: [{kind: Rollout, name: r, controller: true}]}",
      ),
      "it belongs to Rollout r",
    ],
    ["apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\n", "a Job ends by itself"],
  ])("%#", async (text, reason) => {
    const outcome = await injectText(text);
    expect(textOf(outcome)).toBe(text);
    expect(outcome.told.flatMap(({ notes }) => notes).join()).toContain(reason);
  });

  test("--only chooses by name, or by kind and name", async () => {
    const text = `${deployment(PORT)}---\n${deployment(PORT, "", "other")}`;
    for (const only of ["other", "deployment/other"]) {
      const changed = textOf(await injectText(text, { only: [only] }));
      expect(changed.startsWith(deployment(PORT))).toBe(true);
      expect(changed).toContain("sluice/injected");
    }
  });
});

describe("uninject", () => {
  test("what others changed since stays", async () => {
    const changed = textOf(
      await injectText(deployment(`${PORT}, lifecycle: {preStop: {sleep: {seconds: 3}}}`)),
    )
      .replace("web:1", "web:2")
      .replace("annotations: {", "annotations: {restarted: today, ");
    const text = uninjectText(changed);
    expect(text).toContain("restarted: today");
    expect(text).toContain("web:2");
    expect(text).toContain("seconds: 3");
    expect(text).not.toContain("sluice");
  });

  test("manifests that sluice never was in stay byte by byte", () => {
    const text = deployment(PORT) + service("{port: 80}");
    expect(uninjectText(text)).toBe(text);
  });
});
