/**
 * Every string of every JSON body, found by its schema, replaced by what breaks statements, headers, logs and parsers; and every value by
 * values of other types. Each is refused by form, or kept exactly as it is: never a failure of the server, never another's data.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { base64Of, utf8 } from '../../client-sdk/protocol/bytes.js';
import { commitsType } from '../../client-sdk/protocol/commit-body.js';
import { apiPrefix, type Route, type RouteName, routes } from '../../client-sdk/protocol/routes.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import type { Engine } from './engine.js';
import { type Row, rows, verbs } from './matrix-world.js';
import { type RawAccount, registerRaw } from './raw-account.js';
import { type ReadyCall, routeFixtures } from './route-fixture.js';
import { startServer, type TestServer } from './running-server.js';

const strings: readonly string[] = [
  '', ' ', "' OR '1'='1", "ada'; DROP TABLE account; --", '"; DELETE FROM session; --', 'ada\\', '%', '_', '$1', '?', ':username', '${7*7}', '{{7*7}}', '<%= 7*7 %>',
  'a\r\nSet-Cookie: dice=evil', 'a\nb', '\0', 'ada\0', '\ud800', 'a\udfffb', '\u202e', '\ufeff', '../../etc/passwd', 'file:///etc/passwd', '<script>alert(1)</script>', '__proto__', 'constructor',
  'a'.repeat(65), 'a'.repeat(100_000), '\u{1f600}'.repeat(30), 'null', 'true', '-1', '1e400', '=cmd|x', 'A'.repeat(64), 'f'.repeat(64), '0'.repeat(32),
];
const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
/** Values of other types, as JSON text: some of them have none in JavaScript. */
const values: readonly string[] = ['null', 'true', '0', '-1', '1e999', '1.5', '9007199254740993', '[]', '{}', '[[]]', '{"$ne":1}', '{"__proto__":{"isOperator":true}}', '{"toString":1,"length":5}', deep(2_000)];

/** What no column may be too narrow for. */
const integers: readonly string[] = ['9007199254740991', '4294967295', '2147483648'];

type JsonObject = Readonly<Record<string, Json>>;
/** Where a value is: names of members, from the outermost on. */
type Path = readonly string[];

/** Routes that take JSON. */
const jsonRows = rows.filter(({ route }) => typeof route.request === 'object');

/** What was made before anything is tried: what is tried counts as guessing of this network. */
interface Stage {
  readonly server: TestServer;
  readonly ada: RawAccount;
  readonly prepared: ReadonlyMap<RouteName, { readonly owner: RawAccount; readonly call: ReadyCall }>;
}

/** All of it on one engine, or every n-th value of each member; which these are differs from member to member. */
export function hostileStrings(engine: Engine, every = 1): void {
  const sampled = (texts: readonly string[], from = 0): readonly string[] => texts.filter((_, i) => (from + i) % every === 0);
  describe(`on ${engine.name}`, () => {
    let stage: Stage;
    let tried = 0;
    const counted = <T>(answer: T): T => {
      tried++;
      return answer;
    };
    const send = async (row: Row, owner: RawAccount, { path, body }: { readonly path: string; readonly body: string }): Promise<Response> =>
      counted(await as(owner, row.route, path).set('Content-Type', 'application/json').send(body));
    const as = (account: RawAccount, { method }: Pick<Route, 'method'>, path: string): request.Test =>
      request(stage.server.url)[verbs[method]](apiPrefix + path).set('Authorization', account.bearer);
    const read = (path: string): request.Test => as(stage.ada, { method: 'GET' }, path);

    beforeAll(async () => {
      stage = await prepare(engine);
    });
    afterAll(() => stage.server.close());

    describe.each(jsonRows)('$name', (row) => {
      it('takes no hostile value for what it is not', async () => {
        const ready = stage.prepared.get(row.name);
        if (ready === undefined) throw new Error('the call was not prepared');
        const body = JSON.parse(String(ready.call.body?.bytes)) as JsonObject; // routeFixtures made it of an object
        const path = row.route.path.replace(/:(\w+)/g, (_, name: string) => ready.call.ids[name] ?? '');
        const { json } = row.route.request as { readonly json: Json }; // rows have schemas alone
        for (const [i, [at, type]] of pathsOf(json).entries()) {
          const texts = sampled([...strings.map((value) => JSON.stringify(value)), ...values], i);
          for (const text of type === 'integer' ? [...texts, ...integers] : texts) {
            expectOrderly(await send(row, ready.owner, { path, body: withText(body, at, text) }), `${at.join('.')} = ${text.slice(0, 60)}`);
          }
        }
        expect((await read('/account')).status).toBe(200);
      });
    });

    it('keeps free texts exactly, or refuses them', async () => {
      const kept = { devices: 0, addresses: 0 };
      for (const text of sampled(strings.filter(({ length }) => length >= 3 && length <= 100))) {
        const made = await send({ name: 'makeToken', route: routes.makeToken }, stage.ada, { path: '/tokens', body: JSON.stringify({ device: text, days: 1 }) });
        const email = await send({ name: 'changeEmail', route: routes.changeEmail }, stage.ada, { path: '/account/email', body: JSON.stringify({ email: text }) });
        const account = (await read('/account')).body as { email?: string };
        expect([204, 400]).toContain(email.status);
        if (email.status === 204) {
          expect(account.email).toBe(text);
          kept.addresses++;
        }
        const { sessionId } = made.body as { sessionId?: string };
        const { sessions } = (await read('/sessions')).body as { sessions: readonly { readonly sessionId: string; readonly device?: string }[] };
        expect([200, 400]).toContain(made.status);
        if (made.status === 200) {
          expect(sessions.find((session) => session.sessionId === sessionId)?.device).toBe(text);
          kept.devices++;
        }
        if (sessionId !== undefined) await as(stage.ada, { method: 'DELETE' }, `/sessions/${sessionId}`);
      }
      // Most are harmless where nobody reads them as anything else.
      expect(Math.min(kept.devices, kept.addresses)).toBeGreaterThan(10 / every);
    });

    it.each(['cursor', 'limit', 'trash'])('refuses them in the query of a listing: %s', async (name) => {
      for (const value of sampled(strings.filter(({ length }) => length > 0 && length < 200))) {
        const answer = counted(await read('/images').query({ [name]: wellFormed(value) }));
        expectOrderly(answer, `${name}=${value}`);
        expect([value, answer.status]).toEqual([value, name === 'trash' && value === 'true' ? 200 : 400]);
      }
    });

    it.each(['/account/heads', '/account/leaves'])('refuses them in the query of %s', async (path) => {
      for (const value of [...sampled(strings.filter(({ length }) => length > 0 && length < 200 && length !== 32)), '9007199254740993', '-0', '00', '1e3']) {
        const answer = counted(await read(path).query({ after: wellFormed(value) }));
        expectOrderly(answer, `after=${value}`);
        expect([value, answer.status]).toEqual([value, value === '00' && path === '/account/heads' ? 200 : 400]);
      }
      expect((await read('/account/heads').query({ after: '9'.repeat(15) })).body).toEqual({ heads: [] });
    });

    it.each(['/images', '/operator/users'])('takes none of them in a cursor, where it is not a place of %s', async (path) => {
      const places = [`${'9'.repeat(16)}.${'f'.repeat(32)}`, `0.${'0'.repeat(32)}`];
      for (const value of [...sampled(strings.filter(({ length }) => length < 100)), ...places]) {
        const isPlace = path === '/images' ? places.includes(value) : /^[a-z0-9._-]{3,64}$/.test(value);
        const answer = counted(await read(path).query({ cursor: base64Of(utf8(wellFormed(value))) }));
        expect([value, answer.status]).toEqual([value, isPlace ? 200 : 400]);
      }
    });

    it('refuses them in paths, by form', async () => {
      const withIds = Object.values(routes as Readonly<Record<RouteName, Route>>).filter(({ path, access }) => path.includes(':') && access !== 'anyone');
      expect(withIds.length).toBeGreaterThan(10);
      for (const [i, route] of withIds.entries()) {
        for (const value of sampled(strings.filter(({ length }) => length > 0 && length < 200 && length !== 32), i)) {
          const asked = as(stage.ada, route, route.path.replace(/:\w+/, encodeURIComponent(wellFormed(value))));
          const answer = counted(await (route.request === undefined ? asked : asked.set('Content-Type', typeOf(route.request)).send('{}')));
          expectOrderly(answer, value);
          expect(answer.status).toBe(400);
        }
      }
    });

    it('tried all, nobody became what they are not, and nothing of it is in the log', async () => {
      expect(tried).toBeGreaterThan(2_000 / every);
      const { users } = (await read('/operator/users')).body as { users: readonly { readonly isOperator: boolean }[] };
      expect(users.filter(({ isOperator }) => isOperator)).toHaveLength(1);
      expect(({} as { isOperator?: unknown }).isOperator).toBeUndefined();
      expect(stage.server.logText().split('\n').filter((line) => /DROP TABLE|<script>|Set-Cookie|etc\/passwd|"level":(50|60)/.test(line))).toEqual([]);
    });
  });
}

async function prepare(engine: Engine): Promise<Stage> {
  const server = await startServer(await engine.settings());
  const ada = await registerRaw(server.url, 'operator');
  const prepared = new Map<RouteName, { readonly owner: RawAccount; readonly call: ReadyCall }>();
  for (const [at, { name }] of jsonRows.entries()) {
    const owner = await registerRaw(server.url, `owner-${String(at)}`);
    prepared.set(name, { owner, call: await routeFixtures[name](server.url, owner) });
  }
  return { server, ada, prepared };
}

/** Paths and types of all members, as the schema has them; optional ones too. */
function pathsOf(schema: Json, at: Path = []): readonly (readonly [Path, Json | undefined])[] {
  const { properties, type } = schema as { readonly properties?: JsonObject; readonly type?: Json };
  if (properties === undefined) return [[at, type]];
  return [...(at.length === 0 ? [] : [[at, type] as const]), ...Object.entries(properties).flatMap(([name, member]) => pathsOf(member, [...at, name]))];
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
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function expectOrderly(answer: Response, what: string): void {
  expect([what, answer.status < 500]).toEqual([what, true]);
  expect(answer.headers['set-cookie'] ?? []).toEqual([]);
  if (answer.status >= 400) expect(answer.text).not.toMatch(/sqlite|postgres|syntax|stack|\bat \w+ \(/i);
}
