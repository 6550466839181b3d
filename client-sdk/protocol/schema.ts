/**
 * A small two-way schema: `parse` turns JSON of a stranger into typed values, `format` turns them back,
 * `json` is the JSON Schema (2020-12) that the OpenAPI document shows. Unknown members are refused.
 */
import { base64Of, bytesOfBase64, bytesOfHex, hexOf } from './bytes.js';
import { idBytes } from './limits.js';
import { Refusal } from './refusals.js';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Parses and formats one kind of value. `parse` throws Refusal `request-invalid` naming `at`. */
export interface Schema<T> {
  readonly json: Json;
  parse(value: unknown, at: string): T;
  format(value: T): Json;
}

/** The type that a schema parses to. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Says what was expected at `at`. Never repeats the value: it may be secret. */
export function invalid(at: string, expected: string): Refusal {
  return new Refusal('request-invalid', `${at} must be ${expected}.`);
}

/** Text of `min` to `max` UTF-16 units. Neither U+0000 nor half a surrogate pair is in it: no store keeps either as it is. */
export function text(min: number, max: number): Schema<string> {
  return {
    json: { type: 'string', minLength: min, maxLength: max },
    parse(value, at) {
      if (typeof value === 'string' && value.length >= min && value.length <= max && !/\0|\p{Cs}/u.test(value)) return value;
      throw invalid(at, `text of ${String(min)} to ${String(max)} characters`);
    },
    format: (value) => value,
  };
}

/** A safe integer from `min` to `max`. */
export function integer(min: number, max: number): Schema<number> {
  return {
    json: { type: 'integer', minimum: min, maximum: max },
    parse(value, at) {
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
      throw invalid(at, `an integer from ${String(min)} to ${String(max)}`);
    },
    format: (value) => value,
  };
}

/** A count of bytes or things. */
export const count = integer(0, Number.MAX_SAFE_INTEGER);

/** true or false. */
export const flag: Schema<boolean> = {
  json: { type: 'boolean' },
  parse(value, at) {
    if (typeof value === 'boolean') return value;
    throw invalid(at, 'true or false');
  },
  format: (value) => value,
};

/** One of `choices`. */
export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Schema<Choice> {
  return {
    json: { enum: choices },
    parse(value, at) {
      const choice = choices.find((candidate) => candidate === value);
      if (choice !== undefined) return choice;
      throw invalid(at, `one of ${choices.join(', ')}`);
    },
    format: (value) => value,
  };
}

/** Exactly `size` bytes as lower-case hex. */
export function hex(size: number): Schema<Uint8Array> {
  return {
    json: { type: 'string', pattern: `^[0-9a-f]{${String(2 * size)}}$` },
    parse(value, at) {
      const bytes = typeof value === 'string' && value.length === 2 * size ? bytesOfHex(value) : undefined;
      if (bytes !== undefined) return bytes;
      throw invalid(at, `${String(size)} bytes as lower-case hex`);
    },
    format: hexOf,
  };
}

/** An id: 16 bytes as lower-case hex, kept as text under its brand. */
export function id<Id extends string>(): Schema<Id> {
  const inner = hex(idBytes);
  return {
    json: inner.json,
    parse: (value, at) => hexOf(inner.parse(value, at)) as Id,
    format: (value) => value,
  };
}

/** `min` to `max` bytes as unpadded base64url. */
export function blob(min: number, max: number): Schema<Uint8Array> {
  return {
    json: { type: 'string', contentEncoding: 'base64url', maxLength: Math.ceil((max * 4) / 3) },
    parse(value, at) {
      const bytes = typeof value === 'string' && value.length <= Math.ceil((max * 4) / 3) ? bytesOfBase64(value) : undefined;
      if (bytes !== undefined && bytes.length >= min && bytes.length <= max) return bytes;
      throw invalid(at, `${String(min)} to ${String(max)} bytes as unpadded base64url`);
    },
    format: base64Of,
  };
}

/** An RFC 3339 time in UTC with milliseconds, kept as milliseconds since the epoch. */
export const time: Schema<number> = {
  json: { type: 'string', format: 'date-time' },
  parse(value, at) {
    const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? Date.parse(value) : NaN;
    if (!Number.isNaN(ms)) return ms;
    throw invalid(at, 'an RFC 3339 time in UTC with milliseconds');
  },
  format: (value) => new Date(value).toISOString(),
};

/** A list of at most `max` items. */
export function list<T>(item: Schema<T>, max: number): Schema<readonly T[]> {
  return {
    json: { type: 'array', items: item.json, maxItems: max },
    parse(value, at) {
      if (!Array.isArray(value) || value.length > max) throw invalid(at, `a list of at most ${String(max)} items`);
      return value.map((entry: unknown, index) => item.parse(entry, `${at}[${String(index)}]`));
    },
    format: (value) => value.map((entry) => item.format(entry)),
  };
}

/** A member that may be absent; null is not absence. */
export interface Optional<T> {
  readonly optional: Schema<T>;
}

/** Marks a member as optional. */
export function optional<T>(inner: Schema<T>): Optional<T> {
  return { optional: inner };
}

type Member = Schema<never> | Schema<unknown> | Optional<unknown>;
type Shape = Readonly<Record<string, unknown>>;
type OptionalNames<S extends Shape> = { [N in keyof S]: S[N] extends Optional<unknown> ? N : never }[keyof S];
type ObjectOf<S extends Shape> = {
  readonly [N in Exclude<keyof S, OptionalNames<S>>]: Infer<S[N]>;
} & { readonly [N in OptionalNames<S>]?: S[N] extends Optional<infer T> ? T : never };

/** An object with exactly the members of `shape`. */
export function object<S extends Shape>(shape: S): Schema<ObjectOf<S>> {
  const members = Object.entries(shape).map(([name, member]) => memberOf(name, member as Member));
  return {
    json: {
      type: 'object',
      additionalProperties: false,
      required: members.filter((member) => !member.isOptional).map((member) => member.name),
      properties: Object.fromEntries(members.map((member) => [member.name, member.schema.json])),
    },
    parse: (value, at) => parseMembers(members, value, at) as ObjectOf<S>,
    format: (value) => formatMembers(members, value),
  };
}

interface NamedMember {
  readonly name: string;
  readonly schema: Schema<unknown>;
  readonly isOptional: boolean;
}

function memberOf(name: string, member: Member): NamedMember {
  if ('optional' in member) return { name, schema: member.optional, isOptional: true };
  return { name, schema: member, isOptional: false };
}

function parseMembers(members: readonly NamedMember[], value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(at, 'an object');
  const given = value as Readonly<Record<string, unknown>>;
  const stranger = Object.keys(given).find((name) => !members.some((member) => member.name === name));
  if (stranger !== undefined) throw invalid(at, `an object without the unknown member ${JSON.stringify(stranger.slice(0, 40))}`);
  const parsed: Record<string, unknown> = {};
  for (const { name, schema, isOptional } of members) {
    if (!Object.hasOwn(given, name)) {
      if (isOptional) continue;
      throw invalid(`${at}.${name}`, 'present');
    }
    parsed[name] = schema.parse(given[name], `${at}.${name}`);
  }
  return parsed;
}

function formatMembers(members: readonly NamedMember[], value: Readonly<Record<string, unknown>>): Json {
  const formatted: Record<string, Json> = {};
  for (const { name, schema } of members) {
    if (value[name] !== undefined) formatted[name] = schema.format(value[name]);
  }
  return formatted;
}
