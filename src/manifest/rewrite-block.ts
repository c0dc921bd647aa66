// Writes a changed value in block style: lines are put in, taken out or changed; all others stay.

import { itemIds } from "./item-identity.ts";
import { isList, isObject, isSame, type Json, type JsonObject } from "./json-value.ts";
import { rewriteFlow } from "./rewrite-flow.ts";
import {
  beginsLine,
  columnOf,
  endWithComments,
  indented,
  lineStart,
  type Splice,
  startWithComments,
} from "./splice.ts";
import { type Form, type SourceNode, writeYaml } from "./yaml-source.ts";

export interface Page {
  readonly text: string;
  readonly form: Form;
}

type MapNode = SourceNode & { readonly kind: "map" };
type ListNode = SourceNode & { readonly kind: "list" };

/** A key or an item of a collection, from its beginning (its dash) on. */
interface Member {
  readonly id: string;
  readonly start: number;
  readonly node: SourceNode;
  readonly old: Json;
}

/** The changes that turn the node's value `then` into `now`; undefined: it has to be written anew as a whole. */
export function rewriteBlock(
  page: Page,
  node: SourceNode,
  then: Json,
  now: Json,
): readonly Splice[] | undefined {
  if (isSame(then, now)) return [];
  if (node.kind === "leaf" || node.flow) return rewriteInline(page, node, then, now);
  if (node.kind === "map" && isObject(then) && isObject(now)) return rewriteMap(page, node, then, now);
  if (node.kind === "list" && isList(then) && isList(now)) return rewriteList(page, node, then, now);
  return undefined;
}

function rewriteInline(page: Page, node: SourceNode, then: Json, now: Json): readonly Splice[] | undefined {
  const { text, form } = page;
  const written = text.slice(node.start, node.end);
  const isCollection = isObject(now) || isList(now);
  if (isCollection && (node.kind === "leaf" || /^[[{]\s*[\]}]$/.test(written)) && !isEmpty(now))
    return undefined;
  // An anchor or a block of text cannot be replaced between its ends.
  if (written === "" || /^[|>&*!]/.test(written)) return undefined;
  const flow =
    node.kind === "leaf" ? writeYaml(now, { ...form, flow: true }) : rewriteFlow(text, node, then, now, form);
  return flow.includes("\n") && node.kind === "leaf"
    ? undefined
    : [{ start: node.start, end: node.end, text: flow }];
}

function rewriteMap(
  page: Page,
  node: MapNode,
  then: JsonObject,
  now: JsonObject,
): readonly Splice[] | undefined {
  const members = node.pairs.map(({ key, start, value }) => ({
    id: key,
    start,
    node: value,
    old: then[key] ?? null,
  }));
  const wanted = Object.entries(now).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return rewriteMembers(page, members, wanted, (key, value) => writeYaml({ [key]: value }, page.form));
}

function rewriteList(
  page: Page,
  node: ListNode,
  then: readonly Json[],
  now: readonly Json[],
): readonly Splice[] | undefined {
  const ids = itemIds(then);
  const members = node.items.map((item, index) => ({
    id: ids[index]!,
    start: page.text.lastIndexOf("-", item.start - 1),
    node: item,
    old: then[index]!,
  }));
  // A list right behind the dash of another one has no line of its own.
  if (!members.every(({ start }) => beginsLine(page.text, start))) return undefined;
  const wantedIds = itemIds(now);
  const wanted = now.map((value, index) => [wantedIds[index]!, value] as const);
  return rewriteMembers(page, members, wanted, (_, value) => writeYaml([value], page.form));
}

function rewriteMembers(
  page: Page,
  members: readonly Member[],
  wanted: readonly (readonly [string, Json])[],
  write: (id: string, value: Json) => string,
): readonly Splice[] | undefined {
  const { text } = page;
  const kept = members.filter(({ id }) => wanted.some(([key]) => key === id));
  const first = members[0];
  const order = wanted.filter(([key]) => kept.some(({ id }) => id === key)).map(([key]) => key);
  if (!first || kept.length === 0 || kept.some(({ id }, index) => order[index] !== id)) return undefined;
  const column = columnOf(text, first.start);
  const endOf = (member: Member): number => endWithComments(text, contentEnd(member.node), column);
  const startOf = (member: Member): number =>
    beginsLine(text, member.start) ? lineStart(text, member.start) : member.start;
  const splices: Splice[] = [];

  const put = (after: Member | undefined, written: string): void => {
    if (after) {
      const place = endOf(after);
      splices.push({
        start: place,
        end: place,
        text: `${indented(written, column)}
`,
      });
    } else if (beginsLine(text, first.start)) {
      const place = startWithComments(text, first.start);
      splices.push({ start: place, end: place, text: `${indented(written, column)}\n` });
    } else {
      const inserted = `${indented(written, column)}\n${" ".repeat(column)}`.trimStart();
      splices.push({ start: first.start, end: first.start, text: inserted });
    }
  };

  // What follows the dash of an item goes up to the first key that stays, which takes its place.
  const leading = beginsLine(text, first.start) ? 0 : members.indexOf(kept[0]!);
  if (leading > 0) splices.push({ start: first.start, end: kept[0]!.start, text: "" });
  for (const member of members.slice(leading)) {
    if (!kept.includes(member)) splices.push({ start: startOf(member), end: endOf(member), text: "" });
  }
  let after: Member | undefined;
  for (const [id, value] of wanted) {
    const member = kept.find((one) => one.id === id);
    if (member) {
      after = member;
      const inside = rewriteBlock(page, member.node, member.old, value);
      if (inside) splices.push(...inside);
      else {
        const start = startOf(member);
        const end = endOf(member);
        const fresh = `${indented(write(id, value), column)}\n`;
        splices.push({ start, end, text: start === member.start ? fresh.trimStart() : fresh });
      }
    } else put(after, write(id, value));
  }
  return splices;
}

/** Behind the last character that belongs to the value, which may be a line's end. */
function contentEnd(node: SourceNode): number {
  if (node.kind === "leaf" || node.flow) return node.end;
  const last = node.kind === "map" ? node.pairs.at(-1)?.value : node.items.at(-1);
  return last ? contentEnd(last) : node.end;
}

function isEmpty(value: Json): boolean {
  return (isList(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);
}
