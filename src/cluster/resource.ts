// Where objects stand in the API: a group, a version, a plural, a namespace.

export interface Resource {
  /** "" for the core group, else such as "apps". */
  readonly group: string;
  readonly version: string;
  /** In plural, such as "pods". */
  readonly resource: string;
  readonly namespace: string;
}

export function pathOf({ group, version, resource, namespace }: Resource): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}

export function queryOf(fields: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(fields).toString();
  return query === "" ? "" : `?${query}`;
}
