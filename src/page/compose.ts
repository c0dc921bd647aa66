// Makes the page of its sources: one HTML text with one style and one script in it. esbuild enters here in src/; where sluice
// runs as a bundle, this has been done before.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "../api/page.ts";

const FOLDER = import.meta.dirname;

/** Rejects where esbuild is not installed, or the sources do not compile. */
export async function composePage(): Promise<Page> {
  const { build, transform } = await import("esbuild");
  const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, "browser/main.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
  });
  const script = outputFiles[0]!.text.trim();
  const style = (await transform(read("page.css"), { loader: "css", minify: true })).code.trim();
  const shell = read("page.html").replaceAll(/\n\s*/g, "");
  const id = hash("hex", shell + style + script).slice(0, 16);
  const html = shell
    .replace("PAGE_ID", id)
    // Functions, since `$&` in a replacement would mean something.
    .replace("/*STYLE*/", () => style)
    .replace("/*SCRIPT*/", () => script);
  return { html, id, script: source(script), style: source(style) };
}

function source(text: string): string {
  return `sha256-${hash("base64", text)}`;
}

function hash(encoding: "hex" | "base64", text: string): string {
  return createHash("sha256").update(text).digest(encoding);
}
