/**
 * Ids of another's things, in paths, queries and bodies, tried by an ordinary user, by a program with a token, by the operator and by a guest whom the owner
 * invited: what is another's is answered like what is not there, and nothing happens to it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { base64Of, hexOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import { idOfLeaf, leavesOf } from '../../client-sdk/protocol/head-tree.js';
import { apiPrefix, routes } from '../../client-sdk/protocol/routes.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { queryNames } from '../../server/http/routing.js';
import { bodyNames, type Member, type Naming } from './body-names.js';
import type { Engine } from './engine.js';
import { MatrixWorld, type Row, rows } from './matrix-world.js';
import { type RawAccount, registerRaw } from './raw-account.js';
import { idBeginningWith, storeUnderHead } from './raw-head.js';
import { invited, type ReadyCall, routeFixtures } from './route-fixture.js';

interface Stranger {
  readonly kind: string;
  readonly account: RawAccount;
}
interface NamedMember {
  readonly row: Row;
  readonly at: string;
  readonly naming: Naming;
}

const membersOf = ({ name }: Row): Readonly<Record<string, Member>> => (bodyNames as Readonly<Record<string, Readonly<Record<string, Member>>>>)[name] ?? {};
const namings: readonly NamedMember[] = rows.flatMap((row) => Object.entries(membersOf(row)).flatMap(([at, member]) => (typeof member === 'string' ? [] : [{ row, at, naming: member }])));

/** All of them on one engine, or every n-th route and member. */
export function foreignIds(engine: Engine, every = 1): void {
  const sampled = <T>(all: readonly T[]): readonly T[] => all.filter((_, i) => i % every === 0);
  describe(`on ${engine.name}`, () => {
    let world: MatrixWorld;
    beforeAll(async () => {
      world = await MatrixWorld.open(engine, 'foreign-ids');
    });
    afterAll(() => world.close());

    describe.each(rows.filter(({ route }) => typeof route.request === 'object'))('each string in the body of $name', (row) => {
      it('is said to name something, or why it does not', () => {
        const { json } = row.route.request as { readonly json: Json }; // rows have schemas alone
        expect(Object.keys(membersOf(row)).sort()).toEqual([...stringsOf(json)].sort());
      });
    });

    describe.each(sampled(rows.filter(({ route }) => route.path.includes(':'))))('another’s $name', (row) => {
      it('is answered like what is not there, and nothing happens to it', () => expectHidden(world, row));
    });

    describe.each(sampled(namings).map((named) => [`${named.row.name} ${named.at}`, named] as const))('another’s in the body of %s', (_, named) => {
      it(named.naming.tells === undefined ? 'is answered like what is not there' : `is refused: ${named.naming.tells}`, () => expectAlike(world, named));
    });

    it('knows every query that there is', () => {
      expect(queryNames).toEqual({ listImages: ['cursor', 'limit', 'trash'], listHeads: ['after'], listLeaves: ['after'], listUsers: ['cursor'] });
    });
    it('lists one’s own alone, from another’s image on', () => expectOwnListings(world));
  });
}

/** Paths of the members that are texts, bytes or lists of them; a choice of words is none. */
function stringsOf(schema: Json, at: readonly string[] = []): readonly string[] {
  const { properties, type } = schema as { readonly properties?: Readonly<Record<string, Json>>; readonly type?: string };
  if (properties === undefined) return type === 'string' || type === 'array' ? [at.join('.')] : [];
  return Object.entries(properties).flatMap(([name, member]) => stringsOf(member, [...at, name]));
}

/** Everybody who is not `owner`. */
async function strangersTo(world: MatrixWorld, owner: RawAccount): Promise<readonly Stranger[]> {
  const { server: { url }, operator } = world;
  const invitationCode = world.random(16);
  await invited(url, owner, invitationCode);
  return [
    { kind: 'a user', account: await world.newOwner() },
    { kind: 'a token', account: await world.tokenOf(await world.newOwner()) },
    { kind: 'the operator', account: operator },
    { kind: 'a guest of the owner', account: await registerRaw(url, `guest-of-${owner.username}`, { invitationCode: hexOf(invitationCode) }) },
  ];
}

/** An answer less what differs with every one: its id, its moment, ids that were drawn for the call, and what was asked for. */
function comparable(answer: Response, asked = ''): unknown {
  const { 'x-request-id': id, date, ...headers } = answer.headers as Readonly<Record<string, unknown>>;
  expect(typeof id + typeof date).toBe('stringstring');
  const { requestId, ...body } = answer.body as Readonly<Record<string, unknown>>;
  expect(requestId === undefined || requestId === id).toBe(true);
  // Bytes are compared as they are: an id in them is somebody's.
  if (Buffer.isBuffer(answer.body)) return { status: answer.status, headers, text: hexOf(answer.body) };
  const text = JSON.stringify(body);
  // The header that says the length includes the id of the request, which has one length.
  return { status: answer.status, headers, text: (asked === '' ? text : text.replaceAll(asked, '*')).replaceAll(/[0-9a-f]{32}/g, '*') };
}

async function expectHidden(world: MatrixWorld, row: Row): Promise<void> {
  const { owner, ready } = await world.prepared(row);
  const absent = Object.fromEntries(Object.keys(ready.ids).map((name) => [name, world.freshId()]));
  const strangers = await strangersTo(world, owner);
  const before = await world.stateOf(owner);
  for (const { kind, account } of strangers) {
    const caller = { kind: `${kind} with another’s id`, headers: { authorization: account.bearer } };
    const foreign = await world.call(row, ready, caller);
    expect([kind, comparable(foreign)]).toEqual([kind, comparable(await world.call(row, { ...ready, ids: absent }, caller))]);
    // Ending an upload is repeatable, so it says the same of one that is over.
    expect([kind, foreign.status]).toEqual([kind, row.name === 'endUpload' ? 204 : 404]);
  }
  expect(await world.stateOf(owner)).toBe(before);
  const own = await world.call(row, ready, { kind: 'the owner', headers: { authorization: owner.bearer } });
  expect(own.status).toBe(row.name === 'claimBlocks' ? 403 : row.route.response === undefined ? 204 : 200);
}

async function expectAlike(world: MatrixWorld, named: NamedMember): Promise<void> {
  const { row, naming } = named;
  const { url } = world.server;
  const owner = await world.newOwner();
  const value = await naming.of(url, owner);
  const everybody = await strangersTo(world, owner);
  const strangers = row.route.access === 'anyone' || naming.isProof === true ? everybody.slice(0, 1) : everybody;
  const before = await world.accountOf(owner);
  for (const { kind, account } of strangers) {
    const foreign = await told(world, { ...named, account }, value);
    const none = await told(world, { ...named, account }, naming.absent());
    if (naming.tells === undefined) expect([kind, foreign]).toEqual([kind, none]);
    else expect([kind, foreign]).toEqual([kind, expect.objectContaining({ text: expect.stringContaining(`"code":"${naming.tells}"`) })]);
    if (naming.tells !== undefined) expect(none).toMatchObject({ status: 200 });
  }
  expect(await world.accountOf(owner)).toBe(before);
  if (naming.asOwn !== undefined || naming.tells !== undefined) return;
  // Where one's own were answered alike, nothing would have been tried.
  const self = await world.newOwner();
  expect(await told(world, { ...named, account: self }, await (naming.own ?? naming.of)(url, self))).not.toEqual(await told(world, { ...named, account: self }, value));
}

/** What the account is answered with this value in the body of a call of its own. */
async function told(world: MatrixWorld, { row, at, naming, account }: NamedMember & { readonly account: RawAccount }, value: string): Promise<unknown> {
  const ready = await routeFixtures[row.name](world.server.url, account);
  const call = naming.into === undefined ? withMember(ready, at, value) : naming.into(ready, value);
  const answer = await world.call(row, call, { kind: 'a stranger with another’s in a body', headers: { authorization: account.bearer } });
  // The operator makes many of these calls, and an account has few uploads at a time.
  if (ready.ids['uploadId'] !== undefined) await request(world.server.url).delete(`${apiPrefix}/uploads/${ready.ids['uploadId']}`).set('Authorization', account.bearer);
  return comparable(answer, value);
}

function withMember(ready: ReadyCall, at: string, value: string): ReadyCall {
  const body = JSON.parse(String(ready.body?.bytes)) as Record<string, Json>; // route-fixture.ts made it of an object
  const path = at.split('.');
  const last = path.pop() ?? '';
  const parent = path.reduce((inner, name) => inner[name] as Record<string, Json>, body); // the fixture has it whole
  parent[last] = value;
  return { ...ready, body: { type: 'application/json', bytes: JSON.stringify(body) } };
}

async function expectOwnListings(world: MatrixWorld): Promise<void> {
  const { server: { url } } = world;
  const [owner, stranger] = [await world.newOwner(), await world.newOwner()];
  const mine = await storeUnderHead(url, stranger, ['0', 'f']);
  // The owner's leaves go on after it.
  const [theirs = ''] = await storeUnderHead(url, owner, ['9', 'c']);
  const at = Date.now() + 60_000;
  const listed = async (path: string): Promise<unknown> => comparable(await request(url).get(apiPrefix + path).set('Authorization', stranger.bearer));
  const from = (imageId: string): readonly string[] => [`${routes.listImages.path}?cursor=${base64Of(utf8(`${String(at)}.${imageId}`))}`, `${routes.listLeaves.path}?after=${imageId}`];
  for (const [i, path] of from(theirs).entries()) expect(await listed(path)).toEqual(await listed(from(idBeginningWith('9'))[i] ?? ''));
  const [images, leaves] = await Promise.all(from(theirs).map(async (path): Promise<unknown> => (await request(url).get(apiPrefix + path).set('Authorization', stranger.bearer)).body));
  expect((images as { readonly images: readonly { readonly imageId: string }[] }).images.map(({ imageId }) => imageId).sort()).toEqual([...mine].sort());
  expect(leavesOf(leaves as Buffer)?.map((leaf) => hexOf(idOfLeaf(leaf)))).toEqual(mine.slice(1));
}
