// What a container's command line tells: who becomes PID 1, and how long a hook sleeps.

import type { Container } from "../manifest/workload.ts";

const SHELLS = new Set(["sh", "bash", "ash", "dash", "zsh", "ksh"]);

/** What the manifest says of it. Args alone are the whole of it: the entrypoints of common images run what they are given. */
export function commandLine({ command, args }: Container): readonly string[] {
  return [...(command ?? []), ...(args ?? [])];
}

export interface ShellScript {
  readonly shell: string;
  readonly script: string;
}

/** The script of `sh -c SCRIPT`; undefined for every other command line. */
export function shellScript(words: readonly string[] | undefined): ShellScript | undefined {
  const told = withoutEnv(words ?? []);
  const [first, ...rest] = baseName(told[0] ?? "") === "busybox" ? told.slice(1) : told;
  const shell = baseName(first ?? "");
  if (!SHELLS.has(shell)) return undefined;
  const option = rest.findIndex((word) => /^-[a-z]*c$/.test(word));
  // `-o pipefail -c`: options before it are the shell's.
  const script = option === -1 ? undefined : rest[option + 1];
  return script === undefined ? undefined : { shell, script };
}

/** What may stand behind an `exec` that takes the shell's place: it runs if that fails, or in no case. */
const BEHIND_EXEC = /^(?:exit|echo|printf|true|false|fi|done|esac|\}|#)(?:\s|$)/;
/** In the background, which is a child again; `2>&1` and `&>` are redirections. */
const BACKGROUND = /(?:^|[^>&])&(?![&>])/;

/** Whether the app's command takes the shell's place, or the shell itself handles SIGTERM. */
export function handsOver(script: string): boolean {
  if (/\btrap\s+(?!''|""|-\s)[^\n]*\b(?:SIG)?TERM\b/.test(script)) return true;
  const parts = script
    .split(/\n|;|&&|\|\|/)
    .map((part) => part.trim().replace(/^(?:(?:then|else|do|\{)\s+)+/, ""))
    .filter((part) => part !== "");
  const last = parts.findLastIndex((part) => /^exec\s+[^\s<>&\d]/.test(part) && !BACKGROUND.test(part));
  return last !== -1 && parts.slice(last + 1).every((part) => BEHIND_EXEC.test(part));
}

/** One command without operators: several shells run such a one in their own place, though none promises it. */
export function isSimple(script: string): boolean {
  return !/[\n;&|<>(){}`$]/.test(script.trim());
}

/** Seconds that `sleep 5` or `sh -c "sleep 5 && …"` waits; undefined if nothing there sleeps. */
export function sleepSeconds(words: readonly string[] | undefined): number | undefined {
  const script =
    shellScript(words)?.script ?? (baseName(words?.[0] ?? "") === "sleep" ? words?.join(" ") : undefined);
  const sleeps = [...(script ?? "").matchAll(/(?:^|[\s;&|/])sleep\s+(\d+(?:\.\d+)?)([smh]?)/g)];
  if (sleeps.length === 0) return undefined;
  const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600 };
  return sleeps.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 1), 0);
}

/** Whether nothing but sleeping happens. */
export function onlySleeps(words: readonly string[] | undefined): boolean {
  const text = shellScript(words)?.script ?? (words ?? []).join(" ");
  return /^\s*(?:exec\s+)?(?:\/(?:usr\/)?bin\/)?sleep\s+\d+(?:\.\d+)?[smh]?\s*;?\s*$/.test(text);
}

function withoutEnv(words: readonly string[]): readonly string[] {
  if (baseName(words[0] ?? "") !== "env") return words;
  return words.slice(
    Math.max(
      1,
      words.findIndex((word, index) => index > 0 && !word.includes("=")),
    ),
  );
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
