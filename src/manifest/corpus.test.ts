import { describe, expect, test } from "vitest";
import { CORPUS, injectText, manifestsOf, textOf, uninjectText } from "./inject.fixture.ts";
import type { InjectOptions } from "./inject-options.ts";
import { isSame } from "./json-value.ts";

const VARIANTS: readonly Partial<InjectOptions>[] = [
  {},
  { classic: true },
  { listen: 18_080, flags: ["--grace", "60s", "--drain-delay=10s", "--gates", "kafka"] },
  { flags: ["--ops", ":19080", "--slots", "one=127.0.0.1:18081", "--control", "127.0.0.1:19081"] },
];

describe.each(CORPUS)("$name", ({ name, text }) => {
  test.each(VARIANTS)(
    "injected twice is injected once; uninjected, it is the original (%j)",
    async (options) => {
      const once = textOf(await injectText(text, options));
      expect(once).not.toBe(text);
      expect(textOf(await injectText(once, options))).toBe(once);

      const back = uninjectText(once);
      expect(valuesOf(back), "values and the order of keys").toBe(valuesOf(text));
      if (!REPLACED_WITH_ITS_FORM.includes(name)) expect(back).toBe(text);
    },
  );

  test("other options take the place of earlier ones", async () => {
    for (const [first, second] of [
      [VARIANTS[1], VARIANTS[0]],
      [VARIANTS[0], VARIANTS[3]],
      [VARIANTS[2], VARIANTS[1]],
    ]) {
      const direct = textOf(await injectText(text, second));
      const later = textOf(await injectText(textOf(await injectText(text, first)), second));
      expect(valuesOf(later)).toBe(valuesOf(direct));
    }
  });

  test("every comment stays, and so does every byte of a document that nothing is done to", async () => {
    const changed = textOf(await injectText(text));
    for (const [comment] of text.matchAll(/(?<=^|\s)# .*$/gm)) expect(changed).toContain(comment);

    const before = manifestsOf(text).files[0]!;
    const after = manifestsOf(changed).files[0]!;
    before.documents.forEach((document, index) => {
      const now = after.documents[index]!;
      if (!isSame(document.value, now.value)) return;
      expect(after.text.slice(now.start, now.end)).toBe(text.slice(document.start, document.end));
    });
  });
});

/** A probe or a hook that was replaced comes back in block style, without its comments. */
const REPLACED_WITH_ITS_FORM = ["many-services.yaml", "stateful.yaml", "two-containers.yaml"];

function valuesOf(text: string): string {
  return JSON.stringify(manifestsOf(text).files[0]!.documents.map(({ value }) => value));
}
