import { expect, test } from "vitest";
import { readManifests } from "./documents.ts";

const CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";

function objectsOf(text: string) {
  const read = readManifests([{ name: "web.yaml", text }]);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  return read.objects.map(({ kind, name, line }) => `${kind} ${name} :${line}`);
}

function problemsOf(text: string): readonly string[] {
  const read = readManifests([{ name: "web.yaml", text }]);
  return "problems" in read ? read.problems.map(({ line, message }) => `${line}: ${message}`) : [];
}

test("documents, comments between them, Lists and Lists in Lists give their objects in order", () => {
  const list = `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Service, metadata: {name: s}}
  - apiVersion: apps/v1
    kind: DeploymentList
    items: [{apiVersion: apps/v1, kind: Deployment, metadata: {generateName: d-}}]
`;
  expect(objectsOf(`# Source: a\n---\n# only a comment\n---\n${CONFIG}---\n${list}`)).toEqual([
    "ConfigMap c :5",
    "Service s :9",
    "Deployment d- :9",
  ]);
});

test("JSON is YAML", () => {
  expect(objectsOf('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}')).toEqual(["Pod p :1"]);
});

test("nothing at all has no objects and no problems", () => {
  expect(objectsOf("")).toEqual([]);
  expect(objectsOf("# nothing\n---\n")).toEqual([]);
});

test.each([
  ["a: b: c\n", /^1: not YAML: /],
  ["a: 1\nb: [1,\nc: 2\n", /^[23]: not YAML: /],
  [`${CONFIG}metadata: {name: d}\n`, /^4: not YAML: Map keys must be unique$/],
  ["a: *nobody\n", /^1: not YAML: .*nobody/],
  ["just words\n", /^1: not a Kubernetes object: it should be a map with apiVersion and kind$/],
  [`${CONFIG}---\n- 1\n`, /^5: not a Kubernetes object: it should be/],
  ["metadata: {}\n", /^1: not a Kubernetes object: it has no apiVersion and no kind$/],
  ["apiVersion: v1\nkind: List\nitems: [7]\n", /^1: item 1 of the List: not a Kubernetes object/],
  [`${CONFIG}data:\n  x: {{ .Values.x }}\n`, /^5: this is a template, not a manifest: render it first/],
  ['apiVersion: v1\nkind: Pod\nimage: "{{ .Values.i }}"\n', /^3: this is a template/],
  ['apiVersion: v1\nkind: Pod\nmetadata: {name: "{{ .Release.Name }}"}\n', /^3: this is a template/],
  ["{{- if .Values.x }}\nkind: Pod\n{{- end }}\n", /^1: this is a template/],
  ["apiVersion: v1\nkind: Pod\nspec:\n  {{- toYaml .Values | nindent 2 }}\n", /^4: this is a template/],
])("%j is told in one line", (text, expected) => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(expected);
  expect(problems[0]).not.toContain("\n");
});

test("text that only mentions a template is a manifest", () => {
  expect(problemsOf(`${CONFIG}data:\n  alert: |\n    {{ $labels.pod }} is down\n  b: "{{ x }}"\n`)).toEqual(
    [],
  );
});

test("what others fill in by themselves is no reason to refuse what stands beside it", () => {
  const workflow =
    'apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: w}\nspec: {container: {image: "{{i}}"}}\n';
  expect(problemsOf(`${CONFIG}data: {image: "{{ .Values.image }}"}\n---\n${workflow}`)).toEqual([]);
});

test("every file's problems are told at once", () => {
  const read = readManifests([
    { name: "a.yaml", text: "a: b: c" },
    { name: "b.yaml", text: CONFIG },
    { name: "c.yaml", text: "7" },
  ]);
  expect("problems" in read && read.problems.map(({ file }) => file)).toEqual(["a.yaml", "c.yaml"]);
});
