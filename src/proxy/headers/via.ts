// Via (RFC 9110 7.6.3): a message that names the hops that it went through. The pseudonym stands for the host.

/** The field line that says that sluice received the message in HTTP/`received`. Appended, never merged. */
export function viaField(received: "1.0" | "1.1" | "2"): [name: string, value: string] {
  return ["Via", `${received} sluice`];
}
