import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CORPUS, injectText, textOf } from "../manifest/inject.fixture.ts";
import { CHECKS } from "./catalogue.ts";
import {
  type Around,
  CLASSIC,
  findingsOf,
  livePod,
  PLAIN,
  SLUICE,
  STATEFUL,
  spoilt,
  TWO_SLOTS,
} from "./checks.fixture.ts";

const CONTAINER = "spec.template.spec.containers";
const SIDECAR = "spec.template.spec.initContainers[sluice]";
const PRE_STOP = "lifecycle: {preStop: {sleep: {seconds: 5}}}";
const PLAIN_IMAGE = "image: web:1.2\n";
const under = (lines: string) => `${PLAIN_IMAGE}          ${lines}\n`;
const READINESS = "readinessProbe: {httpGet: {path: /ready, port: http}}";
const SLOT_HOOK = "httpGet: { path: /prestop/slots/a, port: 9080 }";
const POD_HOOK = "lifecycle:\n            preStop:\n              httpGet: { path: /prestop/pod, port: ops }";
const NODE_IP = `env:
            - name: SLUICE_NODE_IP
              valueFrom: { fieldRef: { fieldPath: status.hostIP } }`;
const ARGS = `args: [run, --slots=a=127.0.0.1:8081, "--probe=http:/healthz", --grace=30s]`;
const run = (flags: string) => `args: [run, --slots=a=127.0.0.1:8081, ${flags}]`;
const APP = "image: sluice-example:v1\n";
const app = (lines: string) => `${APP}          ${lines}\n`;

const podSpec = (tag: string) => ({ containers: [{ name: "app", image: `sluice-example:${tag}` }] });

interface Case {
  readonly id: string;
  readonly from: string;
  readonly changes: readonly (readonly [string, string])[];
  readonly severity: "error" | "warning";
  /** Where it is found. */
  readonly path: string;
  readonly what?: string | RegExp;
  readonly around?: Around;
}

const of = (
  id: string,
  from: string,
  changes: Case["changes"],
  severity: Case["severity"],
  path: string,
  what?: Case["what"],
  around?: Around,
): Case => ({
  id,
  from,
  changes,
  severity,
  path,
  ...(what === undefined ? {} : { what }),
  ...(around ? { around } : {}),
});

const CASES: readonly Case[] = [
  of(
    "shell-as-pid-1",
    PLAIN,
    [[PLAIN_IMAGE, under("command: [sh, -c, 'migrate && node server.js']")]],
    "error",
    `${CONTAINER}[web].command`,
  ),
  of(
    "shell-as-pid-1",
    PLAIN,
    [[PLAIN_IMAGE, under("args: [/bin/bash, -ec, node server.js]")]],
    "warning",
    `${CONTAINER}[web].args`,
    /unless this image's shell/,
  ),
  of(
    "shell-as-pid-1",
    SLUICE,
    [[APP, app('command: [env, A=b, sh, -c, "a; b"]')]],
    "error",
    `${CONTAINER}[app].command`,
  ),
  ...[
    "exec >log 2>&1; node server.js",
    "trap '' TERM; node server.js",
    "exec node worker.js & node server.js",
    "if test -f x; then exec node x; fi; node y",
  ].map((script) =>
    of(
      "shell-as-pid-1",
      PLAIN,
      [[PLAIN_IMAGE, under(`command: [busybox, sh, -c, ${JSON.stringify(script)}]`)]],
      "error",
      `${CONTAINER}[web].command`,
    ),
  ),
  of(
    "package-manager-as-pid-1",
    PLAIN,
    [[PLAIN_IMAGE, under("command: [npm, run, start]")]],
    "warning",
    `${CONTAINER}[web].command`,
    /^npm is what/,
  ),
  of(
    "package-manager-as-pid-1",
    PLAIN,
    [[PLAIN_IMAGE, under("command: [sh, -c, 'cd /app && exec yarn start']")]],
    "warning",
    `${CONTAINER}[web].command`,
  ),
  of("no-pre-stop", PLAIN, [[PRE_STOP, ""]], "error", `${CONTAINER}[web].lifecycle`),
  of(
    "exec-sleep",
    PLAIN,
    [["sleep: {seconds: 5}", 'exec: {command: [sleep, "5"]}']],
    "warning",
    `${CONTAINER}[web].lifecycle.preStop.exec`,
  ),
  of(
    "exec-sleep",
    PLAIN,
    [
      ["sleep: {seconds: 5}", 'exec: {command: [/bin/sh, -c, "sleep 5"]}'],
      ["web:1.2", "gcr.io/distroless/nodejs:1"],
    ],
    "error",
    `${CONTAINER}[web].lifecycle.preStop.exec`,
    /most likely lacks/,
  ),
  of(
    "sleep-exceeds-grace",
    PLAIN,
    [["seconds: 5", "seconds: 30"]],
    "error",
    `${CONTAINER}[web].lifecycle.preStop`,
    "the hook sleeps 30 s of a grace of 30 s",
  ),
  of(
    "sleep-exceeds-grace",
    PLAIN,
    [["sleep: {seconds: 5}", 'exec: {command: [sh, -c, "sleep 20; sleep 10; nginx -s quit"]}']],
    "error",
    `${CONTAINER}[web].lifecycle.preStop`,
  ),
  of(
    "no-grace",
    PLAIN,
    [["Seconds: 30", "Seconds: 0"]],
    "error",
    "spec.template.spec.terminationGracePeriodSeconds",
  ),
  of("no-readiness-probe", PLAIN, [[READINESS, ""]], "error", `${CONTAINER}[web]`),
  of(
    "liveness-as-readiness",
    PLAIN,
    [["path: /live", "path: /ready"]],
    "warning",
    `${CONTAINER}[web].livenessProbe`,
  ),
  of(
    "unknown-port-name",
    PLAIN,
    [["path: /ready, port: http", "path: /ready, port: htpt"]],
    "error",
    `${CONTAINER}[web].readinessProbe.httpGet.port`,
  ),
  of(
    "unknown-port-name",
    SLUICE,
    [[SLOT_HOOK, SLOT_HOOK.replace("9080", "ops")]],
    "error",
    `${CONTAINER}[app].lifecycle.preStop.httpGet.port`,
    "container app has no port called ops",
  ),
  of(
    "unset-readiness-gate",
    PLAIN,
    [["      containers:", "      readinessGates: [{conditionType: example.com/dns}]\n      containers:"]],
    "warning",
    "spec.template.spec.readinessGates[0]",
  ),
  of(
    "unset-readiness-gate",
    PLAIN,
    [["      containers:", "      readinessGates: [{conditionType: example.com/dns}]\n      containers:"]],
    "error",
    "spec.template.spec.readinessGates[0]",
    "nobody has set condition example.com/dns of web-2",
    {
      pods: [
        livePod("web-1", { status: { conditions: [{ type: "example.com/dns", status: "True" }] } }),
        livePod("web-2", {}),
      ],
    },
  ),
  of(
    "publish-not-ready-addresses",
    PLAIN,
    [["  ports: [{port: 80", "  publishNotReadyAddresses: true\n  ports: [{port: 80"]],
    "error",
    "spec.publishNotReadyAddresses",
  ),
  of(
    "publish-not-ready-addresses",
    PLAIN,
    [["  ports: [{port: 80", "  publishNotReadyAddresses: true\n  clusterIP: None\n  ports: [{port: 80"]],
    "warning",
    "spec.publishNotReadyAddresses",
  ),
  of(
    "local-traffic-policy",
    PLAIN,
    [["  ports: [{port: 80", "  externalTrafficPolicy: Local\n  ports: [{port: 80"]],
    "warning",
    "spec.externalTrafficPolicy",
  ),
  of(
    "init-waits-for-app",
    PLAIN,
    [
      [
        "      containers:",
        "      initContainers: [{name: wait, image: i, command: [sh, -c, 'until nc -z localhost 8080; do :; done']}]\n      containers:",
      ],
    ],
    "error",
    "spec.template.spec.initContainers[wait].command",
    /localhost 8080/,
  ),
  of(
    "init-waits-for-app",
    PLAIN,
    [
      [
        "      containers:",
        "      initContainers: [{name: wait, image: i, args: ['http://web.default:80/ready']}]\n      containers:",
      ],
    ],
    "error",
    "spec.template.spec.initContainers[wait].args",
    /Service web/,
  ),
  of(
    "init-waits-for-app",
    SLUICE,
    [
      [
        "      containers:\n",
        "        - {name: wait, image: i, command: [curl, 'http://127.0.0.1:8081/healthz']}\n      containers:\n",
      ],
    ],
    "error",
    "spec.template.spec.initContainers[wait].command",
  ),
  of(
    "port-clash",
    PLAIN,
    [
      [
        "        - name: web\n",
        "        - {name: other, image: other:1, ports: [{containerPort: 8080}]}\n        - name: web\n",
      ],
    ],
    "error",
    `${CONTAINER}[web].ports[http]`,
    "containers other and web both have port 8080",
  ),
  of(
    "port-clash",
    SLUICE,
    [['name: PORT, value: "8081"', 'name: PORT, value: "9080"']],
    "error",
    `${CONTAINER}[app].env`,
    /port 9080, which is sluice's ops port/,
  ),
  of(
    "port-clash",
    SLUICE,
    [[APP, app("ports: [{containerPort: 9081}]")]],
    "error",
    `${CONTAINER}[app].ports[0]`,
    /sluice's control port/,
  ),
  of(
    "host-network",
    PLAIN,
    [["      containers:", "      hostNetwork: true\n      containers:"]],
    "warning",
    "spec.template.spec.hostNetwork",
  ),
  of(
    "host-network",
    SLUICE,
    [["      initContainers:", "      hostNetwork: true\n      initContainers:"]],
    "error",
    "spec.template.spec.hostNetwork",
  ),
  of("moving-image", PLAIN, [["web:1.2", "localhost:5000/web"]], "warning", `${CONTAINER}[web].image`),
  of(
    "moving-image",
    SLUICE,
    [
      [
        "sluice-example:v1\n          imagePullPolicy: IfNotPresent",
        "sluice-example:v1\n          imagePullPolicy: Always",
      ],
    ],
    "warning",
    `${CONTAINER}[app].imagePullPolicy`,
  ),
  of("native-sidecar-too-old", SLUICE, [], "error", `${SIDECAR}.restartPolicy`, /the cluster is 1\.28/, {
    version: "v1.28.9+k3s1",
  }),
  of(
    "sidecar-port-by-name",
    SLUICE,
    [["targetPort: 8080", "targetPort: http"]],
    "error",
    "spec.ports[http].targetPort",
    /sends to http of native sidecar sluice/,
    { version: "1.32" },
  ),
  of("sleep-hook-too-old", PLAIN, [], "error", `${CONTAINER}[web].lifecycle.preStop.sleep`, undefined, {
    version: "1.29",
  }),
  of(
    "recreate-strategy",
    PLAIN,
    [["  replicas: 3", "  strategy: {type: Recreate}\n  replicas: 3"]],
    "error",
    "spec.strategy.type",
  ),
  of(
    "nobody-serving",
    PLAIN,
    [["  replicas: 3", "  replicas: 3\n  strategy: {rollingUpdate: {maxUnavailable: 100%}}"]],
    "error",
    "spec.strategy",
    /all 3 Pods/,
  ),
  of(
    "nobody-serving",
    PLAIN,
    [["  replicas: 3", "  replicas: 1\n  strategy: {rollingUpdate: {maxSurge: 0}}"]],
    "error",
    "spec.strategy",
    /the only Pod/,
  ),
  of(
    "nobody-serving",
    STATEFUL,
    [
      ["replicas: 2", "replicas: 1"],
      ["type: OnDelete", "type: RollingUpdate"],
    ],
    "error",
    "spec.replicas",
  ),
  of("single-replica", PLAIN, [["  replicas: 3\n", ""]], "warning", "spec.replicas"),
  of(
    "single-replica",
    `${PLAIN}---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 2}\n`,
    [["minReplicas: 2", "maxReplicas: 9"]],
    "warning",
    "spec.replicas",
  ),
  of(
    "no-disruption-budget",
    PLAIN,
    [["matchLabels: {app: web}}\n---", "matchLabels: {app: other}}\n---"]],
    "warning",
    "",
  ),
  of(
    "disruption-budget",
    PLAIN,
    [["maxUnavailable: 1", "minAvailable: 100%"]],
    "warning",
    "spec.minAvailable",
    /lets none of 3/,
  ),
  of(
    "disruption-budget",
    PLAIN,
    [["maxUnavailable: 1", "maxUnavailable: 3"]],
    "warning",
    "spec.maxUnavailable",
    /lets all 3/,
  ),
  of(
    "refused-configuration",
    SLUICE,
    [[ARGS, run("--grace=30s, --drain-dealy=5s")]],
    "error",
    `${SIDECAR}.args`,
    /did you mean --drain-delay/,
  ),
  of(
    "refused-configuration",
    SLUICE,
    [["name: SLUICE_NODE_IP", "name: SLUICE_NODEIP"]],
    "error",
    `${SIDECAR}.env`,
    /^SLUICE_NODEIP/,
  ),
  of("endless-init", SLUICE, [["          restartPolicy: Always\n", ""]], "error", SIDECAR),
  of(
    "sluice-readiness",
    SLUICE,
    [["path: /readyz", "path: /livez"]],
    "error",
    `${SIDECAR}.readinessProbe`,
    /calls \/livez, and should call \/readyz/,
  ),
  of(
    "sluice-readiness",
    CLASSIC,
    [
      [
        "readinessProbe:\n            httpGet: { path: /readyz, port: ops }",
        "readinessProbe:\n            tcpSocket: { port: http }",
      ],
    ],
    "error",
    `${CONTAINER}[sluice].readinessProbe`,
    /it is tcpSocket/,
  ),
  of(
    "slow-readiness-probe",
    SLUICE,
    [
      [
        "port: ops }\n            periodSeconds: 1\n            failureThreshold: 2",
        "port: ops }\n            failureThreshold: 2",
      ],
    ],
    "warning",
    `${SIDECAR}.readinessProbe.periodSeconds`,
  ),
  of(
    "readiness-on-slot",
    SLUICE,
    [[APP, app("readinessProbe: {tcpSocket: {port: 8081}}")]],
    "error",
    `${CONTAINER}[app].readinessProbe`,
  ),
  of(
    "service-past-sluice",
    SLUICE,
    [["targetPort: 8080", "targetPort: 8081"]],
    "error",
    "spec.ports[http].targetPort",
    /sends to port 8081, and sluice listens on 8080/,
  ),
  of(
    "service-past-sluice",
    SLUICE,
    [["targetPort: 8080", "targetPort: web"]],
    "error",
    "spec.ports[http].targetPort",
    /no container has a port of that name/,
  ),
  of("pod-hook", SLUICE, [[POD_HOOK, ""]], "error", `${SIDECAR}.lifecycle.preStop`, /there is none/),
  of(
    "pod-hook",
    SLUICE,
    [["path: /prestop/pod, port: ops", "path: /prestop/pod, port: http"]],
    "error",
    `${SIDECAR}.lifecycle.preStop`,
    /calls port 8080/,
  ),
  of(
    "slot-hook",
    SLUICE,
    [[SLOT_HOOK, "sleep: { seconds: 5 }"]],
    "error",
    `${CONTAINER}[app].lifecycle.preStop`,
    /it is sleep/,
  ),
  of(
    "slot-hook",
    TWO_SLOTS,
    [["/prestop/slots/b", "/prestop/slots/a"]],
    "error",
    `${CONTAINER}[app-b].lifecycle.preStop`,
    /should call \/prestop\/slots\/b/,
  ),
  of(
    "slot-hook",
    SLUICE,
    [[ARGS, run("--grace=30s, --hook-token=secret")]],
    "error",
    `${CONTAINER}[app].lifecycle.preStop`,
    /Sluice-Token/,
  ),
  of("hooks-refused", SLUICE, [[NODE_IP, ""]], "error", `${SIDECAR}.env`),
  of(
    "hooks-refused",
    SLUICE,
    [
      [NODE_IP, ""],
      [ARGS, run("--grace=30s, --node-ip=10.0.0.1")],
    ],
    "error",
    SIDECAR,
    /10\.0\.0\.1 whatever node/,
  ),
  of(
    "grace-differs",
    SLUICE,
    [["Seconds: 30", "Seconds: 25"]],
    "error",
    "spec.template.spec.terminationGracePeriodSeconds",
    "the Pod has 25s, and sluice believes in 30s",
  ),
  of(
    "grace-differs",
    SLUICE,
    [
      ["Seconds: 30", "Seconds: 60"],
      [", --grace=30s", ""],
    ],
    "warning",
    "spec.template.spec.terminationGracePeriodSeconds",
    /30s \(the default\)/,
  ),
  of(
    "phases-exceed-grace",
    SLUICE,
    [["--grace=30s", "--grace=10s"]],
    "error",
    `${SIDECAR}.args`,
    /^sluice would refuse to start/,
  ),
  of(
    "phases-exceed-grace",
    SLUICE,
    [["Seconds: 30", "Seconds: 10"]],
    "error",
    `${SIDECAR}.args`,
    /are 20s, and the Pod has 10s/,
  ),
  of(
    "slot-identity",
    SLUICE,
    [["SLUICE_SLOT, value: a", "SLUICE_SLOT, value: c"]],
    "error",
    `${CONTAINER}[app].env`,
    /says that it is slot c/,
  ),
  of(
    "slot-identity",
    SLUICE,
    [
      ["slots=a=127.0.0.1:8081", "slots=a=127.0.0.1:8081\\,b=127.0.0.1:8082"],
      [
        "[run, --slots=a=127.0.0.1:8081\\,b=127.0.0.1:8082",
        "[run, '--slots=a=127.0.0.1:8081,b=127.0.0.1:8082'",
      ],
    ],
    "error",
    `${SIDECAR}.args`,
    "slot b has no container",
  ),
  of(
    "slot-port",
    SLUICE,
    [['name: PORT, value: "8081"', 'name: PORT, value: "3000"']],
    "error",
    `${CONTAINER}[app].env`,
  ),
  of("slot-command", TWO_SLOTS, [[APP, app("args: [--verbose]")]], "error", `${CONTAINER}[app].args`),
  of(
    "socket-not-mounted",
    SLUICE,
    [["          volumeMounts: *socket\n", ""]],
    "error",
    `${CONTAINER}[app].volumeMounts`,
  ),
  of(
    "socket-not-mounted",
    SLUICE,
    [["emptyDir: { medium: Memory, sizeLimit: 1Mi }", "hostPath: { path: /run }"]],
    "error",
    "spec.template.spec.volumes[sluice]",
  ),
  of(
    "socket-not-mounted",
    SLUICE,
    [["value: /run/sluice/control.sock", "value: /run/sluice/other.sock"]],
    "error",
    `${CONTAINER}[app].volumeMounts`,
  ),
  of(
    "socket-not-mounted",
    SLUICE,
    [["value: /run/sluice/control.sock", 'value: "127.0.0.1:9999"']],
    "error",
    `${CONTAINER}[app].env`,
  ),
  of(
    "slot-on-pod-ip",
    SLUICE,
    [[APP, app("ports: [{containerPort: 8081}]")]],
    "warning",
    `${CONTAINER}[app].ports[0]`,
  ),
  of(
    "slot-on-pod-ip",
    SLUICE,
    [["- { name: PORT,", '- { name: HOST, value: "0.0.0.0" }\n            - { name: PORT,']],
    "warning",
    `${CONTAINER}[app].env`,
  ),
  of(
    "slot-on-pod-ip",
    SLUICE,
    [[APP, app('args: ["--bind=0.0.0.0:8081"]')]],
    "warning",
    `${CONTAINER}[app].args`,
  ),
  of(
    "liveness-past-sluice",
    SLUICE,
    [["httpGet: { path: /livez/slots/a, port: 9080 }", "httpGet: { path: /healthz, port: 8081 }"]],
    "warning",
    `${CONTAINER}[app].livenessProbe`,
  ),
  of(
    "liveness-past-sluice",
    TWO_SLOTS,
    [["httpGet: { path: /livez/slots/a, port: 9080 }", "exec: { command: [true] }"]],
    "error",
    `${CONTAINER}[app].livenessProbe`,
  ),
  of(
    "sluice-liveness",
    SLUICE,
    [
      [
        "livenessProbe:\n            httpGet: { path: /livez,",
        "livenessProbe:\n            httpGet: { path: /readyz,",
      ],
    ],
    "error",
    `${SIDECAR}.livenessProbe`,
  ),
  of(
    "no-startup-probe",
    SLUICE,
    [
      [
        "startupProbe:\n            httpGet: { path: /livez, port: ops }\n            periodSeconds: 1\n            failureThreshold: 30\n          ",
        "",
      ],
    ],
    "warning",
    SIDECAR,
  ),
  of(
    "cpu-limit",
    SLUICE,
    [["limits: { memory: 384Mi }", "limits: { memory: 384Mi, cpu: 100m }"]],
    "warning",
    `${SIDECAR}.resources.limits.cpu`,
    "sluice may run for 10 of each 100 ms",
  ),
  of(
    "memory-limit",
    SLUICE,
    [["limits: { memory: 384Mi }", "limits: { memory: 64Mi }"]],
    "warning",
    `${SIDECAR}.resources.limits.memory`,
  ),
  of(
    "open-ops-port",
    SLUICE,
    [["app: example }\n  policyTypes", "app: other }\n  policyTypes"]],
    "warning",
    `${SIDECAR}.ports`,
  ),
  of(
    "open-ops-port",
    SLUICE,
    [["        - { port: 8080 }", "        - { port: 8080, endPort: 9090 }"]],
    "warning",
    "spec.ingress[0]",
    /lets everybody in at port 9080/,
  ),
  of("shared-pids", SLUICE, [[ARGS, run("--grace=30s, --shared-pids")]], "warning", "spec.template.spec"),
  of(
    "duplicate-container",
    SLUICE,
    [["        - name: app\n", "        - name: sluice\n"]],
    "error",
    `${CONTAINER}[sluice].name`,
  ),
  of(
    "host-port",
    PLAIN,
    [["containerPort: 8080}", "containerPort: 8080, hostPort: 80}"]],
    "warning",
    `${CONTAINER}[web].ports[http].hostPort`,
  ),
  of(
    "probe-grace",
    SLUICE,
    [
      [
        "httpGet: { path: /livez/slots/a, port: 9080 }",
        "terminationGracePeriodSeconds: 10\n            httpGet: { path: /livez/slots/a, port: 9080 }",
      ],
    ],
    "warning",
    `${CONTAINER}[app].livenessProbe.terminationGracePeriodSeconds`,
    "it is 10 s, and slot-drain and exit-reserve take 15s",
  ),
  of(
    "sluice-not-first",
    CLASSIC,
    [
      [
        "      containers:\n        - name: sluice\n",
        "      containers:\n        - { name: app, image: app:1, env: [{ name: SLUICE_SLOT, value: a }] }\n        - name: sluice\n",
      ],
      ["        - name: app\n", "        - name: app-again\n"],
    ],
    "warning",
    `${CONTAINER}[sluice]`,
    "container app is started before sluice",
  ),
  of(
    "port-clash",
    SLUICE,
    [
      [
        "      containers:\n",
        "      containers:\n        - { name: other, image: other:1, ports: [{ containerPort: 8081 }] }\n",
      ],
    ],
    "error",
    `${CONTAINER}[other].ports[0]`,
    /port 8081, which is that of slot a/,
  ),
  of(
    "image-differs",
    SLUICE,
    [],
    "warning",
    `${CONTAINER}[app].image`,
    /^example-1: container app runs sluice-example:v2/,
    {
      pods: [
        livePod("example-1", { spec: podSpec("v2") }, { template: podSpec("v1") }),
        livePod("example-2", { spec: podSpec("v1") }, { template: podSpec("v1") }),
        livePod("of-an-older-template", { spec: podSpec("v0") }),
      ],
    },
  ),
  of(
    "no-sigterm-handler",
    SLUICE,
    [],
    "error",
    `${CONTAINER}[app]`,
    "example-1, slot a: its process has no handler for SIGTERM",
    {
      pods: [
        livePod(
          "example-1",
          {},
          {
            slots: [
              { name: "a", waitingFor: ["v1 answers its probe, but its process has no handler for SIGTERM"] },
            ],
          },
        ),
      ],
    },
  ),
  of("killed-at-stop", PLAIN, [], "warning", `${CONTAINER}[web]`, /in web-1$/, {
    pods: [
      livePod("web-1", {
        status: {
          containerStatuses: [{ name: "web", lastState: { terminated: { exitCode: 137, reason: "Error" } } }],
        },
      }),
    ],
  }),
];

describe("each check", () => {
  test.each(CASES.map((one) => [one.id, one.what ?? one.path, one] as const))(
    "%s finds: %s",
    async (id, _, one) => {
      const { from, changes, severity, path, what, around } = one;
      const found = (await findingsOf(spoilt(from, ...changes), around)).filter(
        (finding) => finding.id === id,
      );
      expect(found).toHaveLength(1);
      const [finding] = found;
      expect(finding).toMatchObject({ severity, path, docs: `docs/checks.md#${id}`, file: "web.yaml" });
      if (what !== undefined) expect(finding?.what).toMatch(what);
      const before = await findingsOf(from, around && changes.length === 0 ? {} : around);
      // Where nothing was changed it is the surroundings that count.
      if (changes.length === 0 || !around) expect(before.filter((other) => other.id === id)).toEqual([]);
    },
  );

  test("is one of these cases", () => {
    expect([...new Set(CASES.map(({ id }) => id))].sort()).toEqual(CHECKS.map(({ id }) => id).sort());
  });

  test("has its id as the name of its file, a title that ends, and no other says the same", () => {
    const files = readdirSync(join(import.meta.dirname, "checks")).map((name) => name.replace(/\.ts$/, ""));
    expect(CHECKS.map(({ id }) => id).sort()).toEqual(files.sort());
    for (const { title, why } of CHECKS) expect(`${title}${why}`.match(/\.$/)).not.toBeNull();
    expect(new Set(CHECKS.map(({ title }) => title)).size).toBe(CHECKS.length);
  });
});

describe("nothing is found", () => {
  test.each([
    ["an app done well without sluice", PLAIN],
    ["one slot", SLUICE],
    ["two slots", TWO_SLOTS],
    ["an ordinary container", CLASSIC],
    ["a StatefulSet with OnDelete", STATEFUL],
  ])("in %s", async (_, text) => {
    expect((await findingsOf(text, { version: "1.34" })).map(({ id, what }) => `${id}: ${what}`)).toEqual([]);
  });

  test.each([
    ["exec takes the shell's place", "command: [sh, -c, 'migrate && exec node server.js']"],
    [
      "the shell handles SIGTERM",
      "command: [bash, -c, 'trap \"kill $!; wait\" TERM; node server.js & wait']",
    ],
    ["a list without a shell", "command: [node, server.js, -c, sh]"],
    ["exec is followed by what runs if it fails", "command: [sh, -c, 'exec node server.js || exit 1']"],
    ["exec stands in a branch", "command: [sh, -c, 'if test -f x; then exec node x; else exec node y; fi']"],
  ])("when %s", async (_, command) => {
    expect(await findingsOf(spoilt(PLAIN, [PLAIN_IMAGE, under(command)]))).toEqual([]);
  });

  test("in a liveness that asks what readiness asks, and is three times as patient", async () => {
    const live = "livenessProbe: {httpGet: {path: /live, port: http}";
    const same = "livenessProbe: {httpGet: {path: /ready, port: http}, failureThreshold: 9";
    expect(await findingsOf(spoilt(PLAIN, [live, same]))).toEqual([]);
  });

  test("in a worker that serves nobody", async () => {
    const worker =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec: {template: {spec: {containers: [{name: w, image: w:1}]}}}\n";
    expect(await findingsOf(worker)).toEqual([]);
  });

  test("when an init container waits for somebody else, or for sluice itself", async () => {
    const wait = (url: string) =>
      `        - {name: wait, image: i, command: [curl, '${url}']}\n      containers:\n`;
    for (const url of ["http://database:5432", "http://example-db/", "http://127.0.0.1:9080/livez"]) {
      expect(await findingsOf(spoilt(SLUICE, ["      containers:\n", wait(url)]))).toEqual([]);
    }
  });

  test("when hooks carry the token that a Secret holds", async () => {
    const token =
      "env:\n            - name: SLUICE_HOOK_TOKEN\n              valueFrom: { secretKeyRef: { name: s, key: k } }";
    const header = ", httpHeaders: [{ name: Sluice-Token, value: t }] }";
    const text = spoilt(
      SLUICE,
      [NODE_IP, token],
      ["path: /prestop/pod, port: ops }", `path: /prestop/pod, port: ops${header}`],
      ["path: /prestop/slots/a, port: 9080 }", `path: /prestop/slots/a, port: 9080${header}`],
    );
    expect(await findingsOf(text)).toEqual([]);
  });

  test("when the options come from a file that cannot be seen", async () => {
    const text = spoilt(SLUICE, [ARGS, "args: [run, --config=/etc/sluice/sluice.yaml]"], [NODE_IP, ""]);
    expect(await findingsOf(text)).toEqual([]);
  });

  test("when the app shakes hands over TCP without a mount, or not at all", async () => {
    const mounts = ["          volumeMounts: *socket\n", ""] as const;
    const tcp = spoilt(SLUICE, mounts, ["value: /run/sluice/control.sock", 'value: "127.0.0.1:9081"']);
    expect(await findingsOf(tcp)).toEqual([]);
    expect(await findingsOf(spoilt(SLUICE, mounts, [ARGS, run("--grace=30s, --handshake=off")]))).toEqual([]);
  });
});

test("options in a ConfigMap are read like any others", async () => {
  const map =
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata:\n  sluice.yaml: |\n    grace: 60s\n    ops: ':9090'\n";
  const text = spoilt(
    SLUICE,
    [ARGS, "args: [run, --config=/etc/sluice/sluice.yaml]"],
    [
      "        - { name: sluice, mountPath: /run/sluice }",
      "        - { name: sluice, mountPath: /run/sluice }\n            - { name: conf, mountPath: /etc/sluice }",
    ],
    ["      volumes:\n", "      volumes:\n        - { name: conf, configMap: { name: conf } }\n"],
  );
  const ids = (await findingsOf(text + map)).map(({ id }) => id);
  expect(ids).toContain("grace-differs");
  expect(ids.filter((id) => id === "pod-hook" || id === "slot-hook")).toEqual(["pod-hook", "slot-hook"]);
});

test("a Service without a namespace belongs to what has one, and one of another namespace does not", async () => {
  const placed = spoilt(PLAIN, [
    "kind: Deployment\nmetadata: {name: web}",
    "kind: Deployment\nmetadata: {name: web, namespace: shop}",
  ]);
  const idsOf = async (service: string) => {
    const text = spoilt(placed, [
      "kind: Service\nmetadata: {name: web}\nspec:\n",
      `kind: Service\nmetadata: {name: web${service}}\nspec:\n  publishNotReadyAddresses: true\n`,
    ]);
    return (await findingsOf(text)).map(({ id }) => id);
  };
  expect(await idsOf("")).toEqual(["publish-not-ready-addresses"]);
  expect(await idsOf(", namespace: shop")).toEqual(["publish-not-ready-addresses"]);
  expect(await idsOf(", namespace: other")).toEqual([]);
});

test("a finding names the line, within a List too", async () => {
  const plain = (await findingsOf(spoilt(PLAIN, ["Seconds: 30", "Seconds: 0"]))).find(
    ({ id }) => id === "no-grace",
  );
  expect(plain).toMatchObject({
    id: "no-grace",
    line: PLAIN.split("\n").findIndex((line) => line.includes("Seconds: 30")) + 1,
  });
  const list =
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n  spec:\n    terminationGracePeriodSeconds: 0\n";
  expect((await findingsOf(list)).map(({ id, line, path }) => [id, line, path])).toEqual([
    ["no-grace", 8, "spec.terminationGracePeriodSeconds"],
  ]);
});

test.each(CORPUS)("what inject makes of $name has no errors", async ({ text }) => {
  for (const options of [
    {},
    { classic: true },
    { slots: 2 as const },
    { slots: 2 as const, classic: true },
  ]) {
    const outcome = await injectText(text, options);
    // Two slots are refused for what has no second one: that is inject's own test.
    if (outcome.told.some(({ refused }) => refused.length > 0)) continue;
    const found = await findingsOf(textOf(outcome), { version: "1.34" });
    expect(found.filter(({ severity }) => severity === "error")).toEqual([]);
  }
});
