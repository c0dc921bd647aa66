// The manifests that a verb works on: the files of its command line, or stdin.

import { readFile } from "node:fs/promises";
import { whyUnreadable } from "../config/unreadable.ts";
import { SluiceError } from "../errors.ts";
import { type Manifests, type ManifestText, readManifests } from "../manifest/documents.ts";
import type { Terminal } from "./terminal.ts";

/** As verbs name it in their usage line. */
export const FILES = "[FILE...]";
const STDIN = "-";

/**
 * The manifests in the files; `-`, or no file at all, is stdin. Undefined after what is wrong with them has been told,
 * one line each: the exit code is USAGE then. Throws USAGE for files that cannot be read.
 */
export async function readManifestInput(
  files: readonly string[],
  terminal: Terminal,
): Promise<Manifests | undefined> {
  if (files.length === 0 && terminal.inputIsTerminal) {
    throw new SluiceError("USAGE", "FILE must be given, or manifests on stdin");
  }
  const texts: ManifestText[] = [];
  for (const name of files.length === 0 ? [STDIN] : files) {
    if (name === STDIN) texts.push({ name: "stdin", text: await terminal.input() });
    else texts.push({ name, text: await textOf(name) });
  }
  const read = readManifests(texts);
  if (!("problems" in read)) return read;
  for (const { file, line, message } of read.problems) {
    terminal.err(`${terminal.paint.red(`${terminal.name}:`)} ${file}:${line}: ${message}\n`);
  }
  return undefined;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new SluiceError("USAGE", `${path} cannot be read: ${whyUnreadable(cause)}`, { cause });
  }
}
