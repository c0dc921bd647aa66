import fc from "fast-check";
import { expect, test } from "vitest";
import { readManifests } from "./documents.ts";
import type { Json, JsonObject } from "./json-value.ts";
import { rewriteFile } from "./rewrite.ts";
import { stepsBack, undo } from "./undo.ts";
import { writeYaml } from "./yaml-source.ts";

const HEAD = "apiVersion: v1\nkind: Pod\n";

function rewrite(text: string, change: (value: JsonObject) => Json, index = 0): string {
  const read = readManifests([{ name: "x.yaml", text }]);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  const file = read.files[0]!;
  return rewriteFile(file, new Map([[index, change(file.documents[index]!.value as JsonObject)]]));
}

test("only the lines that change change", () => {
  const text = `# head
apiVersion: v1 # why
kind:    Pod
metadata:
    name: "web"      # the name

spec:
    # the list
    containers:
      - name: web
        # its image
        image: 'web:1'
        # - gone

      - name: log
        ports: [ {containerPort: 80}, 7 ]
    last: true
`;
  const changed = rewrite(text, (value) => ({
    ...value,
    metadata: { name: "web", labels: { a: "8080" } },
    spec: {
      grace: 30,
      containers: [
        { name: "first", image: "x" },
        { name: "web", image: "web:2", env: [{ name: "A", value: "on" }] },
        { name: "log", ports: [{ containerPort: 80, name: "p" }, 7, 8] },
        { name: "end" },
      ],
    },
  }));
  expect(changed).toBe(`# head
apiVersion: v1 # why
kind:    Pod
metadata:
    name: "web"      # the name
    labels:
        a: "8080"

spec:
    grace: 30
    # the list
    containers:
      - name: first
        image: x
      - name: web
        # its image
        image: web:2
        env:
            - name: A
              value: "on"
        # - gone

      - name: log
        ports: [ {containerPort: 80, name: p}, 7, 8 ]
      - name: end
`);
});

test("lists without indent, CRLF, no final newline, blocks of text", () => {
  const text = `${HEAD}a:\n- |\n  text\n\n- name: m\n  b: |-\n    x\nc:`.replaceAll("\n", "\r\n");
  expect(
    rewrite(text, (value) => ({
      ...value,
      a: ["text\n", { name: "m", b: "y", n: [1] }],
      c: { d: 1 },
      e: [],
    })),
  ).toBe(
    `${HEAD}a:\n- |\n  text\n\n- name: m\n  b: "y"\n  "n":\n  - 1\nc:\n  d: 1\ne: []`.replaceAll(
      "\n",
      "\r\n",
    ),
  );
});

test("what becomes empty, and what was", () => {
  const text = `${HEAD}a:\n  b: 1\nc: []\nd: {}\ne:\nf: x\n`;
  expect(rewrite(text, (value) => ({ ...value, a: {}, c: [1], d: { x: 1 }, e: 7, f: null }))).toBe(
    `${HEAD}a: {}\nc:\n  - 1\nd:\n  x: 1\ne: 7\nf: null\n`,
  );
});

test("the first key behind a dash goes and comes", () => {
  const text = `${HEAD}list:\n  - name: a\n    b: 1\n  - c: 2\n    name: d\n`;
  const changed = rewrite(text, (value) => ({ ...value, list: [{ x: 0, name: "a", b: 1 }, { name: "d" }] }));
  expect(changed).toBe(`${HEAD}list:\n  - x: 0\n    name: a\n    b: 1\n  - name: d\n`);
});

test("several keys behind a dash go at once", () => {
  const text = `${HEAD}list:\n  - c: 2\n    d: 3\n    name: a\n    e: 4\n`;
  expect(rewrite(text, (value) => ({ ...value, list: [{ name: "a" }] }))).toBe(`${HEAD}list:\n  - name: a\n`);
});

test("another document stays byte by byte, whatever its form", () => {
  const other = `${HEAD}a:   [  1,2 ]   # odd\n\n\nb: "x"\n`;
  const text = `${other}---\n${HEAD}a: 1\n---\n${other}`;
  expect(rewrite(text, (value) => ({ ...value, a: 2 }), 1)).toBe(`${other}---\n${HEAD}a: 2\n---\n${other}`);
});

test("a comment that stands further in belongs to what is above it", () => {
  const text = `${HEAD}env:\n  - name: A\n\n  # - name: B\n    # more\n# of the next\nlast: 1\n`;
  expect(
    rewrite(text, (value) => ({ apiVersion: "v1", kind: "Pod", env: value.env ?? [], x: 1, last: 1 })),
  ).toBe(text.replace("# of the next", "x: 1\n# of the next"));
  expect(rewrite(text, () => ({ apiVersion: "v1", kind: "Pod", last: 1 }))).toBe(
    `${HEAD}# of the next\nlast: 1\n`,
  );
});

test("JSON stays JSON, with its indent", () => {
  const value = { apiVersion: "v1", kind: "Pod", a: [1] };
  for (const indent of [undefined, 2, 4, "\t"]) {
    expect(rewrite(`${JSON.stringify(value, undefined, indent)}\n`, (old) => ({ ...old, b: { c: 2 } }))).toBe(
      `${JSON.stringify({ ...value, b: { c: 2 } }, undefined, indent)}\n`,
    );
  }
});

test("an alias is written out where it differs, and a change that would reach others is refused", () => {
  const text = `${HEAD}a: &x\n  k: 1\nb: *x\nc:\n  <<: *x\n  l: 2\n`;
  expect(rewrite(text, (value) => ({ ...value, b: { k: 2 } }))).toContain("b:\n  k: 2\nc:\n  <<: *x\n");
  expect(rewrite(text, (value) => ({ ...value, c: { k: 1, l: 3 } }))).toContain(
    "b: *x\nc:\n  k: 1\n  l: 3\n",
  );
  expect(() => rewrite(text, (value) => ({ ...value, a: { k: 2 } }))).toThrow("cannot be edited in place");
});

const key = fc.constantFrom("name", "a", "b", "y", "no: #", "8", "mountPath");
const { value: anyValue } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>("x", "y", "8080", 7, true, null, "", "a\nb\n", "# no", "{{ x", " s ", "- x", "on"),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
}));
const manifest = fc
  .dictionary(key, anyValue, { maxKeys: 4 })
  .map((rest) => ({ apiVersion: "v1", kind: "Pod", ...rest }));

test("whatever is written can be read again", () => {
  const form = fc.record({ indent: fc.constantFrom(2, 4), indentLists: fc.boolean(), flow: fc.boolean() });
  fc.assert(
    fc.property(manifest, manifest, form, fc.boolean(), (then, now, how, hasEnd) => {
      fc.pre(!JSON.stringify(then).includes("{{"));
      // rewriteFile itself compares what it wrote with what it should have written, and throws.
      rewrite(writeYaml(then, how) + (hasEnd ? "\n" : ""), () => now);
    }),
    { numRuns: 2_000 },
  );
});

test("every change can be undone", () => {
  fc.assert(
    fc.property(manifest, manifest, (then, now) => {
      const back = undo(now, stepsBack(now, then));
      expect(back.value).toEqual(then);
      expect(back.missed).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
