// The request target (RFC 9112 3.2) and the Host that goes with it.

export type Target =
  | { readonly form: "origin"; readonly path: string }
  | {
      readonly form: "absolute";
      readonly scheme: "http" | "https";
      readonly authority: string;
      readonly path: string;
    }
  | { readonly form: "asterisk" };

/** Visible ASCII but "#": a fragment is never sent (RFC 9110 4.1). Stricter than URIs need not be: browsers send "|" and "{". */
const CHARACTERS = /^[\x21\x22\x24-\x7e]+$/;
const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i;
/** uri-host [ ":" port ] (RFC 3986 3.2.2, 3.2.3). */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?$/;

/** The target's parts; undefined if it has none of the forms that sluice serves (authority-form belongs to CONNECT). */
export function parseTarget(target: string): Target | undefined {
  if (!CHARACTERS.test(target)) return undefined;
  if (target.startsWith("/")) return { form: "origin", path: target };
  if (target === "*") return { form: "asterisk" };
  const parts = ABSOLUTE.exec(target);
  if (!parts) return undefined;
  const authority = parts[2]!;
  // RFC 9110 4.2.1: an http URI with an empty host is invalid; 4.2.4: user information in one is a lure.
  if (!isHost(authority) || /^(?::|$)/.test(authority)) return undefined;
  return {
    form: "absolute",
    scheme: parts[1]!.toLowerCase() === "https" ? "https" : "http",
    authority,
    path: parts[3]!,
  };
}

/** Whether the text may stand in Host. Empty is allowed: the target then has no authority (RFC 9112 3.2). */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** Whether Host names the authority of an absolute-form target; case and the scheme's default port make no difference. */
export function agrees(target: Target & { form: "absolute" }, host: string): boolean {
  const normal = (authority: string) =>
    authority.toLowerCase().replace(target.scheme === "http" ? /:(?:80)?$/ : /:(?:443)?$/, "");
  return normal(target.authority) === normal(host);
}

/**
 * The target as an origin server gets it (RFC 9112 3.2.1): absolute-form loses scheme and authority; OPTIONS without a path
 * becomes "*" (3.2.4). For a target that has passed `checkHead`; anything else is returned as it is.
 */
export function originForm(method: string, target: string): string {
  const parsed = parseTarget(target);
  if (parsed?.form !== "absolute") return target;
  if (parsed.path === "") return method === "OPTIONS" ? "*" : "/";
  return parsed.path.startsWith("?") ? `/${parsed.path}` : parsed.path;
}
