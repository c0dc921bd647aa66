// Puts a tree of markup into the page, changing only what differs: what has the focus keeps it, what is open stays open.

import type { Element as Markup, Node as MarkupNode } from "../../picture/markup.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Makes the children of `parent` what `nodes` says. */
export function patch(parent: Element, nodes: readonly MarkupNode[]): void {
  const keyed = new Map<string, Element>();
  for (const child of parent.children) {
    const key = (child as Element & { sluiceKey?: string }).sluiceKey;
    if (key !== undefined) keyed.set(key, child);
  }
  let at = parent.firstChild;
  for (const node of nodes) {
    const found = typeof node === "string" ? at : (keyed.get(String(node.attributes.key)) ?? at);
    const fits = found !== null && isSame(found, node);
    const child = fits ? found : make(parent, node);
    if (child !== at) parent.insertBefore(child, at);
    at = child.nextSibling;
    if (typeof node === "string") {
      if (child.textContent !== node) child.textContent = node;
    } else update(child as Element, node);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function isSame(child: ChildNode, node: MarkupNode): boolean {
  if (typeof node === "string") return child.nodeType === Node.TEXT_NODE;
  if (child.nodeType !== Node.ELEMENT_NODE) return false;
  const { sluiceKey } = child as ChildNode & { sluiceKey?: string };
  const key = node.attributes.key === undefined ? undefined : String(node.attributes.key);
  return (child as Element).localName === node.tag && sluiceKey === key;
}

function make(parent: Element, node: MarkupNode): ChildNode {
  if (typeof node === "string") return document.createTextNode(node);
  const isSvg = node.tag === "svg" || (parent.namespaceURI === SVG && parent.localName !== "foreignObject");
  const made = isSvg ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
  if (node.attributes.key !== undefined)
    (made as Element & { sluiceKey?: string }).sluiceKey = String(node.attributes.key);
  return made;
}

function update(child: Element, { attributes, children }: Markup): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "key") continue;
    const text = value === true ? "" : value === undefined || value === false ? undefined : String(value);
    // A person has opened or closed it since.
    if (name === "open" && child.hasAttribute("data-kept")) continue;
    if (text === undefined) child.removeAttribute(name);
    else if (child.getAttribute(name) !== text) child.setAttribute(name, text);
  }
  for (const name of child.getAttributeNames())
    if (!(name in attributes) && name !== "open" && name !== "data-kept") child.removeAttribute(name);
  patch(child, children);
}
