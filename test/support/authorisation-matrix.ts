/**
 * Every route of the table for every kind of caller, against the real server: what the table says of access decides the answer, and what is refused
 * changes nothing. Whose the ids are is foreign-ids.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { base64Of } from '../../client-sdk/protocol/bytes.js';
import { apiPrefix, csrfHeader, type RouteName, routes } from '../../client-sdk/protocol/routes.js';
import type { Engine } from './engine.js';
import { type Headers, MatrixWorld, type Page, type Row, rows } from './matrix-world.js';
import { registerRaw } from './raw-account.js';
import { routeFixtures } from './route-fixture.js';

/** What a program may not do with a token: get itself another, or change how people come in. */
const notForTokens: ReadonlySet<RouteName> = new Set(['makeToken', 'beginSecondFactor', 'confirmSecondFactor', 'endSecondFactor']);
const isReading = ({ route }: Row): boolean => route.method === 'GET';
const tokenIn = (bearer: string): string => bearer.slice('Bearer '.length);

/** The matrix on one engine. */
export function authorisationMatrix(engine: Engine): void {
  describe(`on ${engine.name}`, () => {
    let world: MatrixWorld;
    /** Tokens that were good once, and those that never were. */
    let worthless: Readonly<Record<string, Headers>>;

    beforeAll(async () => {
      world = await MatrixWorld.open(engine, 'authorisation-matrix');
      worthless = await worthlessOf(world);
    });
    afterAll(() => world.close());

    it('has a fixture for each route of the table, and none beside', () => {
      expect(Object.keys(routeFixtures)).toEqual(Object.keys(routes));
    });

    describe.each(rows.filter(({ route }) => route.access !== 'anyone'))('$name', (row) => {
      it('lets nobody in who has no live session of the right carrier', () => expectClosed(world, row, worthless));
      it('takes a cookie from this server’s own pages alone', () => expectOwnPages(world, row));
      it('takes a bearer from no foreign page, and from its owner', () => expectOwner(world, row));
      it(notForTokens.has(row.name) ? 'is not for a token' : 'takes a token as a bearer', () => expectToken(world, row));
    });

    describe.each(rows.filter(({ route }) => route.access === 'operator'))('$name', (row) => {
      it('is the operator’s', () => expectOperators(world, row));
    });

    describe.each(rows.filter(({ route }) => route.access === 'anyone'))('$name', (row) => {
      it('judges nobody by what a session lacks, and refuses foreign pages', () => expectOpen(world, row, worthless));
    });

    it('was tried as a whole', () => {
      expect(world.calls).toBeGreaterThan(rows.length * 12);
    });
  });
}

async function worthlessOf(world: MatrixWorld): Promise<Readonly<Record<string, Headers>>> {
  const { server: { url }, bob, random } = world;
  const [revoked, closed] = [await registerRaw(url, 'revoked'), await registerRaw(url, 'closed')];
  await request(url).post(`${apiPrefix}/logout`).set('Authorization', revoked.bearer);
  const closing = await request(url).delete(`${apiPrefix}/account`).set('Authorization', closed.bearer).send({ authKey: closed.authKey });
  expect(closing.status).toBe(204);
  return {
    nobody: {},
    'an empty bearer': { authorization: 'Bearer ' },
    'a bearer of another form': { authorization: `Bearer ${'A'.repeat(42)}=` },
    'a bearer that was never given': { authorization: `Bearer ${base64Of(random(32))}` },
    'a bearer in another scheme': { authorization: bob.bearer.replace('Bearer', 'Basic') },
    'a cookie that was never given': { cookie: `dice=${base64Of(random(32))}` },
    'a bearer as a cookie': { cookie: `dice=${tokenIn(bob.bearer)}` },
    'a token as a cookie': { cookie: `dice=${tokenIn((await world.tokenOf(bob)).bearer)}` },
    'a cookie as a bearer': { authorization: `Bearer ${(await world.pageOf(bob)).token}` },
    'a cookie beside a bearer that is none': { cookie: (await world.pageOf(bob)).cookie, authorization: 'Bearer x' },
    'a session that was revoked': { authorization: revoked.bearer },
    'a session that expired': { authorization: `Bearer ${await world.expiredToken()}` },
    'a closed account': { authorization: closed.bearer },
  };
}

async function expectClosed(world: MatrixWorld, row: Row, worthless: Readonly<Record<string, Headers>>): Promise<void> {
  const { owner, ready } = await world.prepared(row);
  const before = await world.stateOf(owner);
  for (const [kind, headers] of Object.entries(worthless)) await world.expectRefused(row, ready, { kind, headers, code: 'unauthenticated', status: 401 });
  expect(await world.stateOf(owner)).toBe(before);
}

async function expectOwnPages(world: MatrixWorld, row: Row): Promise<void> {
  const { owner, ready } = await world.prepared(row);
  const lacking = lackingPages(await world.pageOf(owner), { url: world.server.url, otherToken: base64Of(world.random(32)) });
  const before = await world.stateOf(owner);
  for (const { kind, headers, isNoticed } of lacking) {
    if (isNoticed(row)) await world.expectRefused(row, ready, { kind, headers, code: 'origin-not-allowed', status: 403 });
    else expect([kind, (await world.call(row, ready, { kind, headers })).status]).toEqual([kind, 200]);
  }
  expect(await world.stateOf(owner)).toBe(before);
}

/** What a page's cookie lacks, and which requests notice. */
function lackingPages(page: Page, { url, otherToken }: { readonly url: string; readonly otherToken: string }): readonly { readonly kind: string; readonly headers: Headers; readonly isNoticed: (row: Row) => boolean }[] {
  const whole = { cookie: page.cookie, origin: url, [csrfHeader]: page.csrf };
  const without = (...names: readonly string[]): Headers => Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)));
  const writes = (row: Row): boolean => !isReading(row);
  return [
    { kind: 'a cookie without CSRF token', headers: without(csrfHeader), isNoticed: writes },
    { kind: 'a cookie with another’s CSRF token', headers: { ...whole, [csrfHeader]: otherToken }, isNoticed: writes },
    { kind: 'a cookie without Origin', headers: without('origin'), isNoticed: writes },
    { kind: 'a cookie with another Origin', headers: { ...whole, origin: 'https://evil.example' }, isNoticed: writes },
    { kind: 'a cookie with the Origin null', headers: { ...whole, origin: 'null' }, isNoticed: writes },
    ...['cross-site', 'same-site', 'none'].map((site) => ({ kind: `a cookie from ${site}`, headers: { ...whole, 'sec-fetch-site': site }, isNoticed: () => true })),
  ];
}

async function expectOwner(world: MatrixWorld, row: Row): Promise<void> {
  const { owner, ready } = await world.prepared(row);
  if (!isReading(row)) {
    const headers = { authorization: owner.bearer, origin: 'https://evil.example' };
    await world.expectRefused(row, ready, { kind: 'a bearer from a foreign page', headers, code: 'origin-not-allowed', status: 403 });
  }
  const answer = await world.call(row, ready, { kind: 'the owner', headers: { authorization: owner.bearer } });
  expectDone(row, answer);
}

/** What a bearer of the owner's is answered: two routes are refused for what they are about. */
function expectDone(row: Row, answer: request.Response): void {
  if (row.name === 'claimBlocks') expect(answer.body).toMatchObject({ code: 'proof-invalid' });
  else if (row.name === 'readPageSession') expect(answer.body).toMatchObject({ code: 'forbidden' });
  else expect(answer.status).toBe(row.route.response === undefined ? 204 : 200);
}

async function expectToken(world: MatrixWorld, row: Row): Promise<void> {
  const { owner, ready } = await world.prepared(row);
  const caller = { kind: 'a token of the owner', headers: { authorization: (await world.tokenOf(owner)).bearer } };
  if (!notForTokens.has(row.name)) {
    expectDone(row, await world.call(row, ready, caller));
    return;
  }
  const before = await world.stateOf(owner);
  await world.expectRefused(row, ready, { ...caller, code: 'forbidden', status: 403 });
  expect(await world.stateOf(owner)).toBe(before);
}

async function expectOperators(world: MatrixWorld, row: Row): Promise<void> {
  const { bob, server: { url } } = world;
  const { ready } = await world.prepared(row);
  const page = await world.pageOf(bob);
  const token = await world.tokenOf(bob);
  const before = await world.stateOf(bob);
  for (const headers of [{ authorization: bob.bearer }, { authorization: token.bearer }, { cookie: page.cookie, origin: url, [csrfHeader]: page.csrf }]) {
    await world.expectRefused(row, ready, { kind: 'a user on an operator’s route', headers, code: 'forbidden', status: 403 });
  }
  expect(await world.stateOf(bob)).toBe(before);
}

async function expectOpen(world: MatrixWorld, row: Row, worthless: Readonly<Record<string, Headers>>): Promise<void> {
  const { owner, ready } = await world.prepared(row);
  for (const [kind, headers] of Object.entries(worthless)) {
    // A change of credentials is of one revision.
    const own = row.name === 'changeCredentials' ? await world.newOwner() : owner;
    expect([kind, (await world.call(row, await routeFixtures[row.name](world.server.url, own), { kind, headers })).status]).toEqual([kind, 200]);
  }
  if (isReading(row)) return;
  const before = await world.stateOf(owner);
  for (const origin of ['https://evil.example', 'null', 'http://localhost:1']) {
    await world.expectRefused(row, ready, { kind: 'nobody from a foreign page', headers: { origin }, code: 'origin-not-allowed', status: 403 });
  }
  expect(await world.stateOf(owner)).toBe(before);
}
