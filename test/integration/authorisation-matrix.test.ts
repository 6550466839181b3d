/**
 * Every route of the table for every kind of caller, against the real server: what the table says of access, and whose the ids
 * are, decides the answer. What is refused changes nothing; what is another's is answered like what is not there.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { base64Of, hexOf } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, SessionId } from '../../client-sdk/protocol/ids.js';
import { refusalTitles, type RefusalCode } from '../../client-sdk/protocol/refusals.js';
import { apiPrefix, csrfHeader, type Route, type RouteName, routes } from '../../client-sdk/protocol/routes.js';
import { fixedRandom } from '../support/fixed-random.js';
import { beginRaw, commitOf, type RawAccount, registerRaw, sendCommits } from '../support/raw-account.js';
import { type ReadyCall, routeFixtures } from '../support/route-fixture.js';
import { startServer, type TestServer } from '../support/running-server.js';

type Headers = Readonly<Record<string, string>>;
interface Row {
  readonly name: RouteName;
  readonly route: Route;
}

const verbs = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;
const rows: readonly Row[] = Object.entries(routes).map(([name, route]) => ({ name: name as RouteName, route })); // keys of a const object are its names

let server: TestServer;
let operator: RawAccount;
let bob: RawAccount;
const randomBytes = fixedRandom('authorisation-matrix');
/** Tokens that were good once, and those that never were. */
let worthless: Readonly<Record<string, Headers>>;
/** Calls of each kind. */
const tried: Record<string, number> = {};

beforeAll(async () => {
  server = await startServer();
  operator = await registerRaw(server.url, 'operator');
  bob = await registerRaw(server.url, 'bob');
  const [revoked, closed] = [await registerRaw(server.url, 'revoked'), await registerRaw(server.url, 'closed')];
  await request(server.url).post(`${apiPrefix}/logout`).set('Authorization', revoked.bearer);
  const closing = await request(server.url).delete(`${apiPrefix}/account`).set('Authorization', closed.bearer).send({ authKey: closed.authKey });
  expect(closing.status).toBe(204);
  worthless = {
    nobody: {},
    'an empty bearer': { authorization: 'Bearer ' },
    'a bearer of another form': { authorization: `Bearer ${'A'.repeat(42)}=` },
    'a bearer that was never given': { authorization: `Bearer ${base64Of(randomBytes(32))}` },
    'a bearer in another scheme': { authorization: bob.bearer.replace('Bearer', 'Basic') },
    'a cookie that was never given': { cookie: `dice=${base64Of(randomBytes(32))}` },
    'a bearer as a cookie': { cookie: `dice=${tokenIn(bob.bearer)}` },
    'a cookie as a bearer': { authorization: `Bearer ${(await pageOf(bob)).token}` },
    'a cookie beside a bearer that is none': { cookie: (await pageOf(bob)).cookie, authorization: 'Bearer x' },
    'a session that was revoked': { authorization: revoked.bearer },
    'a session that expired': { authorization: `Bearer ${await expired()}` },
    'a closed account': { authorization: closed.bearer },
  };
});
afterAll(() => server.close());

const tokenIn = (bearer: string): string => bearer.slice('Bearer '.length);

interface Page {
  readonly token: string;
  readonly cookie: string;
  readonly csrf: string;
}

async function pageOf({ username, authKey }: RawAccount): Promise<Page> {
  const answer = await request(server.url).post(`${apiPrefix}/login`).set('Origin', server.url).send({ username, authKey, carrier: 'cookie' });
  const cookie = (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
  return { cookie, token: cookie.slice('dice='.length), csrf: (answer.body as { csrfToken: string }).csrfToken };
}

/** A token of Bob's whose time is over. */
async function expired(): Promise<string> {
  const { accounts } = server.store.parts.stores;
  const token = randomBytes(32);
  const now = Date.now();
  const sessionId = hexOf(randomBytes(16)) as SessionId; // 16 bytes in hex are the form of an id
  const times = { createdAt: now - 2_000, lastUsedAt: now - 2_000, expiresAt: now - 1_000 };
  const row = { sessionId, hash: server.store.parts.world.hasher.sha256(token), accountId: bob.accountId as AccountId, kind: 'bearer', device: undefined, pageKey: undefined, csrfHash: undefined, isKept: false, ...times } as const; // registerRaw made it as an id
  expect(await accounts.beginSession(row, 64)).toBe('begun');
  return base64Of(token);
}

async function call({ route }: Row, ready: ReadyCall, headers: Headers): Promise<Response> {
  const path = apiPrefix + route.path.replace(/:(\w+)/g, (_, name: string) => ready.ids[name] ?? '');
  const asked = request(server.url)[verbs[route.method]](path).set(headers).buffer(true);
  return ready.body === undefined ? asked : asked.set('Content-Type', ready.body.type).send(ready.body.bytes);
}

/** Counts and makes a call, and expects its refusal. */
async function expectRefused(row: Row, ready: ReadyCall, { kind, headers, code, status }: { readonly kind: string; readonly headers: Headers; readonly code: RefusalCode; readonly status: number }): Promise<void> {
  const answer = await call(row, ready, headers);
  tried[kind] = (tried[kind] ?? 0) + 1;
  const { requestId, detail, ...body } = answer.body as { requestId?: string; detail?: string };
  expect({ kind, status: answer.status, body }).toEqual({ kind, status, body: { type: `urn:dice:refusal:${code}`, title: refusalTitles[code], status, code } });
  expect(requestId).toBe(answer.headers['x-request-id']);
  expect(answer.headers['set-cookie']).toBeUndefined();
  expect(detail ?? '').not.toMatch(/[0-9a-f]{32}/);
}

/** All that an owner can see of the account: whatever was refused must have left it as it was. */
async function stateOf(owner: RawAccount): Promise<string> {
  const { accounts, images, heads, state, tags, blocks } = server.store.parts.stores;
  const accountId = owner.accountId as AccountId; // registerRaw made it as an id
  const row = await accounts.find(accountId);
  const sessions = (await accounts.listSessions(accountId, Date.now())).map((session) => ({ ...session, lastUsedAt: 0 }));
  const pages = await Promise.all([false, true].map((isTrash) => images.list(accountId, { isTrash, after: undefined, limit: 10 })));
  const { packFileBytes } = await blocks.usage();
  const mine = [row, sessions, await accounts.listInvitations(accountId), pages, await heads.list(accountId, 0, 10)];
  // Of everybody: nobody else is at work.
  return JSON.stringify([...mine, await tags.figures(), packFileBytes, await accounts.count(), await state.countOpen(Date.now())]);
}

const isReading = ({ route }: Row): boolean => route.method === 'GET';
/** What a page's cookie lacks, and which requests notice. */
function lackingPages(page: Page): readonly { readonly kind: string; readonly headers: Headers; readonly isNoticed: (row: Row) => boolean }[] {
  const whole = { cookie: page.cookie, origin: server.url, [csrfHeader]: page.csrf };
  const without = (...names: readonly string[]): Headers => Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)));
  const writes = (row: Row): boolean => !isReading(row);
  return [
    { kind: 'a cookie without CSRF token', headers: without(csrfHeader), isNoticed: writes },
    { kind: 'a cookie with another’s CSRF token', headers: { ...whole, [csrfHeader]: base64Of(randomBytes(32)) }, isNoticed: writes },
    { kind: 'a cookie without Origin', headers: without('origin'), isNoticed: writes },
    { kind: 'a cookie with another Origin', headers: { ...whole, origin: 'https://evil.example' }, isNoticed: writes },
    { kind: 'a cookie with the Origin null', headers: { ...whole, origin: 'null' }, isNoticed: writes },
    ...['cross-site', 'same-site', 'none'].map((site) => ({ kind: `a cookie from ${site}`, headers: { ...whole, 'sec-fetch-site': site }, isNoticed: () => true })),
  ];
}

let owners = 0;
/** A fresh owner of what the route is about, and the call. */
async function prepared(row: Row): Promise<{ readonly owner: RawAccount; readonly ready: ReadyCall }> {
  const owner = row.route.access === 'operator' ? operator : await registerRaw(server.url, `owner-${String(owners++)}`);
  return { owner, ready: await routeFixtures[row.name](server.url, owner) };
}

describe('the table', () => {
  it('has a fixture for each route, and none beside', () => {
    expect(Object.keys(routeFixtures)).toEqual(Object.keys(routes));
  });
});

describe.each(rows.filter(({ route }) => route.access !== 'anyone'))('$name', (row) => {
  it('lets nobody in who has no live session of the right carrier', async () => {
    const { owner, ready } = await prepared(row);
    const before = await stateOf(owner);
    for (const [kind, headers] of Object.entries(worthless)) await expectRefused(row, ready, { kind, headers, code: 'unauthenticated', status: 401 });
    expect(await stateOf(owner)).toBe(before);
  });

  it('takes a cookie from this server’s own pages alone', async () => {
    const { owner, ready } = await prepared(row);
    const page = await pageOf(owner);
    const before = await stateOf(owner);
    for (const { kind, headers, isNoticed } of lackingPages(page)) {
      if (isNoticed(row)) await expectRefused(row, ready, { kind, headers, code: 'origin-not-allowed', status: 403 });
      else expect([kind, (await call(row, ready, headers)).status]).toEqual([kind, 200]);
    }
    expect(await stateOf(owner)).toBe(before);
  });

  it('takes a bearer from no foreign page, and from its owner', async () => {
    const { owner, ready } = await prepared(row);
    if (!isReading(row)) {
      const headers = { authorization: owner.bearer, origin: 'https://evil.example' };
      await expectRefused(row, ready, { kind: 'a bearer from a foreign page', headers, code: 'origin-not-allowed', status: 403 });
    }
    const answer = await call(row, ready, { authorization: owner.bearer });
    tried['the owner'] = (tried['the owner'] ?? 0) + 1;
    if (row.name === 'claimBlocks') expect(answer.body).toMatchObject({ code: 'proof-invalid' });
    else if (row.name === 'readPageSession') expect(answer.body).toMatchObject({ code: 'forbidden' });
    else expect(answer.status).toBe(row.route.response === undefined ? 204 : 200);
  });
});

describe.each(rows.filter(({ route }) => route.access === 'operator'))('$name', (row) => {
  it('is the operator’s', async () => {
    const { ready } = await prepared(row);
    const page = await pageOf(bob);
    const before = await stateOf(bob);
    for (const headers of [{ authorization: bob.bearer }, { cookie: page.cookie, origin: server.url, [csrfHeader]: page.csrf }]) {
      await expectRefused(row, ready, { kind: 'a user on an operator’s route', headers, code: 'forbidden', status: 403 });
    }
    expect(await stateOf(bob)).toBe(before);
  });
});

describe.each(rows.filter(({ route }) => route.access === 'anyone'))('$name', (row) => {
  it('judges nobody by what a session lacks, and refuses foreign pages', async () => {
    for (const [kind, headers] of Object.entries(worthless)) {
      const { ready } = await prepared(row);
      const answer = await call(row, ready, headers);
      tried[kind] = (tried[kind] ?? 0) + 1;
      expect([kind, answer.status]).toEqual([kind, 200]);
    }
    if (isReading(row)) return;
    const { owner, ready } = await prepared(row);
    const before = await stateOf(owner);
    for (const origin of ['https://evil.example', 'null', 'http://localhost:1']) {
      await expectRefused(row, ready, { kind: 'nobody from a foreign page', headers: { origin }, code: 'origin-not-allowed', status: 403 });
    }
    expect(await stateOf(owner)).toBe(before);
  });
});

/** Answers to Bob, less what differs with every answer. */
function comparable(answer: Response): unknown {
  const { 'x-request-id': id, date, ...headers } = answer.headers as Readonly<Record<string, unknown>>;
  expect(typeof id + typeof date).toBe('stringstring');
  const { requestId, ...body } = answer.body as Readonly<Record<string, unknown>>;
  expect(requestId === undefined || requestId === id).toBe(true);
  // The header that says the length includes the id of the request, which has one length.
  return { status: answer.status, headers, body };
}

describe.each(rows.filter(({ route }) => route.path.includes(':')))('another’s $name', (row) => {
  it('is answered like what is not there, and nothing happens to it', async () => {
    const { owner, ready } = await prepared(row);
    const absent = Object.fromEntries(Object.keys(ready.ids).map((name) => [name, hexOf(randomBytes(16))]));
    const before = await stateOf(owner);
    const foreign = await call(row, ready, { authorization: bob.bearer });
    const nothing = await call(row, { ...ready, ids: absent }, { authorization: bob.bearer });
    tried['a user with another’s id'] = (tried['a user with another’s id'] ?? 0) + 1;
    expect(comparable(foreign)).toEqual(comparable(nothing));
    // Ending an upload is repeatable, so it says the same of one that is over.
    if (row.name === 'endUpload') expect(foreign.status).toBe(204);
    else expect(foreign.status).toBe(404);
    expect(await stateOf(owner)).toBe(before);
    expect((await call(row, ready, { authorization: owner.bearer })).status).toBe(row.name === 'claimBlocks' ? 403 : row.route.response === undefined ? 204 : 200);
  });
});

describe('another’s ids in a body', () => {
  it('are answered like what is not there', async () => {
    const row = { name: 'readImages', route: routes.readImages } as const;
    const { ready } = await prepared(row);
    const foreign = await call(row, ready, { authorization: bob.bearer });
    const nothing = await call(row, { ...ready, body: { type: 'application/json', bytes: JSON.stringify({ images: [hexOf(randomBytes(16))] }) } }, { authorization: bob.bearer });
    expect(comparable(foreign)).toEqual(comparable(nothing));
    expect(foreign.body).toEqual({ records: [] });
  });

  it('name no image of a commit: the id is the owner’s', async () => {
    const { ready } = await prepared({ name: 'readImage', route: routes.readImage });
    const results: unknown[] = [];
    for (const imageId of [ready.ids['imageId'] ?? '', hexOf(randomBytes(16))]) {
      const answer = await sendCommits(server.url, { uploadId: await beginRaw(server.url, bob), account: bob }, [commitOf(imageId, [])]);
      results.push((answer.body as { results: readonly { readonly status: string }[] }).results[0]?.status);
    }
    expect(results).toEqual(['stored', 'stored']);
  });

  it('close nobody’s account by the password of another', async () => {
    const row = { name: 'closeAccount', route: routes.closeAccount } as const;
    const { owner, ready } = await prepared(row);
    const before = [await stateOf(owner), await stateOf(bob)];
    await expectRefused(row, ready, { kind: 'a user with another’s secret', headers: { authorization: bob.bearer }, code: 'credentials-wrong', status: 401 });
    expect([await stateOf(owner), await stateOf(bob)]).toEqual(before);
  });
});

describe('the whole', () => {
  it('was tried', () => {
    const calls = Object.values(tried).reduce((sum, count) => sum + count, 0);
    expect(calls).toBeGreaterThan(rows.length * 12);
  });
});
