// The languages of the clients: how the app under test is started in each, and whether the tool for it is here.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "vitest";

const CLIENTS = join(import.meta.dirname, "..");
const EXAMPLES = join(CLIENTS, "../examples");

export interface Language {
  readonly name: "node" | "go" | "python";
  /** Builds what must be built into that folder; returns the command that starts the app under test. */
  readonly command: (folder: string) => readonly string[];
  /** The same for the server in examples/. */
  readonly example: ((folder: string) => readonly string[]) | undefined;
  /** undefined: always here. */
  readonly tool: string | undefined;
}

const LANGUAGES: readonly Language[] = [
  {
    name: "node",
    tool: undefined,
    command: () => [process.execPath, join(CLIENTS, "testing/app.js")],
    example: () => [process.execPath, join(EXAMPLES, "node/server.js")],
  },
  {
    name: "go",
    tool: "go",
    command: (folder) => [buildGo(join(CLIENTS, "go/testapp"), folder)],
    example: (folder) => [buildGo(join(EXAMPLES, "go"), folder)],
  },
  {
    name: "python",
    tool: "python3",
    command: () => ["python3", "-B", join(CLIENTS, "python/testapp.py")],
    example: undefined,
  },
];

/** Builds a program without any download. */
function buildGo(source: string, folder: string): string {
  const binary = join(folder, "app");
  const env = { ...process.env, GOTOOLCHAIN: "local", GOPROXY: "off", GOFLAGS: "-buildvcs=false" };
  execFileSync("go", ["build", "-o", binary, "."], { cwd: source, env });
  return binary;
}

function isFound(tool: string): boolean {
  return spawnSync(tool, [tool === "go" ? "version" : "--version"], { stdio: "ignore" }).status === 0;
}

/** Declares the tests once per language. Without its tool a language is skipped by name; with CI=true that is a failure. */
export function describeEachLanguage(promise: string, body: (language: Language) => void): void {
  describeEach(promise, LANGUAGES, body);
}

/** The same for the languages that have an example. */
export function describeEachExample(
  promise: string,
  body: (command: (folder: string) => readonly string[]) => void,
): void {
  const languages = LANGUAGES.filter((language) => language.example !== undefined);
  describeEach(promise, languages, ({ example }) => {
    if (example !== undefined) body(example);
  });
}

function describeEach(
  promise: string,
  languages: readonly Language[],
  body: (language: Language) => void,
): void {
  for (const language of languages) {
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
