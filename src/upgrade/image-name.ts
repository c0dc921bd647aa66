// Names of images, by the grammar of the OCI distribution's reference package.

const DOMAIN = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?`;
const COMPONENT = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const REFERENCE = new RegExp(
  String.raw`^(?:${DOMAIN}/)?(${COMPONENT}(?:/${COMPONENT})*)(:[\w][\w.-]{0,127})?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/** Why the text is no image's name, in one sentence; undefined: it is one. */
export function imageProblem(text: string): string | undefined {
  if (text === "") return "the image has no name";
  if (/\s/.test(text)) return `${JSON.stringify(text)} is no image: there is a blank in it`;
  const match = REFERENCE.exec(text);
  if (!match) {
    const hint = REFERENCE.test(text.toLowerCase()) ? ": its repository must be in lower case" : "";
    return `${JSON.stringify(text)} is no image${hint === "" ? ": it should look like registry/name:tag or registry/name@sha256:…" : hint}`;
  }
  if ((match[1] ?? "").length > 255) return "the image's name is longer than 255 characters";
  return undefined;
}

/** Whether the name can mean another image tomorrow: no digest, and no tag or `latest`. */
export function isMoving(text: string): boolean {
  if (text.includes("@")) return false;
  const last = text.slice(text.lastIndexOf("/") + 1);
  return !last.includes(":") || last.endsWith(":latest");
}
