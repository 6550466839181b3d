/**
 * Lies about a JSON answer: every member, found by walking an honest answer, removed, of another type, of another value, another
 * object's; arrays of another length and order; members that nobody asked for.
 */
import { changedBlobs } from './sealed-lies.js';
import { bodyLie, type Lie } from './lie.js';

type Path = readonly (string | number)[];

/** Another answer of the same form, and whose it is. */
export interface OtherAnswer {
  readonly whose: string;
  readonly json: unknown;
}

/** JSON text that stands as it is. */
class Raw {
  constructor(readonly text: string) {}
}

const gone = Symbol('gone');
const deep = 20_000;
const longText = 'x'.repeat(70_000);
const hexPattern = /^(?:[0-9a-f]{2}){16,}$/;
const base64Pattern = /^[A-Za-z0-9_-]{20,}$/;
const timePattern = /^\d{4}-\d\d-\d\dT/;

/** All lies about an answer. `others`: of which values are taken; `sealed`: blobs that belong elsewhere. */
export function jsonLies(honest: unknown, others: readonly OtherAnswer[], sealed: readonly OtherAnswer[]): readonly Lie[] {
  return [...liesAt(honest, [], { others, sealed }), ...wholeLies()];
}

interface Elsewhere {
  readonly others: readonly OtherAnswer[];
  readonly sealed: readonly OtherAnswer[];
}

function liesAt(value: unknown, path: Path, elsewhere: Elsewhere): readonly Lie[] {
  const own = valuesInstead(value, elsewhere.sealed).map(([kind, other], i) => lieAt(kind, path, (now) => valueInstead(now, i, { kind, other, sealed: elsewhere.sealed })));
  const swaps = elsewhere.others.flatMap(({ whose, json }) => swapOf(value, path, valueAt(json, path)).map((other) => lieAt(`swapped with ${whose}`, path, () => other)));
  const removed = path.length === 0 ? [] : [lieAt('removed', path, () => gone)];
  return [...removed, ...own, ...swaps, ...childrenOf(value).flatMap(([name, child]) => liesAt(child, [...path, name], elsewhere))];
}

/** The same lie about the value of the answer at hand, which may be another than that of the answer that was walked. */
function valueInstead(now: unknown, i: number, walked: { readonly kind: string; readonly other: unknown; readonly sealed: readonly OtherAnswer[] }): unknown {
  const [kind, other] = valuesInstead(now, walked.sealed)[i] ?? [];
  return kind === walked.kind ? other : walked.other;
}

/** Of a long list the first and the last. */
function childrenOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return [...new Set([0, value.length - 1])].filter((i) => i >= 0 && i < value.length).map((i) => [i, value[i] as unknown]);
  return isObject(value) ? Object.entries(value) : [];
}

function swapOf(value: unknown, path: Path, other: unknown): readonly unknown[] {
  return path.length > 0 && other !== undefined && JSON.stringify(other) !== JSON.stringify(value) ? [other] : [];
}

function valuesInstead(value: unknown, sealed: readonly OtherAnswer[]): readonly (readonly [kind: string, value: unknown])[] {
  const common = [['null', null], ['of another type', typeof value === 'string' ? 7 : '7'], ['of another type', Array.isArray(value) ? {} : []]] as const;
  if (typeof value === 'number') return [...common, ...numbersInstead(value)];
  if (typeof value === 'boolean') return [...common, ['boolean flipped', !value], ['of another type', value ? 'true' : 0]];
  if (typeof value === 'string') return [...common, ...textsInstead(value, sealed)];
  if (Array.isArray(value)) return [...common, ...arraysInstead(value)];
  return isObject(value) ? [...common, ...objectsInstead(value)] : common;
}

function numbersInstead(value: number): readonly (readonly [string, unknown])[] {
  const others = [-1, 0, value - 1, value + 1, Math.floor(value / 2), value * 2 + 1, value + 0.5, 2 ** 31, 2 ** 53, 1e300].filter((other) => other !== value);
  return [...others.map((other) => ['number changed', other] as const), ['number changed', new Raw('1e999')], ['number changed', new Raw('-0')], ['number changed', new Raw(`${String(value)}.0`)]];
}

function textsInstead(value: string, sealed: readonly OtherAnswer[]): readonly (readonly [string, unknown])[] {
  const common = [['text emptied', ''], ['text very long', longText], ['text with controls', `\u0000\u001b[2J${value}`], ['text extended', `${value}a`]] as const;
  if (timePattern.test(value)) return [...common, ['time changed', '1970-01-01T00:00:00.000Z'], ['time changed', '9999-12-31T23:59:59.999Z'], ['time changed', '2026-02-31T00:00:00.000Z']];
  if (hexPattern.test(value)) return [...common, ...hexInstead(value)];
  if (!base64Pattern.test(value)) return common;
  const elsewhere = sealed.filter(({ json }) => json !== value).map(({ whose, json }) => [`sealed: ${whose}`, json] as const);
  return [...common, ...changedBlobs(value).map(({ kind, text }) => [kind, text] as const), ...elsewhere];
}

function hexInstead(value: string): readonly (readonly [string, unknown])[] {
  const flipped = (at: number): string => value.slice(0, at) + (value[at] === '0' ? '1' : '0') + value.slice(at + 1);
  return [['hex flipped', flipped(0)], ['hex flipped', flipped(value.length - 1)], ['hex of another form', value.toUpperCase().replace(/[0-9]$/, 'A')], ['hex of another form', value.slice(2)], ['hex of another form', `${value}00`]];
}

function arraysInstead(value: readonly unknown[]): readonly (readonly [string, unknown])[] {
  const [first] = value;
  if (first === undefined) return [['array filled', [null]], ['array filled', ['x']]];
  return [
    ['array emptied', []],
    ['array doubled', [...value, ...value]],
    ['array with one repeated', [first, ...value]],
    ['array very long', Array.from({ length: 5_000 }, () => first)],
    ...(value.length > 1 ? ([['array reordered', [...value].reverse()], ['array with one dropped', value.slice(1)], ['array with one dropped', value.slice(0, -1)]] as const) : []),
  ];
}

function objectsInstead(value: object): readonly (readonly [string, unknown])[] {
  const members = Object.entries(value);
  const text = (pairs: readonly (readonly [string, unknown])[]): Raw => new Raw(`{${pairs.map(([name, member]) => `${JSON.stringify(name)}:${textOfJson(member)}`).join(',')}}`);
  return [
    ['unknown member', text([...members, ['unknown', 1]])],
    ...['__proto__', 'constructor', 'toString'].map((name) => ['member of a prototype', text([...members, [name, { polluted: true }]])] as const),
    ...members.map(([name, member]) => ['member twice', text([[name, null], ...members.filter(([other]) => other !== name), [name, member]])] as const),
    ...members.map(([name]) => ['member twice', text([...members, [name, null]])] as const),
  ];
}

/** Lies about all of it. */
function wholeLies(): readonly Lie[] {
  const whole = (kind: string, text: string): Lie => bodyLie(kind, '', () => Buffer.from(text));
  return [
    whole('not JSON', ''), whole('not JSON', '{'), whole('not JSON', '<html>no</html>'), whole('not JSON', 'NaN'),
    whole('other JSON', 'null'), whole('other JSON', '[]'), whole('other JSON', '{}'), whole('other JSON', '"text"'), whole('other JSON', '0'),
    whole('deeply nested', '['.repeat(deep)), whole('deeply nested', `${'['.repeat(deep)}${']'.repeat(deep)}`), whole('deeply nested', `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`),
    bodyLie('not UTF-8', '', (body) => Buffer.concat([body.subarray(0, -1), Buffer.of(0xff), body.subarray(-1)])),
    bodyLie('byte order mark', '', (body) => Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), body])),
    bodyLie('bytes after it', '', (body) => Buffer.concat([body, Buffer.from('{}')])),
    bodyLie('cut', '', (body) => body.subarray(0, body.length >> 1)),
    bodyLie('cut', '', (body) => body.subarray(0, -1)),
    bodyLie('spaces', '', (body) => Buffer.concat([Buffer.from(' \n\t'), body, Buffer.alloc(1_000, 0x20)])),
    bodyLie('too long', '', (body) => Buffer.concat([body, Buffer.alloc(17_000_000, 0x20)])),
  ];
}

function lieAt(kind: string, path: Path, otherOf: (now: unknown) => unknown): Lie {
  return bodyLie(kind, nameOf(path), (body) => {
    const json: unknown = JSON.parse(Buffer.from(body).toString());
    const now = valueAt(json, path);
    return now === undefined ? body : Buffer.from(textOfJson(replaced(json, path, otherOf(now))));
  });
}

function replaced(json: unknown, path: Path, other: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return other;
  const isGone = other === gone && rest.length === 0;
  if (Array.isArray(json)) return json.flatMap((item: unknown, i) => (i !== name ? [item] : isGone ? [] : [replaced(item, rest, other)]));
  return Object.fromEntries(Object.entries(json as object).flatMap(([key, item]) => (key !== name ? [[key, item]] : isGone ? [] : [[key, replaced(item, rest, other)]])));
}

/** The value that a path leads to. */
function valueAt(json: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string | number, unknown>>)[name] : undefined), json);
}

function textOfJson(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(textOfJson).join(',')}]`;
  if (isObject(value)) return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${textOfJson(member)}`).join(',')}}`;
  return JSON.stringify(value);
}

/** Indices are not told apart. */
function nameOf(path: Path): string {
  return path.map((name) => (typeof name === 'number' ? '[]' : name)).join('.');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
