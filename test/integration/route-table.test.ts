/**
 * Every row of the route table against the real server: who may call, which methods and bodies it takes, and that
 * refusals are problem bodies with codes of the closed table.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { commitsType, encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import { maxCommitBodyBytes } from '../../client-sdk/protocol/limits.js';
import { isRefusalCode, refusalTitles } from '../../client-sdk/protocol/refusals.js';
import { apiPrefix, routes, type Route } from '../../client-sdk/protocol/routes.js';
import { rows as routeRows, verbs } from '../support/matrix-world.js';
import { commitOf, rawBlock, registerRaw, registrationOf, type RawAccount } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';

const id = 'a'.repeat(32);
const rows = routeRows.map(({ name, route }) => ({ name, route, path: apiPrefix + route.path.replaceAll(/:\w+/g, id) }));
const jsonRows = rows.filter(({ route }) => typeof route.request === 'object');

let server: TestServer;
let operator: RawAccount;
let user: RawAccount;

beforeAll(async () => {
  server = await startServer();
  operator = await registerRaw(server.url, 'operator');
  user = await registerRaw(server.url, 'user');
});
afterAll(() => server.close());

function call(route: Route, path: string, account?: RawAccount): request.Test {
  const test = request(server.url)[verbs[route.method]](path);
  return account === undefined ? test : test.set('Authorization', account.bearer);
}

function expectProblem(answer: Response, status: number, code: keyof typeof refusalTitles): void {
  expect({ status: answer.status, body: answer.body as unknown }).toMatchObject({
    status, body: { type: `urn:dice:refusal:${code}`, title: refusalTitles[code], status, code, requestId: answer.headers['x-request-id'] as string },
  });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(isRefusalCode(code)).toBe(true);
}

describe('a stranger', () => {
  it.each(rows.filter(({ route }) => route.access !== 'anyone'))('is not let in to $name', async ({ route, path }) => {
    expectProblem(await call(route, path), 401, 'unauthenticated');
    expectProblem(await call(route, path).set('Authorization', `Bearer ${'A'.repeat(43)}`), 401, 'unauthenticated');
    expectProblem(await call(route, path).set('Authorization', `Basic ${'A'.repeat(43)}`), 401, 'unauthenticated');
    expectProblem(await call(route, path).set('Cookie', `dice=${'A'.repeat(43)}`), 401, 'unauthenticated');
  });

  it.each(rows.filter(({ route }) => route.access === 'anyone'))('may call $name', async ({ route, path }) => {
    const answer = await call(route, path);
    expect(answer.status).not.toBe(401);
    expect(answer.status).not.toBe(404);
  });
});

describe('a user who is not the operator', () => {
  it.each(rows.filter(({ route }) => route.access === 'operator'))('is refused $name', async ({ route, path }) => {
    expectProblem(await call(route, path, user), 403, 'forbidden');
  });
});

describe('the operator', () => {
  it('reads the figures and the users, and runs the collector', async () => {
    expect((await call(routes.readOperatorReport, `${apiPrefix}/operator/report`, operator)).body).toMatchObject({ accounts: 2 });
    const listed = await call(routes.listUsers, `${apiPrefix}/operator/users`, operator);
    expect((listed.body as { users: { username: string }[] }).users.map(({ username }) => username)).toEqual(['operator', 'user']);
    expect((await call(routes.collect, `${apiPrefix}/operator/collect`, operator)).status).toBe(200);
  });
});

describe('a path of the table', () => {
  const methodsOf = (path: string) => rows.filter((row) => row.path === path).map(({ route }) => route.method);

  it.each(rows)('of $name takes no other method', async ({ path }) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
      if (methodsOf(path).includes(method)) continue;
      const answer = await request(server.url)[verbs[method]](path).set('Authorization', user.bearer);
      expectProblem(answer, 405, 'method-not-allowed');
      expect(answer.headers['allow']?.split(', ')).toEqual(expect.arrayContaining(methodsOf(path)));
    }
    expectProblem(await request(server.url).patch(path), 405, 'method-not-allowed');
    expectProblem(await request(server.url).options(path), 405, 'method-not-allowed');
  });

  it.each(['/api/v1', '/api/v1/', '/api/v1/Images', '/api/v1/images/', '/api/v2/images', '/api/v1/images/a/b/c/d'])('does not match %s', async (path) => {
    expectProblem(await request(server.url).get(path).set('Authorization', user.bearer), 404, 'route-unknown');
  });

  it('refuses an id of another form, and broken percent-encoding', async () => {
    for (const bad of ['A'.repeat(32), 'a'.repeat(31), '..%2f..%2fetc', '%00']) {
      expectProblem(await request(server.url).get(`${apiPrefix}/images/${bad}`).set('Authorization', user.bearer), 400, 'request-invalid');
    }
    expectProblem(await request(server.url).get(`${apiPrefix}/images/%E0%A4%A`).set('Authorization', user.bearer), 400, 'request-invalid');
  });
});

describe('a JSON body', () => {
  it.each(jsonRows)('of $name must be JSON, of that type, plain, an object, and without unknown members', async ({ route, path }) => {
    const caller = route.access === 'anyone' ? undefined : operator;
    const send = (body: string, type = 'application/json') => call(route, path, caller).set('Content-Type', type).send(body);
    expectProblem(await send('{"a":'), 400, 'request-invalid');
    expectProblem(await send('[]'), 400, 'request-invalid');
    expectProblem(await send('"x"'), 400, 'request-invalid');
    expectProblem(await send('{"nobodyKnowsThis":1}'), 400, 'request-invalid');
    expectProblem(await send('{"__proto__":{"a":1}}'), 400, 'request-invalid');
    expectProblem(await send('a=b', 'application/x-www-form-urlencoded'), 415, 'body-type');
    expectProblem(await send('{}', 'text/plain'), 415, 'body-type');
    expectProblem(await call(route, path, caller).set('Content-Type', 'application/json').set('Content-Encoding', 'gzip').send('{}'), 415, 'body-type');
  });

  it.each(jsonRows)('of $name is refused where it is too large', async ({ route, path }) => {
    const caller = route.access === 'anyone' ? undefined : operator;
    const large = JSON.stringify({ x: 'y'.repeat(16 * 1_048_576) });
    expectProblem(await call(route, path, caller).set('Content-Type', 'application/json').send(large), 413, 'body-too-large');
  });

  it('is refused where the route takes none', async () => {
    for (const { route, path } of rows.filter((row) => row.route.request === undefined && row.route.method !== 'GET')) {
      const caller = route.access === 'anyone' ? undefined : operator;
      expectProblem(await call(route, path, caller).send({ a: 1 }), 400, 'request-invalid');
    }
  });

  it('never has its values repeated in a refusal or a log', async () => {
    const secret = 'hunter2hunter2hunter2';
    const answer = await request(server.url).post(`${apiPrefix}/login`).send({ username: 'user', authKey: secret, carrier: 'bearer', [secret.slice(0, 3)]: secret });
    expectProblem(answer, 400, 'request-invalid');
    expect(answer.text + server.logText()).not.toContain(secret);
  });
});

describe('a body of commits', () => {
  const path = `${apiPrefix}/uploads/${id}/commits`;
  const send = (body: Uint8Array, type = commitsType) => call(routes.commitImages, path, user).set('Content-Type', type).send(Buffer.from(body));
  const body = encodeCommits([commitOf(id, [rawBlock()])]);

  it('is judged by its form before its upload session', async () => {
    expectProblem(await send(body), 404, 'upload-unknown');
    expectProblem(await send(encodeCommits([])), 404, 'upload-unknown');
    for (const bad of [body.subarray(0, -1), concat(body, Uint8Array.of(0)), new Uint8Array(), body.map((byte) => byte ^ 1)]) expectProblem(await send(bad), 400, 'request-invalid');
    const unsorted = { ...commitOf(id, []), tags: new Uint8Array(64) };
    expectProblem(await send(encodeCommits([unsorted])), 400, 'request-invalid');
  });

  it('is taken plain, and under its own type alone', async () => {
    for (const type of ['application/json', 'application/octet-stream', 'text/plain']) expectProblem(await send(body, type), 415, 'body-type');
    expectProblem(await send(body).set('Content-Encoding', 'gzip'), 415, 'body-type');
  });

  it('is taken up to its bound and refused above it', async () => {
    expectProblem(await send(new Uint8Array(maxCommitBodyBytes)), 400, 'request-invalid');
    expectProblem(await send(new Uint8Array(maxCommitBodyBytes + 1)), 413, 'body-too-large');
  });
});

describe('a query', () => {
  it('takes what the table names, once', async () => {
    const get = (query: string) => request(server.url).get(`${apiPrefix}/images?${query}`).set('Authorization', user.bearer);
    expect((await get('limit=1&trash=false')).body).toEqual({ images: [] });
    expect((await get('limit=500&trash=true')).status).toBe(200);
    for (const bad of ['limit=0', 'limit=501', 'limit=1&limit=1', 'limit=1e2', 'trash=1', 'other=1', 'cursor=nonsense', 'limit[]=1']) {
      expectProblem(await get(bad), 400, 'request-invalid');
    }
    expectProblem(await request(server.url).get(`${apiPrefix}/account?x=1`).set('Authorization', user.bearer), 400, 'request-invalid');
  });
});

describe('registration', () => {
  it('refuses a taken name and a taken id', async () => {
    const post = (body: object) => request(server.url).post(`${apiPrefix}/accounts`).send(body);
    expectProblem(await post(registrationOf('user')), 409, 'username-taken');
    expectProblem(await post(registrationOf('user-2', { accountId: user.accountId })), 409, 'account-exists');
  });

  it('logs in and out; wrong user and wrong key are refused alike', async () => {
    const login = (username: string, authKey: string) => request(server.url).post(`${apiPrefix}/login`).send({ username, authKey, carrier: 'bearer' });
    const answer = await login('user', user.authKey);
    const bearer = `Bearer ${(answer.body as { token: string }).token}`;
    expect((await request(server.url).get(`${apiPrefix}/account`).set('Authorization', bearer)).body).toMatchObject({ username: 'user', isOperator: false });
    expect((await request(server.url).post(`${apiPrefix}/logout`).set('Authorization', bearer)).status).toBe(204);
    expectProblem(await request(server.url).get(`${apiPrefix}/account`).set('Authorization', bearer), 401, 'unauthenticated');
    const wrong = await login('user', 'f'.repeat(64));
    const unknown = await login('nobody', 'f'.repeat(64));
    expectProblem(wrong, 401, 'credentials-wrong');
    expect({ ...(unknown.body as object), requestId: '' }).toEqual({ ...(wrong.body as object), requestId: '' });
  });
});

describe('the OpenAPI document', () => {
  it('lists every route with its schemas and nothing else', async () => {
    const answer = await request(server.url).get(`${apiPrefix}/openapi.json`);
    expect(answer.status).toBe(200);
    const { openapi, paths } = answer.body as { openapi: string; paths: Record<string, Record<string, { operationId: string; requestBody?: object; security: unknown[] }>> };
    expect(openapi).toBe('3.1.0');
    const listed = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => `${operation.operationId} ${method.toUpperCase()} ${path}`));
    expect(listed.sort()).toEqual(Object.entries(routes).map(([name, route]) => `${name} ${route.method} ${apiPrefix}${route.path.replaceAll(/:(\w+)/g, '{$1}')}`).sort());
    expect(paths['/api/v1/login']?.['post']?.security).toEqual([]);
    expect(JSON.stringify(paths['/api/v1/login']?.['post']?.requestBody)).toContain('authKey');
  });
});

describe('health', () => {
  it('answers anybody under any host', async () => {
    const answer = await request(server.url).get('/healthz').set('Host', '10.1.2.3:3000');
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
  });
});

describe('rate limits', () => {
  it('are strict at login and generous elsewhere, and say how long to wait', async () => {
    const strict = await startServer({ rates: { strict: 2, general: 5 } });
    try {
      const parameters = () => request(strict.url).post(`${apiPrefix}/login/parameters`).send({ username: 'nobody' });
      expect((await parameters()).status).toBe(200);
      expect((await parameters()).status).toBe(200);
      const third = await parameters();
      expectProblem(third, 429, 'rate-limited');
      expect(third.headers['retry-after']).toBe('60');
      for (let calls = 0; calls < 5; calls++) expect((await request(strict.url).get(`${apiPrefix}/server`)).status).toBe(200);
      expectProblem(await request(strict.url).get(`${apiPrefix}/server`), 429, 'rate-limited');
    } finally {
      await strict.close();
    }
  });
});
