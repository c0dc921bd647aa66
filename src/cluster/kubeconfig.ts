// A kubeconfig, or several, and what they say about one context: where the API server is, and who is asking.
// Merged as kubectl does: of things with one name the first counts, paths are relative to the file that they stand in.

import { dirname, isAbsolute, join } from "node:path";
import { SluiceError } from "../errors.ts";
import { at, type Json, type JsonObject, objectOf, objectsOf, stringOf } from "../manifest/json-value.ts";

export interface ConfigFile {
  readonly path: string;
  readonly value: Json;
}

/** A file's path, or the bytes themselves. */
export type Material = { readonly path: string } | { readonly bytes: Buffer };

export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean;
}

export interface Identity {
  readonly certificate: Material | undefined;
  readonly key: Material | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly basic: { readonly username: string; readonly password: string } | undefined;
  readonly exec: ExecPlugin | undefined;
}

export interface ClusterConfig {
  readonly context: string;
  readonly server: URL;
  readonly authority: Material | undefined;
  readonly insecure: boolean;
  readonly serverName: string | undefined;
  readonly proxy: string | undefined;
  readonly namespace: string;
  readonly identity: Identity;
}

/** Throws USAGE with what is wrong and in which file. */
export function chooseContext(files: readonly ConfigFile[], wanted: string | undefined): ClusterConfig {
  const current = files.map(({ value }) => stringOf(at(value, "current-context"))).find(Boolean);
  const name = wanted ?? current;
  const where = files.map(({ path }) => path).join(", ");
  if (name === undefined) {
    throw new SluiceError("USAGE", `${where} has no current-context: set one, or give --context`);
  }
  const context = named(files, "contexts", "context", name);
  if (!context) throw new SluiceError("USAGE", `there is no context ${name} in ${where}`);
  const clusterName = stringOf(context.value.cluster) ?? "";
  const cluster = named(files, "clusters", "cluster", clusterName);
  if (!cluster) {
    throw new SluiceError(
      "USAGE",
      `context ${name} names the cluster ${clusterName || "(none)"}, which is not in ${where}`,
    );
  }
  const userName = stringOf(context.value.user);
  const user = userName === undefined ? undefined : named(files, "users", "user", userName);
  if (userName && !user) {
    throw new SluiceError("USAGE", `context ${name} names the user ${userName}, which is not in ${where}`);
  }
  const server = stringOf(cluster.value.server) ?? "";
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw new SluiceError(
      "USAGE",
      `cluster ${clusterName} in ${cluster.path} has no usable server: ${server || "(none)"}`,
    );
  }
  return {
    context: name,
    server: new URL(server),
    authority: material(cluster, "certificate-authority"),
    insecure: cluster.value["insecure-skip-tls-verify"] === true,
    serverName: stringOf(cluster.value["tls-server-name"]),
    proxy: stringOf(cluster.value["proxy-url"]),
    namespace: stringOf(context.value.namespace) || "default",
    identity: identityOf(user, userName),
  };
}

interface Entry {
  readonly path: string;
  readonly value: JsonObject;
}

function named(files: readonly ConfigFile[], list: string, key: string, name: string): Entry | undefined {
  for (const { path, value } of files) {
    const found = objectsOf(at(value, list)).find((item) => item.name === name);
    if (found) return { path, value: objectOf(found[key]) };
  }
  return undefined;
}

function material({ path, value }: Entry, key: string): Material | undefined {
  const data = stringOf(value[`${key}-data`]);
  if (data) return { bytes: Buffer.from(data, "base64") };
  const file = stringOf(value[key]);
  return file ? { path: beside(path, file) } : undefined;
}

function beside(configPath: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(configPath), path);
}

const NOBODY: Identity = {
  certificate: undefined,
  key: undefined,
  token: undefined,
  tokenFile: undefined,
  basic: undefined,
  exec: undefined,
};

function identityOf(user: Entry | undefined, name: string | undefined): Identity {
  if (!user) return NOBODY;
  const provider = stringOf(at(user.value, "auth-provider", "name"));
  if (provider !== undefined) {
    throw new SluiceError(
      "USAGE",
      `user ${name} in ${user.path} uses the auth-provider ${provider}, which is not supported: use an exec plugin or a token`,
    );
  }
  const username = stringOf(user.value.username);
  const tokenFile = stringOf(user.value.tokenFile);
  return {
    certificate: material(user, "client-certificate"),
    key: material(user, "client-key"),
    token: stringOf(user.value.token) || undefined,
    tokenFile: tokenFile ? beside(user.path, tokenFile) : undefined,
    basic: username ? { username, password: stringOf(user.value.password) ?? "" } : undefined,
    exec: execOf(user),
  };
}

function execOf({ path, value }: Entry): ExecPlugin | undefined {
  const exec = objectOf(value.exec);
  const command = stringOf(exec.command);
  if (!command) return undefined;
  return {
    apiVersion: stringOf(exec.apiVersion) ?? "client.authentication.k8s.io/v1",
    // A bare name is looked up in PATH; anything with a slash is a path.
    command: command.includes("/") ? beside(path, command) : command,
    args: Array.isArray(exec.args) ? exec.args.map(String) : [],
    env: Object.fromEntries(
      objectsOf(exec.env).map(({ name, value: text }) => [String(name), String(text ?? "")] as const),
    ),
    installHint: stringOf(exec.installHint),
    provideClusterInfo: exec.provideClusterInfo === true,
  };
}
