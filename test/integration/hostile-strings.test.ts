/**
 * Every string of every JSON body, found by its schema, replaced by what breaks statements, headers, logs and parsers; and every value by
 * values of other types. Each is refused by form, or kept exactly as it is: never a failure of the server, never another's data.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { commitsType } from '../../client-sdk/protocol/commit-body.js';
import { apiPrefix, type Route, type RouteName, routes } from '../../client-sdk/protocol/routes.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { type RawAccount, registerRaw } from '../support/raw-account.js';
import { type ReadyCall, routeFixtures } from '../support/route-fixture.js';
import { startServer, type TestServer } from '../support/running-server.js';

const verbs = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;
const strings: readonly string[] = [
  '', ' ', "' OR '1'='1", "ada'; DROP TABLE account; --", '"; DELETE FROM session; --', 'ada\\', '%', '_', '$1', '?', ':username', '${7*7}', '{{7*7}}', '<%= 7*7 %>',
  'a\r\nSet-Cookie: dice=evil', 'a\nb', '\0', 'ada\0', '\ud800', 'a\udfffb', '\u202e', '\ufeff', '../../etc/passwd', 'file:///etc/passwd', '<script>alert(1)</script>', '__proto__', 'constructor',
  'a'.repeat(65), 'a'.repeat(100_000), '\u{1f600}'.repeat(30), 'null', 'true', '-1', '1e400', '=cmd|x', 'A'.repeat(64), 'f'.repeat(64), '0'.repeat(32),
];
const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
/** Values of other types, as JSON text: some of them have none in JavaScript. */
const values: readonly string[] = ['null', 'true', '0', '-1', '1e999', '1.5', '9007199254740993', '[]', '{}', '[[]]', '{"$ne":1}', '{"__proto__":{"isOperator":true}}', '{"toString":1,"length":5}', deep(2_000)];

interface Row {
  readonly name: RouteName;
  readonly route: Route;
}
type JsonObject = Readonly<Record<string, Json>>;
/** Where a value is: names of members, from the outermost on. */
type Path = readonly string[];

const rows: readonly Row[] = Object.entries(routes as Readonly<Record<RouteName, Route>>)
  .filter(([, route]) => typeof route.request === 'object').map(([name, route]) => ({ name: name as RouteName, route })); // keys of the table are its names

let server: TestServer;
let ada: RawAccount;
let tried = 0;
/** Made before anything is tried: what is tried counts as guessing of this network. */
const prepared = new Map<RouteName, { readonly owner: RawAccount; readonly call: ReadyCall }>();

beforeAll(async () => {
  server = await startServer();
  ada = await registerRaw(server.url, 'operator');
  for (const [at, { name }] of rows.entries()) {
    const owner = await registerRaw(server.url, `owner-${String(at)}`);
    prepared.set(name, { owner, call: await routeFixtures[name](server.url, owner) });
  }
});
afterAll(() => server.close());

/** Paths of all members, as the schema has them; optional ones too. */
function pathsOf(schema: Json, at: Path = []): readonly Path[] {
  const { properties } = schema as { readonly properties?: JsonObject };
  if (properties === undefined) return [at];
  return [...(at.length === 0 ? [] : [at]), ...Object.entries(properties).flatMap(([name, member]) => pathsOf(member, [...at, name]))];
}

/** The body's text with the value at `path` replaced by this text. */
function withText(body: JsonObject, [name = '', ...rest]: Path, text: string): string {
  const { [name]: old, ...others } = body;
  const inner = rest.length === 0 ? text : withText((old ?? {}) as JsonObject, rest, text); // the schema says that it is an object
  const members = Object.entries(others).map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`);
  return `{${[...members, `${JSON.stringify(name)}:${inner}`].join(',')}}`;
}

/** Of what a route takes. */
function typeOf(body: Required<Route>['request']): string {
  if (typeof body === 'object') return 'application/json';
  return body === 'commits' ? commitsType : 'application/octet-stream';
}

/** Half a pair of surrogates cannot stand in a URL. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

async function send({ route }: Row, owner: RawAccount, { path, body }: { readonly path: string; readonly body: string }): Promise<Response> {
  tried++;
  return request(server.url)[verbs[route.method]](apiPrefix + path).set('Authorization', owner.bearer).set('Content-Type', 'application/json').send(body);
}

function expectOrderly(answer: Response, what: string): void {
  expect([what, answer.status < 500]).toEqual([what, true]);
  expect(answer.headers['set-cookie'] ?? []).toEqual([]);
  if (answer.status >= 400) expect(answer.text).not.toMatch(/sqlite|syntax|stack|\bat \w+ \(/i);
}

describe.each(rows)('$name', (row) => {
  it('takes no hostile value for what it is not', async () => {
    const ready = prepared.get(row.name);
    if (ready === undefined) throw new Error('the call was not prepared');
    const { owner, call } = ready;
    const body = JSON.parse(String(call.body?.bytes)) as JsonObject; // routeFixtures made it of an object
    const path = row.route.path.replace(/:(\w+)/g, (_, name: string) => call.ids[name] ?? '');
    const { json } = row.route.request as { readonly json: Json }; // rows have schemas alone
    for (const at of pathsOf(json)) {
      for (const text of [...strings.map((value) => JSON.stringify(value)), ...values]) {
        expectOrderly(await send(row, owner, { path, body: withText(body, at, text) }), `${at.join('.')} = ${text.slice(0, 60)}`);
      }
    }
    expect((await request(server.url).get(`${apiPrefix}/account`).set('Authorization', ada.bearer)).status).toBe(200);
  });
});

describe('free texts', () => {
  it('are kept exactly or refused', async () => {
    const kept = { devices: 0, addresses: 0 };
    for (const text of strings.filter(({ length }) => length >= 3 && length <= 100)) {
      const made = await send({ name: 'makeToken', route: routes.makeToken }, ada, { path: '/tokens', body: JSON.stringify({ device: text, days: 1 }) });
      const email = await send({ name: 'changeEmail', route: routes.changeEmail }, ada, { path: '/account/email', body: JSON.stringify({ email: text }) });
      const account = (await request(server.url).get(`${apiPrefix}/account`).set('Authorization', ada.bearer)).body as { email?: string };
      expect([204, 400]).toContain(email.status);
      if (email.status === 204) {
        expect(account.email).toBe(text);
        kept.addresses++;
      }
      const { sessionId } = made.body as { sessionId?: string };
      const { sessions } = (await request(server.url).get(`${apiPrefix}/sessions`).set('Authorization', ada.bearer)).body as { sessions: readonly { readonly sessionId: string; readonly device?: string }[] };
      expect([200, 400]).toContain(made.status);
      if (made.status === 200) {
        expect(sessions.find((session) => session.sessionId === sessionId)?.device).toBe(text);
        kept.devices++;
      }
      if (sessionId !== undefined) await request(server.url).delete(`${apiPrefix}/sessions/${sessionId}`).set('Authorization', ada.bearer);
    }
    // Most are harmless where nobody reads them as anything else.
    expect(Math.min(kept.devices, kept.addresses)).toBeGreaterThan(10);
  });
});

describe('queries and ids', () => {
  it.each(['cursor', 'limit', 'trash'])('of a listing are refused: %s', async (name) => {
    for (const value of strings.filter(({ length }) => length > 0 && length < 200)) {
      const answer = await request(server.url).get(`${apiPrefix}/images`).query({ [name]: wellFormed(value) }).set('Authorization', ada.bearer);
      tried++;
      expectOrderly(answer, `${name}=${value}`);
      expect(value === 'true' || answer.status === 400).toBe(true);
    }
  });

  it('in paths are refused by form', async () => {
    const withIds = Object.values(routes as Readonly<Record<RouteName, Route>>).filter(({ path, access }) => path.includes(':') && access !== 'anyone');
    expect(withIds.length).toBeGreaterThan(10);
    for (const route of withIds) {
      for (const value of strings.filter(({ length }) => length > 0 && length < 200 && length !== 32)) {
        const asked = request(server.url)[verbs[route.method]](apiPrefix + route.path.replace(/:\w+/, encodeURIComponent(wellFormed(value)))).set('Authorization', ada.bearer);
        const answer = await (route.request === undefined ? asked : asked.set('Content-Type', typeOf(route.request)).send('{}'));
        tried++;
        expectOrderly(answer, value);
        expect(answer.status).toBe(400);
      }
    }
  });
});

describe('the whole', () => {
  it('was tried, nobody became what they are not, and nothing of it is in the log', async () => {
    expect(tried).toBeGreaterThan(2_000);
    const { users } = (await request(server.url).get(`${apiPrefix}/operator/users`).set('Authorization', ada.bearer)).body as { users: readonly { readonly isOperator: boolean }[] };
    expect(users.filter(({ isOperator }) => isOperator)).toHaveLength(1);
    expect(({} as { isOperator?: unknown }).isOperator).toBeUndefined();
    expect(server.logText()).not.toMatch(/DROP TABLE|<script>|Set-Cookie|etc\/passwd|"level":(50|60)/);
  });
});
