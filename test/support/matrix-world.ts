/**
 * The server and the people of the authorisation matrix: calls of the route table made as anybody, and what an owner can see of an account before and
 * after. Says nothing of what is right.
 */
import { expect } from '@jest/globals';
import request, { type Response } from 'supertest';
import { base64Of, hexOf } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, SessionId } from '../../client-sdk/protocol/ids.js';
import { refusalTitles, type RefusalCode } from '../../client-sdk/protocol/refusals.js';
import { apiPrefix, type Route, type RouteName, routes } from '../../client-sdk/protocol/routes.js';
import type { Engine } from './engine.js';
import { fixedRandom } from './fixed-random.js';
import { type RawAccount, registerRaw } from './raw-account.js';
import { type ReadyCall, routeFixtures } from './route-fixture.js';
import { startServer, type TestServer } from './running-server.js';

export type Headers = Readonly<Record<string, string>>;

/** A route of the table with its name. */
export interface Row {
  readonly name: RouteName;
  readonly route: Route;
}

/** A session in a browser. */
export interface Page {
  readonly token: string;
  readonly cookie: string;
  readonly csrf: string;
}

/** Their methods of supertest. */
export const verbs = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

export const rows: readonly Row[] = Object.entries(routes).map(([name, route]) => ({ name: name as RouteName, route })); // keys of a const object are its names

/** Who is always there: the first account, and an ordinary user who owns nothing of what is tried. */
interface People {
  readonly operator: RawAccount;
  readonly bob: RawAccount;
}

export class MatrixWorld {
  readonly random: (bytes: number) => Uint8Array;
  readonly operator: RawAccount;
  readonly bob: RawAccount;
  /** Calls by the kind of their caller. */
  readonly tried = new Map<string, number>();
  #owners = 0;

  private constructor(readonly server: TestServer, { operator, bob }: People, seed: string) {
    [this.operator, this.bob] = [operator, bob];
    this.random = fixedRandom(seed);
  }

  static async open(engine: Engine, seed: string): Promise<MatrixWorld> {
    const server = await startServer(await engine.settings());
    const people = { operator: await registerRaw(server.url, 'operator'), bob: await registerRaw(server.url, 'bob') };
    return new MatrixWorld(server, people, seed);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  get calls(): number {
    return [...this.tried.values()].reduce((sum, count) => sum + count, 0);
  }

  /** An id that nothing has. */
  freshId(): string {
    return hexOf(this.random(16));
  }

  newOwner(): Promise<RawAccount> {
    return registerRaw(this.server.url, `owner-${String(this.#owners++)}`);
  }

  /** A fresh owner of what the route is about, and the call. */
  async prepared(row: Row): Promise<{ readonly owner: RawAccount; readonly ready: ReadyCall }> {
    const owner = row.route.access === 'operator' ? this.operator : await this.newOwner();
    return { owner, ready: await routeFixtures[row.name](this.server.url, owner) };
  }

  /** Makes a call, and counts it for this kind of caller. */
  async call({ route }: Row, ready: ReadyCall, { kind, headers }: { readonly kind: string; readonly headers: Headers }): Promise<Response> {
    this.tried.set(kind, (this.tried.get(kind) ?? 0) + 1);
    const path = apiPrefix + route.path.replace(/:(\w+)/g, (_, name: string) => ready.ids[name] ?? '');
    const asked = request(this.server.url)[verbs[route.method]](path).set(headers).buffer(true);
    return ready.body === undefined ? asked : asked.set('Content-Type', ready.body.type).send(ready.body.bytes);
  }

  /** Makes a call and expects its refusal. */
  async expectRefused(row: Row, ready: ReadyCall, { kind, headers, code, status }: { readonly kind: string; readonly headers: Headers; readonly code: RefusalCode; readonly status: number }): Promise<void> {
    const answer = await this.call(row, ready, { kind, headers });
    const { requestId, detail, ...body } = answer.body as { requestId?: string; detail?: string };
    expect({ kind, status: answer.status, body }).toEqual({ kind, status, body: { type: `urn:dice:refusal:${code}`, title: refusalTitles[code], status, code } });
    expect(requestId).toBe(answer.headers['x-request-id']);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(detail ?? '').not.toMatch(/[0-9a-f]{32}/);
  }

  async pageOf({ username, authKey }: RawAccount): Promise<Page> {
    const answer = await request(this.server.url).post(`${apiPrefix}/login`).set('Origin', this.server.url).send({ username, authKey, carrier: 'cookie' });
    const cookie = (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
    return { cookie, token: cookie.slice('dice='.length), csrf: (answer.body as { csrfToken: string }).csrfToken };
  }

  /** The same account by a token for programs. */
  async tokenOf(account: RawAccount): Promise<RawAccount> {
    const answer = await request(this.server.url).post(`${apiPrefix}/tokens`).set('Authorization', account.bearer).send({ device: 'scanner', days: 1 });
    return { ...account, bearer: `Bearer ${(answer.body as { token: string }).token}` };
  }

  /** A token of Bob's whose time is over. */
  async expiredToken(): Promise<string> {
    const { stores, world } = this.server.store.parts;
    const token = this.random(32);
    const now = Date.now();
    const times = { createdAt: now - 2_000, lastUsedAt: now - 2_000, expiresAt: now - 1_000 };
    // registerRaw made the account's id; 16 bytes in hex are the form of the session's.
    const [accountId, sessionId] = [this.bob.accountId as AccountId, this.freshId() as SessionId];
    const row = { sessionId, hash: world.hasher.sha256(token), accountId, kind: 'bearer', device: undefined, pageKey: undefined, csrfHash: undefined, isKept: false, ...times } as const;
    expect(await stores.accounts.beginSession(row, 64)).toBe('begun');
    return base64Of(token);
  }

  /** All that an owner can see of the account. */
  async accountOf(owner: RawAccount): Promise<string> {
    const { accounts, images, heads } = this.server.store.parts.stores;
    const accountId = owner.accountId as AccountId; // registerRaw made it as an id
    const sessions = (await accounts.listSessions(accountId, Date.now())).map((session) => ({ ...session, lastUsedAt: 0 }));
    const pages = await Promise.all([false, true].map((isTrash) => images.list(accountId, { isTrash, after: undefined, limit: 10 })));
    return JSON.stringify([await accounts.find(accountId), sessions, await accounts.listInvitations(accountId), pages, await heads.list(accountId, 0, 10)]);
  }

  /** The same, and what everybody has together: whatever was refused must have left it as it was. */
  async stateOf(owner: RawAccount): Promise<string> {
    const { accounts, state, tags, blocks } = this.server.store.parts.stores;
    const { packFileBytes } = await blocks.usage();
    return JSON.stringify([await this.accountOf(owner), await tags.figures(), packFileBytes, await accounts.count(), await state.countOpen(Date.now())]);
  }
}
