// Where objects stand in the API: a group, a version, a plural, a namespace.

export interface Resource {
  /** "" for the core group, else such as "apps". */
  readonly group: string;
  readonly version: string;
  /** In plural, such as "pods". */
  readonly resource: string;
  readonly namespace: string;
}

/** Of all of them in the namespace, or of the one that is called `name`. */
export function pathOf({ group, version, resource, namespace }: Resource, name?: string): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const all = `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  return name === undefined ? all : `${all}/${encodeURIComponent(name)}`;
}

export function queryOf(fields: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(fields).toString();
  return query === "" ? "" : `?${query}`;
}
