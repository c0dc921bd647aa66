import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createRawServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { dispatch, VERB_NAMES } from "./dispatch.ts";
import { createPaint } from "./paint.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function call(argv: readonly string[], env: Record<string, string> = {}, name = "sluice") {
  let out = "";
  let err = "";
  const exitCode = await dispatch(argv, {
    name,
    runtime: "node v0",
    env,
    isTerminal: false,
    colour: false,
    columns: 100,
    paint: createPaint(false),
    inputIsTerminal: true,
    input: () => Promise.resolve(""),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { exitCode, out, err };
}

/** Who answers in the sidecar's place; for what a real one never says. */
async function sidecarThat(answers: RequestListener): Promise<string> {
  const server: Server = createServer(answers);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedPort(): Promise<string> {
  const server = createRawServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

describe("help", () => {
  test("lists every verb, with exit code 0", async () => {
    for (const argv of [[], ["--help"], ["-h"], ["help"]]) {
      const { exitCode, out } = await call(argv);
      expect(exitCode).toBe(0);
      for (const verb of VERB_NAMES) expect(out).toMatch(new RegExp(`^ {2}${verb} +\\S`, "m"));
    }
  });

  test.each(VERB_NAMES.filter((verb) => verb !== "loadtest"))(
    "%s --help has a usage line, options and examples",
    async (verb) => {
      const { exitCode, out } = await call([verb, "--help"]);
      expect(exitCode).toBe(0);
      expect(out).toMatch(new RegExp(`^Usage: sluice ${verb}\\b`));
      expect(out).toContain("--help, -h");
      const [, examples] = out.split("\nExamples:\n");
      expect(examples).toMatch(new RegExp(`^(  sluice ${verb}\\b.*  \\S.*\n)+$`));
      expect(examples).not.toMatch(/ sluice .*\| sluice/);
      // Up to a pipe, a file, or the options of run behind `--`.
      const [about = ""] = out.split("\nExamples:\n");
      const commands = examples!.split("\n").map((line) => line.trim().split(/ {2,}| [|<>] | -- /)[0]!);
      const flags = commands.flatMap((command) => command.match(/(?<= )--?[a-z][a-z-]*/g) ?? []);
      expect(flags.filter((flag) => !new RegExp(`^ .*(?<= )${flag}(?=[ ,]|$)`, "m").test(about))).toEqual([]);
      expect((await call(["help", verb])).out).toBe(out);
    },
  );

  test("a kubectl plugin is called as such", async () => {
    const { out } = await call(["promote", "--help"], {}, "kubectl sluice");
    expect(out).toContain("Usage: kubectl sluice promote SLOT");
    expect(out).toContain("  kubectl sluice promote b");
  });
});

describe("a command line that cannot be understood: exit code 64, and where to look", () => {
  test.each([
    [["promot", "a"], "there is no verb promot; did you mean promote?"],
    [["__proto__"], "there is no verb __proto__"],
    [["help", "promot"], "there is no verb promot; did you mean promote?"],
    [
      ["profile", "--heap", "--cpu", "1s"],
      "one of --cpu, --allocations and --heap must be given, and only one",
    ],
    [["timeline", "--all", "--follow"], "--all is about the past, --follow about what comes: one of the two"],
    [["promote"], "SLOT must be given"],
    [["promote", "a", "b"], "there is one argument too many: b"],
    [
      ["promote", "a", "--force"],
      "sluice: --force: expected a flag that exists (--help lists them)\nSee `sluice promote --help`.",
    ],
    [["status", "--wtach"], "sluice: --wtach: expected a flag that exists; did you mean --watch?\nSee"],
    [["check", "--outptu=json"], "--outptu: expected a flag that exists; did you mean --output?\n"],
    [["check", "-x"], "sluice: -x: expected a flag that exists (--help lists them)\n"],
    [["check", "--list=1"], "sluice: --list takes no value\n"],
    [["check", "-o"], "sluice: --output must have a value: --output=…\n"],
    [["check", "--output", "--list"], "sluice: --output must have a value: --output=…\n"],
    [["gate", "a"], "GATE and open|close must be given"],
    [["gate", "a", "consul", "ajar"], "a gate can open or close, not ajar"],
    [
      ["gate", "a", "consul", "open", "--ttl", "30"],
      "--ttl takes a duration with a unit such as 30s, not 30",
    ],
    [["events", "--since", "yesterday"], "--since takes the id of an event, not yesterday"],
    [["status", "--output", "xml"], "--output takes table, json, not xml"],
    [["status", "--control", "ftp://x"], "--control takes PATH, HOST:PORT or http://HOST:PORT, not ftp://x"],
    [["log-level", "loud"], "LEVEL takes trace, debug, info, warn, error, silent, not loud"],
    [["timeline", "--log", "/nope"], "sluice: --log: /nope cannot be read: there is no such file\n"],
    [["timeline", "--log", "/"], "sluice: --log: / cannot be read: it is a folder\n"],
    [["config", "--output"], "--output takes table, yaml, json"],
    [["version", "x"], "there is one argument too many"],
  ])("%j", async (argv, expected) => {
    const { exitCode, out, err } = await call(argv);
    expect(exitCode).toBe(64);
    expect(out).toBe("");
    expect(err).toContain(expected);
    expect(err).toMatch(/See `sluice[ a-z-]* --help`\.\n$/);
  });
});

describe("a sidecar that cannot be reached: exit code 69, what was tried, and how to reach it", () => {
  test("each address is tried", async () => {
    const port = await closedPort();
    const { exitCode, err } = await call(["status"], { SLUICE_CONTROL: `/nowhere/control.sock,${port}` });
    expect(exitCode).toBe(69);
    expect(err).toContain("/nowhere/control.sock: there is no such socket");
    expect(err).toContain(`${port}: connection refused`);
    expect(err).toContain("`sluice status KIND/NAME` (such as deployment/web) reaches it by itself");
    expect(err).toContain("kubectl port-forward pod/POD 9081:9081");
  });

  test("--control goes before SLUICE_CONTROL, and a later address is used when an earlier one does not answer", async () => {
    const there = await sidecarThat((_, answer) => answer.end('{"outcome":"active"}'));
    const { exitCode, out } = await call(["promote", "b", "--control", `/nowhere.sock,http://${there}`], {
      SLUICE_CONTROL: await closedPort(),
    });
    expect([exitCode, out]).toEqual([0, "slot b: active\n"]);
  });

  test("an order that may have arrived is not given a second time elsewhere", async () => {
    let orders = 0;
    const first = await sidecarThat((request) => {
      orders++;
      request.socket.destroy();
    });
    const second = await sidecarThat((_, answer) => {
      orders++;
      answer.end("{}");
    });
    const { exitCode, err } = await call(["promote", "b", "--control", `${first},${second}`]);
    expect([exitCode, orders]).toEqual([69, 1]);
    expect(err).toContain("the connection was closed before the answer was whole");
  });

  test("an answer that breaks off is no answer", async () => {
    const there = await sidecarThat((_, answer) => {
      answer.writeHead(200, { "content-length": 100 }).write('{"ready":');
      answer.socket?.end();
    });
    expect((await call(["status", "--control", there])).exitCode).toBe(69);
  });

  test("a stream of events that breaks off is told, after what came", async () => {
    const there = await sidecarThat((_, answer) => {
      answer.writeHead(200).write('{"id":1,"type":"started"}\n{"id":2,"ty', () => answer.destroy());
    });
    const { exitCode, out, err } = await call(["events", "--output", "json", "--control", there]);
    expect([exitCode, out]).toEqual([69, '{"id":1,"type":"started"}\n']);
    expect(err).toContain("the stream broke off");
  });
});

describe("a refused order: exit code 1, the sidecar's own words, and what to do next", () => {
  const refusal = (status: number, body: string) =>
    sidecarThat((_, answer) => {
      answer.writeHead(status).end(body);
    });

  test("a code of the catalogue", async () => {
    const there = await refusal(409, '{"error":"NOT_READY","message":"slot b: its probe answers 503"}');
    const { exitCode, err } = await call(["promote", "b", "--control", there]);
    expect(exitCode).toBe(1);
    expect(err).toBe(
      "sluice: slot b: its probe answers 503 (NOT_READY)\n`sluice status --watch` shows what it is waiting for.\n",
    );
  });

  test("a code that only a newer sidecar knows", async () => {
    const there = await refusal(409, '{"error":"toString","message":"no"}');
    expect(await call(["promote", "b", "--control", there])).toEqual({
      exitCode: 1,
      out: "",
      err: "sluice: no (toString)\n",
    });
  });

  test.each(["", "<html>", "null", "[]"])(
    "whoever answers %j with an error is not taken for a sidecar that agrees",
    async (body) => {
      const there = await refusal(502, body);
      expect((await call(["status", "--control", there])).exitCode).toBe(1);
    },
  );

  test.each(["", "<html>", "null", "[]", "{}"])("whoever agrees with %j is no sidecar", async (body) => {
    const there = await refusal(200, body);
    const { exitCode, err } = await call(["status", "--control", there]);
    expect(exitCode).toBe(1);
    expect(err).toContain("is not sluice");
  });

  test("a stream that is refused", async () => {
    const there = await refusal(404, '{"error":"NO_SUCH_ENDPOINT","message":"There is no such endpoint."}');
    const { exitCode, err } = await call(["events", "--control", there]);
    expect(exitCode).toBe(1);
    expect(err).toContain("There is no such endpoint. (NO_SUCH_ENDPOINT)");
  });
});

test("names of slots and gates are escaped in the path, and the body is the API's", async () => {
  let seen = "";
  const there = await sidecarThat((request, answer) => {
    request.setEncoding("utf8").on("data", (chunk) => {
      seen += chunk;
    });
    request.on("end", () => {
      seen = `${request.method} ${request.url} ${request.headers["content-type"]} ${seen}`;
      answer.end("{}");
    });
  });
  const argv = ["gate", "a/b", "x?y", "open", "--reason", "why", "--ttl", "30s", "--control", there];
  expect((await call(argv)).out).toBe("slot a/b: gate x?y is open for 30s\n");
  expect(seen).toBe(
    'PUT /v1/slots/a%2Fb/gates/x%3Fy application/json {"open":true,"reason":"why","ttl":"30s"}',
  );
});

describe("config", () => {
  const file = join(mkdtempSync(join(tmpdir(), "sluice-config-")), "sluice.yaml");

  test("shows each value and where it came from, and no secret in any form", async () => {
    writeFileSync(file, "# mine\ngrace: 40s\nhook-token: s3cret\n");
    const argv = ["config", "--via", "--config", file];
    const table = await call(argv, { SLUICE_OPS: ":9999" });
    expect(table.exitCode).toBe(0);
    expect(table.out).toMatch(/^via +true +--via$/m);
    expect(table.out).toMatch(/^ops +:9999 +SLUICE_OPS$/m);
    expect(table.out).toMatch(new RegExp(`^grace +40s +${file}:2$`, "m"));
    expect(table.out).toMatch(/^listen +:8080 +default$/m);
    expect(table.out).toMatch(/^hook-token +\*\*\* /m);
    expect(table.out).toMatch(/^node-ip +\(unset\) +default$/m);
    const json = await call([...argv, "--output", "json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      grace: { value: "40s", from: { from: "file", file, line: 2 } },
      "hook-token": { value: "***" },
      "node-ip": { value: null },
    });
    const yaml = await call([...argv, "-o", "yaml"]);
    for (const { out } of [table, json, yaml]) expect(out).not.toContain("s3cret");
  });

  test("what it writes as YAML is a file that gives the same values", async () => {
    const flags = [
      "--via",
      "--slots=a=127.0.0.1:1,b=127.0.0.1:2",
      "--gates=x,y",
      "--probe=off",
      "--hold-max=0",
    ];
    writeFileSync(file, (await call(["config", "-o", "yaml", ...flags])).out);
    const values = async (argv: string[]) => {
      const shown: Record<string, { value: string }> = JSON.parse(
        (await call(["config", "-o", "json", ...argv])).out,
      );
      return Object.entries(shown).flatMap(([key, { value }]) => (key === "config" ? [] : [[key, value]]));
    };
    expect(await values(["--config", file])).toEqual(await values(flags));
  });

  test("problems go to stderr, all of them, with exit code 64", async () => {
    const { exitCode, out, err } = await call(["config", "--grace", "5"], { SLUICE_OPPS: "x" });
    expect([exitCode, out]).toEqual([64, ""]);
    expect(err).toContain("2 problems");
  });
});
