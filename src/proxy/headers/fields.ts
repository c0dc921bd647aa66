// Header fields as node's parser hands them over: a flat array [name, value, name, value, ...], latin1, in the order and
// case in which they came. Nothing here changes its input.

export type Fields = readonly string[];

/** The values of every field line of that name (lower case), in order. */
export function valuesOf(fields: Fields, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() === name) values.push(fields[i + 1]!);
  }
  return values;
}

/** The members of a comma-separated list over all its field lines, trimmed, empty ones left out (RFC 9110 5.6.1). */
export function listOf(fields: Fields, name: string): string[] {
  const members: string[] = [];
  for (const value of valuesOf(fields, name)) {
    for (const part of value.split(",")) {
      const member = part.trim();
      if (member !== "") members.push(member);
    }
  }
  return members;
}

/** The field lines for which `stays` says yes; `name` is in lower case. */
export function keep(fields: Fields, stays: (name: string, value: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (stays(name.toLowerCase(), value)) kept.push(name, value);
  }
  return kept;
}
