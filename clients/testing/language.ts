// The languages of the clients: how the app under test is started in each, and whether the tool for it is here.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";

const CLIENTS = join(import.meta.dirname, "..");

export interface Language {
  readonly name: "node" | "go" | "python";
  /** Builds what must be built; returns the command that starts the app under test. */
  readonly command: () => readonly string[];
  /** undefined: always here. */
  readonly tool: string | undefined;
}

const LANGUAGES: readonly Language[] = [
  {
    name: "node",
    tool: undefined,
    command: () => [process.execPath, join(CLIENTS, "testing/app.js")],
  },
  {
    name: "go",
    tool: "go",
    command: () => {
      const binary = join(mkdtempSync(join(tmpdir(), "sluice-go-")), "app");
      const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod", GOPROXY: "off" };
      execFileSync("go", ["build", "-o", binary, "./testapp"], { cwd: join(CLIENTS, "go"), env });
      return [binary];
    },
  },
  {
    name: "python",
    tool: "python3",
    command: () => ["python3", "-B", join(CLIENTS, "python/testapp.py")],
  },
];

function isFound(tool: string): boolean {
  return spawnSync(tool, [tool === "go" ? "version" : "--version"], { stdio: "ignore" }).status === 0;
}

/** Declares the tests once per language. Without its tool a language is skipped by name; with CI=true that is a failure. */
export function describeEachLanguage(promise: string, body: (language: Language) => void): void {
  for (const language of LANGUAGES) {
    const title = `${language.name}: ${promise}`;
    if (language.tool === undefined || isFound(language.tool)) {
      describe(title, () => body(language));
      continue;
    }
    const reason = `${language.tool} is not on the PATH`;
    if (process.env.CI === "true") {
      it(title, () => {
        throw new Error(`${reason}, and CI=true allows no skip`);
      });
    } else {
      console.warn(`SKIPPED ${title}: ${reason}`);
      describe.skip(`${title} (skipped: ${reason})`, () => body(language));
    }
  }
}
