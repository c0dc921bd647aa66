// Markup as a value: made by pure functions, written as text into a report or put into a page by its DOM. Nothing is ever
// parsed as HTML, so that no name or message can become markup.

export interface Element {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly children: readonly Node[];
}

export type Node = Element | string;
/** Undefined and false: left out; true: without a value. `key` tells siblings apart and is not written. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
/** Nothing and lists of nodes, so that parts can be left out or repeated in place. */
export type Part = Node | undefined | false | readonly Part[];

export function element(tag: string, attributes: Attributes = {}, ...parts: readonly Part[]): Element {
  return { tag, attributes, children: flatten(parts) };
}

function flatten(parts: readonly Part[]): readonly Node[] {
  return parts.flatMap((part): readonly Node[] => {
    if (part === undefined || part === false) return [];
    if (typeof part === "string") return part === "" ? [] : [part];
    return "tag" in part ? [part] : flatten(part);
  });
}

const VOID = new Set(["meta", "br", "hr", "input", "link"]);

/** As HTML, of which SVG with lower-case tags is a part. The text of style elements stays as it is. */
export function textOf(node: Node): string {
  if (typeof node === "string") return escaped(node);
  const { tag, attributes, children } = node;
  const written = Object.entries(attributes)
    .filter(([name, value]) => name !== "key" && value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? ` ${name}=""` : ` ${name}="${escaped(String(value))}"`))
    .join("");
  if (VOID.has(tag)) return `<${tag}${written}>`;
  const inside = tag === "style" ? children.join("") : children.map(textOf).join("");
  return `<${tag}${written}>${inside}</${tag}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  // Characters that XML does not know would make a file unreadable.
  return text.replaceAll(/[^\t\n\r -\uffff]/g, "�").replaceAll(/[&<>"]/g, (one) => ENTITIES[one]!);
}
