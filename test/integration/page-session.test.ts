/**
 * Cookies, CSRF, Origin, Host, the `password` member and the first account, against the real server.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { registerRaw, registrationOf, type RawAccount } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';

let server: TestServer;
let account: RawAccount;
let cookie: string;
let csrf: string;

const codeOf = (answer: Response): unknown => (answer.body as { code?: unknown }).code;
const origin = (): string => server.url;
const post = (url: string) => request(server.url).post(url).set('Cookie', cookie);

async function loginAsPage(): Promise<Response> {
  return request(server.url).post('/api/v1/login').set('Origin', origin()).send({ username: account.username, authKey: account.authKey, carrier: 'cookie' });
}

beforeAll(async () => {
  server = await startServer();
  account = await registerRaw(server.url, 'ada');
  const answer = await loginAsPage();
  cookie = (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
  csrf = (answer.body as { csrfToken: string }).csrfToken;
});
afterAll(() => server.close());

describe('the cookie of a page', () => {
  it('is HttpOnly, strict and for the whole site, and the token is nowhere else', async () => {
    const answer = await loginAsPage();
    expect(answer.headers['set-cookie']).toEqual([expect.stringMatching(/^dice=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)]);
    expect(answer.body).toMatchObject({ pageKey: expect.any(String), csrfToken: expect.any(String) });
    expect(answer.body).not.toHaveProperty('token');
  });

  it('has an age only where the session is to be kept', async () => {
    const kept = await request(server.url).post('/api/v1/login').set('Origin', origin()).send({ username: account.username, authKey: account.authKey, carrier: 'cookie', isKept: true });
    expect(kept.headers['set-cookie']?.[0]).toMatch(/^dice=[\w-]{43}; Max-Age=2592000; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
    const keptCookie = (kept.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
    expect((await request(server.url).get('/api/v1/session').set('Cookie', keptCookie)).body).toMatchObject({ isKept: true });
    expect((await loginAsPage()).headers['set-cookie']?.[0]).not.toContain('Max-Age');
  });

  it('is given only to the server’s own pages', async () => {
    const body = { username: account.username, authKey: account.authKey, carrier: 'cookie' };
    expect(codeOf(await request(server.url).post('/api/v1/login').send(body))).toBe('origin-not-allowed');
    expect(codeOf(await request(server.url).post('/api/v1/login').set('Origin', 'https://evil.example').send(body))).toBe('origin-not-allowed');
    expect(codeOf(await request(server.url).post('/api/v1/login').set('Origin', 'null').send(body))).toBe('origin-not-allowed');
  });

  it('reads the session, and its CSRF token again', async () => {
    const answer = await request(server.url).get('/api/v1/session').set('Cookie', cookie);
    expect(answer.body).toMatchObject({ username: 'ada', accountId: account.accountId, csrfToken: csrf });
  });

  it('changes something only with the right Origin and the right CSRF token', async () => {
    const other = Buffer.alloc(32).toString('base64url');
    expect(codeOf(await post('/api/v1/uploads'))).toBe('origin-not-allowed');
    expect(codeOf(await post('/api/v1/uploads').set('Origin', origin()))).toBe('origin-not-allowed');
    expect(codeOf(await post('/api/v1/uploads').set('x-dice-csrf', csrf))).toBe('origin-not-allowed');
    expect(codeOf(await post('/api/v1/uploads').set('Origin', origin()).set('x-dice-csrf', other))).toBe('origin-not-allowed');
    expect(codeOf(await post('/api/v1/uploads').set('Origin', 'https://evil.example').set('x-dice-csrf', csrf))).toBe('origin-not-allowed');
    expect((await post('/api/v1/uploads').set('Origin', origin()).set('x-dice-csrf', csrf)).status).toBe(200);
  });

  it('does not read either for a request that a browser knows to come from another site', async () => {
    const read = (site: string) => request(server.url).get('/api/v1/account').set('Cookie', cookie).set('Sec-Fetch-Site', site);
    expect((await read('same-origin')).status).toBe(200);
    for (const site of ['cross-site', 'same-site', 'none']) expect(codeOf(await read(site))).toBe('origin-not-allowed');
  });

  it('does not work as a bearer, and a bearer not as a cookie', async () => {
    const asBearer = await request(server.url).get('/api/v1/account').set('Authorization', `Bearer ${cookie.slice('dice='.length)}`);
    const asCookie = await request(server.url).get('/api/v1/account').set('Cookie', `dice=${account.bearer.slice('Bearer '.length)}`);
    expect([codeOf(asBearer), codeOf(asCookie)]).toEqual(['unauthenticated', 'unauthenticated']);
    expect(codeOf(await request(server.url).get('/api/v1/account').set('Cookie', cookie).set('Authorization', 'Bearer x'))).toBe('unauthenticated');
  });

  it('ends with the session, whoever revokes it', async () => {
    const answer = await loginAsPage();
    const second = (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
    const { sessionId } = answer.body as { sessionId: string };
    expect((await request(server.url).delete(`/api/v1/sessions/${sessionId}`).set('Authorization', account.bearer)).status).toBe(204);
    expect(codeOf(await request(server.url).get('/api/v1/session').set('Cookie', second))).toBe('unauthenticated');
  });

  it('is cleared by logout', async () => {
    const answer = await loginAsPage();
    const third = (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
    const { csrfToken } = answer.body as { csrfToken: string };
    const logout = await request(server.url).post('/api/v1/logout').set('Cookie', third).set('Origin', origin()).set('x-dice-csrf', csrfToken);
    expect([logout.status, logout.headers['set-cookie']?.[0]]).toEqual([204, expect.stringMatching(/^dice=; Path=\/; Expires=Thu, 01 Jan 1970/)]);
    expect(codeOf(await request(server.url).get('/api/v1/session').set('Cookie', third))).toBe('unauthenticated');
  });
});

describe('a bearer', () => {
  it('is not taken out of a query', async () => {
    const token = account.bearer.slice('Bearer '.length);
    expect(codeOf(await request(server.url).get(`/api/v1/account?access_token=${token}`))).toBe('request-invalid');
    expect(server.logText()).not.toContain(token);
  });

  it('needs no Origin, and is refused from a foreign page', async () => {
    const begin = () => request(server.url).post('/api/v1/uploads').set('Authorization', account.bearer);
    expect((await begin()).status).toBe(200);
    expect(codeOf(await begin().set('Origin', 'https://evil.example'))).toBe('origin-not-allowed');
  });
});

describe('a host', () => {
  it('that is not the server’s is refused, pages and API alike', async () => {
    for (const url of ['/', '/api/v1/server', '/login']) {
      const answer = await request(server.url).get(url).set('Host', 'evil.example');
      expect([answer.status, codeOf(answer)]).toEqual([421, 'host-not-allowed']);
    }
  });
});

describe('a member named password', () => {
  it('is refused in any query and in any body', async () => {
    expect(codeOf(await request(server.url).get('/login?password=x'))).toBe('request-invalid');
    expect(codeOf(await request(server.url).get('/?PASSWORD=x'))).toBe('request-invalid');
    expect(codeOf(await request(server.url).post('/api/v1/login').send({ username: 'ada', password: 'correct horse', carrier: 'bearer' }))).toBe('request-invalid');
    expect(codeOf(await request(server.url).post('/api/v1/accounts').send(registrationOf('bob', { password: 'correct horse' })))).toBe('request-invalid');
    expect((await request(server.url).post('/api/v1/login').type('form').send({ username: 'ada', password: 'correct horse' })).status).toBe(415);
    expect((await request(server.url).post('/login').type('form').send({ password: 'correct horse' })).status).toBeGreaterThanOrEqual(400);
    expect(server.logText()).not.toContain('correct');
  });
});

describe('answers', () => {
  it('of pages allow scripts and styles of this server alone, and no framing', async () => {
    const { headers } = await request(server.url).get('/');
    expect(headers['content-security-policy']).toMatch(/default-src 'none';script-src 'self' 'wasm-unsafe-eval';/);
    expect(headers['content-security-policy']).not.toMatch(/'unsafe-/);
    expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none';base-uri 'none'/);
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('of the API are never kept and never documents', async () => {
    const { headers } = await request(server.url).get('/api/v1/server');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" });
  });
});

describe('the first account', () => {
  it('needs the setup token where a proxy shows itself, and none on this machine', async () => {
    const fresh = await startServer();
    try {
      const send = (body: object) => request(fresh.url).post('/api/v1/accounts').set('X-Forwarded-For', '10.0.0.1').send(body);
      expect((await request(fresh.url).get('/api/v1/server').set('Via', '1.1 x')).body).toMatchObject({ hasAccounts: false, needsSetupToken: true });
      expect((await request(fresh.url).get('/api/v1/server')).body).toMatchObject({ hasAccounts: false, needsSetupToken: false });
      expect(codeOf(await send(registrationOf('first')))).toBe('setup-token-required');
      expect(codeOf(await send(registrationOf('first', { setupToken: 'x' })))).toBe('setup-token-required');
      const file = path.join(fresh.dataDirectory, 'setup-token');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const setupToken = (await readFile(file, 'utf8')).trim();
      const answer = await send(registrationOf('first', { setupToken }));
      expect(answer.body).toMatchObject({ account: { isOperator: true } });
      expect((await send(registrationOf('second'))).body).toMatchObject({ account: { isOperator: false } });
    } finally {
      await fresh.close();
    }
  });
});

describe('behind TLS', () => {
  it('the cookie is bound to the host, and HSTS is said', async () => {
    const secure = await startServer({ publicUrl: new URL('https://images.example.org'), signup: 'open' });
    try {
      const setupToken = (await readFile(path.join(secure.dataDirectory, 'setup-token'), 'utf8')).trim();
      const body = registrationOf('ada', { setupToken, carrier: 'cookie' });
      const begun = await request(secure.url).post('/api/v1/accounts').set('Host', 'images.example.org').set('Origin', 'https://images.example.org').send(body);
      expect(begun.headers['set-cookie']).toEqual([expect.stringMatching(/^__Host-dice=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/)]);
      const set = begun.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      expect((await request(secure.url).get('/api/v1/account').set('Host', 'images.example.org').set('Cookie', set)).body).toMatchObject({ username: 'ada' });
      const page = await request(secure.url).get('/').set('Host', 'images.example.org');
      expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
      expect((await request(secure.url).get('/api/v1/server')).body).toMatchObject({ realm: 'images.example.org' });
    } finally {
      await secure.close();
    }
  });
});

describe('behind a proxy that is named', () => {
  it('the forwarded scheme binds the cookie, and nobody is local', async () => {
    const proxied = await startServer({ trustProxy: ['loopback'] });
    try {
      expect((await request(proxied.url).get('/api/v1/server')).body).toMatchObject({ needsSetupToken: true });
      const setupToken = (await readFile(path.join(proxied.dataDirectory, 'setup-token'), 'utf8')).trim();
      const send = (scheme: string, username: string) => request(proxied.url).post('/api/v1/accounts').set('X-Forwarded-Proto', scheme)
        .set('Origin', proxied.url).send(registrationOf(username, { setupToken, carrier: 'cookie' }));
      expect((await send('https', 'ada')).headers['set-cookie']?.[0]).toMatch(/^__Host-dice=.*; Secure;/);
      expect((await send('http', 'bob')).headers['set-cookie']?.[0]).toMatch(/^dice=/);
    } finally {
      await proxied.close();
    }
  });

  it('the forwarded scheme of anybody else means nothing', async () => {
    const begun = await request(server.url).post('/api/v1/accounts').set('X-Forwarded-Proto', 'https').set('Origin', origin()).send(registrationOf('eve', { carrier: 'cookie' }));
    expect(begun.headers['set-cookie']?.[0]).toMatch(/^dice=/);
  });
});
