// Who is asking: certificates for the TLS handshake, a token for each request. Tokens from files and plugins are asked
// for again before they end.

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { SluiceError } from "../errors.ts";
import type { ClusterConfig, ExecPlugin, Material } from "./kubeconfig.ts";
import type { Environment } from "./kubeconfig-files.ts";

export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

export interface Credentials {
  readonly tls: TlsMaterial;
  /** The Authorization field of the next request; undefined: the certificate says it all. */
  authorization(): Promise<string | undefined>;
}

/** A token from a file is read again after so long, ms (kubelets renew them at 80 % of an hour or more). */
const FILE_LASTS_MS = 60_000;
/** A plugin is asked again so long before its token ends, ms. */
const EXPIRY_SLACK_MS = 60_000;

interface Token {
  readonly text: string | undefined;
  readonly until: number;
}

/** Rejects with USAGE where a file or a plugin that the kubeconfig names gives nothing. */
export async function loadCredentials(config: ClusterConfig, env: Environment): Promise<Credentials> {
  const { identity } = config;
  const plugin = identity.exec ? await askPlugin(identity.exec, config, env) : undefined;
  const ca = config.authority && (await bytesOf(config.authority));
  const cert = plugin?.certificate ?? (identity.certificate && (await bytesOf(identity.certificate)));
  const key = plugin?.key ?? (identity.key && (await bytesOf(identity.key)));
  let token: Token = plugin ?? { text: undefined, until: Number.NEGATIVE_INFINITY };

  return {
    tls: {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      ...(config.serverName ? { servername: config.serverName } : {}),
      rejectUnauthorized: !config.insecure,
    },
    async authorization() {
      const { basic, exec, tokenFile } = identity;
      if (identity.token !== undefined) return `Bearer ${identity.token}`;
      if (basic) return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString("base64")}`;
      if (token.until <= Date.now()) {
        if (exec) token = await askPlugin(exec, config, env);
        else if (tokenFile) {
          const text = (await bytesOf({ path: tokenFile })).toString("utf8").trim();
          token = { text, until: Date.now() + FILE_LASTS_MS };
        }
      }
      return token.text === undefined ? undefined : `Bearer ${token.text}`;
    },
  };
}

async function bytesOf(material: Material): Promise<Buffer> {
  if ("bytes" in material) return material.bytes;
  try {
    return await readFile(material.path);
  } catch (cause) {
    throw new SluiceError("USAGE", `the kubeconfig names ${material.path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

interface PluginAnswer extends Token {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Runs the exec plugin (client-go's contract: ExecCredential on its standard output). */
async function askPlugin(exec: ExecPlugin, config: ClusterConfig, env: Environment): Promise<PluginAnswer> {
  const spec = {
    interactive: false,
    ...(exec.provideClusterInfo ? { cluster: await clusterInfo(config) } : {}),
  };
  const info = JSON.stringify({ apiVersion: exec.apiVersion, kind: "ExecCredential", spec });
  const output = await run(exec, { ...env, ...exec.env, KUBERNETES_EXEC_INFO: info });
  try {
    const { status } = JSON.parse(output) as {
      readonly status?: Readonly<Record<string, string | undefined>>;
    };
    const until = status?.expirationTimestamp
      ? Date.parse(status.expirationTimestamp) - EXPIRY_SLACK_MS
      : undefined;
    if (!status?.token && !status?.clientCertificateData)
      throw new Error("neither a token nor a certificate is in it");
    return {
      text: status.token,
      until: until ?? Number.POSITIVE_INFINITY,
      certificate: status.clientCertificateData,
      key: status.clientKeyData,
    };
  } catch (cause) {
    throw new SluiceError("USAGE", `${exec.command} printed no ExecCredential: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function clusterInfo({ server, authority, insecure, serverName, proxy }: ClusterConfig) {
  return {
    server: server.href,
    ...(authority ? { "certificate-authority-data": (await bytesOf(authority)).toString("base64") } : {}),
    ...(insecure ? { "insecure-skip-tls-verify": true } : {}),
    ...(serverName ? { "tls-server-name": serverName } : {}),
    ...(proxy ? { "proxy-url": proxy } : {}),
  };
}

function run(exec: ExecPlugin, env: Environment): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(exec.command, [...exec.args], {
    env: { ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const fail = (why: string) => {
    const hint = exec.installHint ? ` (${exec.installHint.trim().replaceAll(/\s*\n\s*/g, " ")})` : "";
    reject(new SluiceError("USAGE", `the kubeconfig's plugin ${exec.command} ${why}${hint}`));
  };
  child.on("error", ({ message }) => fail(`cannot be run: ${message}`));
  child.on("close", (code) => (code === 0 ? resolve(output) : fail(`ended with exit code ${code}`)));
  return promise;
}
