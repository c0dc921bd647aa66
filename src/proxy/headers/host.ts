// Host of a request whose client sent none.

/** The app's own address as Host, which HTTP/1.1 demands (RFC 9112 3.2); for a head that has none. */
export function hostField({ host, port }: { host: string; port: number }): string[] {
  return ["Host", `${host.includes(":") ? `[${host}]` : host}:${port}`];
}
