// Addresses as people write them: `:8080`, `127.0.0.1:8081`, `[::1]:9081`, `/run/sluice/control.sock`.

import type { ControlAddress, HostPort, SlotAddress } from "./config.ts";
import { listOf, type Parsed, type ValueKind, wrong } from "./value-kind.ts";

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_.-]*)):(\d{1,5})$/;
/** sun_path of a Unix socket on Linux, without its final NUL. */
const LONGEST_SOCKET_PATH = 107;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** `HOST:PORT`, `[V6]:PORT` or `:PORT`; undefined for anything else. */
function parseHostPort(text: string): HostPort | undefined {
  const [, bracketed, plain, digits] = HOST_PORT.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { host: bracketed ?? plain ?? "", port };
}

/** A path (it holds a slash), `HOST:PORT` or `http://HOST:PORT`; undefined for anything else. */
export function parseControlAddress(text: string): ControlAddress | undefined {
  const url = /^http:\/\/([^/]+)\/?$/.exec(text);
  if (!url && text.includes("/")) {
    return Buffer.byteLength(text) <= LONGEST_SOCKET_PATH && !text.includes("://")
      ? { path: text }
      : undefined;
  }
  const address = parseHostPort(url?.[1] ?? text);
  return address && { ...address, host: address.host || "127.0.0.1" };
}

export function formatHostPort({ host, port }: HostPort): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function formatControlAddress(address: ControlAddress): string {
  return "path" in address ? address.path : formatHostPort(address);
}

/** Where a listener binds. Port 0 takes any free port. */
export const listenAddress: ValueKind<HostPort> = {
  placeholder: "[HOST]:PORT",
  parse(text) {
    const value = parseHostPort(text);
    return value ? { value } : wrong(text, "an address such as :8080 or 127.0.0.1:8080");
  },
};

const controlAddress: ValueKind<ControlAddress> = {
  placeholder: "PATH|HOST:PORT",
  parse(text) {
    const value = parseControlAddress(text);
    if (value) return { value };
    return wrong(
      text,
      `a socket path (with a slash, at most ${LONGEST_SOCKET_PATH} bytes), an address such as 127.0.0.1:9081, or off`,
    );
  },
};

/** The list of control addresses; `off` is the empty list. */
export const controlAddresses: ValueKind<readonly ControlAddress[]> = {
  placeholder: "PATH|HOST:PORT,...|off",
  list: true,
  parse(text) {
    if (text === "off") return { value: [] };
    if (text === "") return wrong(text, "a socket path, an address such as 127.0.0.1:9081, or off");
    return listOf(controlAddress).parse(text);
  },
};

const slotAddress: ValueKind<SlotAddress> = {
  placeholder: "NAME=HOST:PORT",
  parse(text): Parsed<SlotAddress> {
    const equals = text.indexOf("=");
    const name = text.slice(0, Math.max(0, equals));
    const address = parseHostPort(text.slice(equals + 1));
    if (equals < 1 || !address || address.host === "" || address.port === 0) {
      return wrong(text, "a name and an address such as a=127.0.0.1:8081");
    }
    if (!NAME.test(name)) return wrong(text, "a slot's name of 1 to 32 characters a-z, 0-9 and -");
    return { value: { name, ...address } };
  },
};

/** One or two slots. Names and addresses are compared with each other later, with everything else that may clash. */
export const slotAddresses: ValueKind<readonly SlotAddress[]> = {
  placeholder: "NAME=HOST:PORT[,...]",
  list: true,
  parse(text) {
    const parsed = listOf(slotAddress).parse(text);
    if ("wrong" in parsed || (parsed.value.length >= 1 && parsed.value.length <= 2)) return parsed;
    return wrong(text, `one or two slots, not ${parsed.value.length}`);
  },
};

/** The name of a gate: the same alphabet as a slot's, since both stand in the API's paths. */
export const gateName: ValueKind<string> = {
  placeholder: "NAME",
  parse: (text) =>
    NAME.test(text) ? { value: text } : wrong(text, "a gate's name of 1 to 32 characters a-z, 0-9 and -"),
};
