import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadCredentials } from "./credentials.ts";
import { type ConfigFile, chooseContext } from "./kubeconfig.ts";
import { findCluster } from "./kubeconfig-files.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function config(more: Record<string, unknown> = {}): ConfigFile {
  return {
    path: "/etc/kube/config",
    value: JSON.parse(
      JSON.stringify({
        "current-context": "dev",
        contexts: [
          { name: "dev", context: { cluster: "one", user: "me", namespace: "web" } },
          { name: "lost", context: { cluster: "gone", user: "me" } },
          { name: "ghost", context: { cluster: "one", user: "nobody" } },
        ],
        clusters: [
          { name: "one", cluster: { server: "https://api.example:6443", "certificate-authority": "ca.crt" } },
        ],
        users: [{ name: "me", user: { token: "t0k3n" } }],
        ...more,
      }),
    ),
  };
}

describe("a context", () => {
  test("is found with what belongs to it; paths are relative to the file", () => {
    expect(chooseContext([config()], undefined)).toMatchObject({
      context: "dev",
      server: new URL("https://api.example:6443"),
      namespace: "web",
      authority: { path: "/etc/kube/ca.crt" },
      identity: { token: "t0k3n" },
    });
  });

  test("of several files the first that has a name counts", () => {
    const other = config({
      "current-context": "lost",
      clusters: [{ name: "gone", cluster: { server: "https://other.example" } }],
    });
    expect(chooseContext([config(), other], undefined).context).toBe("dev");
    expect(chooseContext([config(), other], "lost").server.host).toBe("other.example");
  });

  test.each([
    ["nowhere", undefined, /no context nowhere/],
    ["lost", undefined, /names the cluster gone, which is not in/],
    ["ghost", undefined, /names the user nobody, which is not in/],
    [undefined, { "current-context": "" }, /has no current-context/],
    [
      undefined,
      { clusters: [{ name: "one", cluster: { server: "api.example" } }] },
      /no usable server: api.example/,
    ],
    [
      undefined,
      { users: [{ name: "me", user: { "auth-provider": { name: "gcp" } } }] },
      /auth-provider gcp, which is not supported/,
    ],
  ])("%s that cannot be used is told why", (name, more, why) => {
    expect(() => chooseContext([config(more)], name)).toThrow(why);
  });
});

describe("files", () => {
  test("those that are not there are passed over; none at all is said", async () => {
    const there = file("there", JSON.stringify(config().value));
    const found = await findCluster({ KUBECONFIG: `${folder}/missing:${there}` }, undefined);
    expect(found.context).toBe("dev");
    await expect(findCluster({ KUBECONFIG: `${folder}/missing` }, undefined)).rejects.toThrow(
      /no kubeconfig at .*missing/,
    );
    await expect(findCluster({ HOME: folder }, undefined)).rejects.toThrow(/\.kube\/config/);
  });

  test("what is not YAML is told with its line", async () => {
    await expect(findCluster({ KUBECONFIG: file("broken", "a: 1\nb: [") }, undefined)).rejects.toThrow(
      /is no kubeconfig: line \d/,
    );
  });
});

describe("credentials", () => {
  const plugin = (name: string, script: string) => {
    const path = file(name, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: path,
      args: ["get"],
      env: [{ name: "WHO", value: "me" }],
      installHint: "see the handbook",
    };
    return chooseContext(
      [
        config({
          clusters: [{ name: "one", cluster: { server: "https://a.example" } }],
          users: [{ name: "me", user: { exec } }],
        }),
      ],
      undefined,
    );
  };
  const surroundings = { PATH: process.env.PATH };

  test("a plugin is asked again when its token has ended, and not before", async () => {
    const count = join(folder, "count");
    const status = (until: string) =>
      `echo x >> ${count}; echo '{"status":{"token":"'$WHO-$1-$(wc -l < ${count} | tr -d ' ')'","expirationTimestamp":"${until}"}}'`;
    const ending = await loadCredentials(plugin("ending", status("2020-01-01T00:00:00Z")), surroundings);
    expect(await ending.authorization()).toBe("Bearer me-get-2");
    expect(await ending.authorization()).toBe("Bearer me-get-3");
    rmSync(count);
    const lasting = await loadCredentials(plugin("lasting", status("2999-01-01T00:00:00Z")), surroundings);
    expect(await lasting.authorization()).toBe("Bearer me-get-1");
    expect(await lasting.authorization()).toBe("Bearer me-get-1");
  });

  test.each([
    ["fails", "exit 3", /ended with exit code 3 \(see the handbook\)/],
    ["talks", "echo hello", /printed no ExecCredential/],
    ["gives nothing", "echo '{\"status\":{}}'", /neither a token nor a certificate/],
  ])("a plugin that %s is told", async (name, script, why) => {
    await expect(loadCredentials(plugin(name.replace(" ", "-"), script), surroundings)).rejects.toThrow(why);
  });

  test("a token's file is read; one that is missing is named", async () => {
    const clusters = [{ name: "one", cluster: { server: "https://a.example" } }];
    const of = (tokenFile: string) =>
      chooseContext([config({ clusters, users: [{ name: "me", user: { tokenFile } }] })], undefined);
    const read = await loadCredentials(of(file("token", "from-file\n")), {});
    expect(await read.authorization()).toBe("Bearer from-file");
    const missing = await loadCredentials(of(`${folder}/none`), {});
    await expect(missing.authorization()).rejects.toThrow(/the kubeconfig names .*none/);
    await expect(loadCredentials(chooseContext([config()], undefined), {})).rejects.toThrow(/ca\.crt/);
  });
});
