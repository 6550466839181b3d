/**
 * Requests that no client sends, on bare connections to the real server: two requests in one, two callers in one, targets that are no
 * paths, lengths that lie, old and strange versions. Each is refused or means one thing, and another is served meanwhile.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { type RawAccount, registerRaw } from '../support/raw-account.js';
import { type RawAnswers, sendRaw } from '../support/raw-socket.js';
import { startServer, type TestServer } from '../support/running-server.js';

let server: TestServer;
let ada: RawAccount;

beforeAll(async () => {
  server = await startServer();
  ada = await registerRaw(server.url, 'ada');
});
afterAll(() => server.close());

const host = 'Host: localhost\r\n';
const bearer = (): string => `Authorization: ${ada.bearer}\r\n`;
/** What is hidden behind a body: with it, an answer would hold Ada's record. */
const hidden = (): string => `GET /api/v1/account HTTP/1.1\r\n${host}${bearer()}\r\n`;
const post = (headers: string): string => `POST /api/v1/login/parameters HTTP/1.1\r\n${host}Content-Type: application/json\r\n${headers}\r\n`;
const get = (target: string, headers = ''): string => `GET ${target} HTTP/1.1\r\n${host}${headers}\r\n`;
const body = '{"username":"adaaa"}';

async function send(bytes: string): Promise<RawAnswers> {
  const answers = await sendRaw({ port: server.port }, bytes);
  expect((await request(server.url).get('/api/v1/server')).status).toBe(200);
  return answers;
}

const codesIn = ({ text }: RawAnswers): readonly (string | undefined)[] => [...text.matchAll(/"code":"([a-z-]+)"/g)].map(([, code]) => code);

describe('a request hidden behind a body', () => {
  const chunk = '0\r\n\r\n';
  it.each<[string, string, string]>([
    ['length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', chunk],
    ['chunks and length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', chunk],
    ['an unknown coding', 'Transfer-Encoding: xchunked\r\n', chunk],
    ['the coding identity', 'Transfer-Encoding: identity\r\n', chunk],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity\r\n', chunk],
    ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', chunk],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n', chunk],
    ['a control character before the coding', 'Transfer-Encoding: \x0bchunked\r\n', chunk],
    ['a folded line', 'Transfer-Encoding:\r\n chunked\r\n', chunk],
    ['a bare carriage return', 'X: a\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n', chunk],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 5\r\n', ''],
    ['one length twice', 'Content-Length: 0\r\nContent-Length: 0\r\n', ''],
    ['a list of lengths', 'Content-Length: 0, 0\r\n', ''],
    ['a length with a sign', 'Content-Length: +5\r\n', 'abcde'],
    ['a length in hex', 'Content-Length: 0x5\r\n', 'abcde'],
    ['a negative length', 'Content-Length: -1\r\n', ''],
    ['a length of 23 digits', `Content-Length: ${'9'.repeat(23)}\r\n`, ''],
    ['a length with a space', 'Content-Length: 1 0\r\n', ''],
    ['a NUL in a header', 'X: a\0b\r\nContent-Length: 0\r\n', ''],
    ['a chunk beyond all numbers', 'Transfer-Encoding: chunked\r\n', `${'f'.repeat(17)}\r\n`],
    ['a chunk of another form', 'Transfer-Encoding: chunked\r\n', '0x0\r\n\r\n'],
    ['a chunk with bare line feeds', 'Transfer-Encoding: chunked\r\n', '1\nx\n0\n\n'],
    ['an endless chunk extension', 'Transfer-Encoding: chunked\r\n', `1;${'a'.repeat(20_000)}\r\nx\r\n${chunk}`],
    ['a length that is too short', 'Content-Length: 5\r\n', body],
  ])('by %s is not seen', async (...row) => {
    const answers = await send(post(row[1]) + row[2] + hidden());
    expect(answers.text).not.toContain('accountId');
    expect(answers.isEnded).toBe(true);
    expect(answers.statuses.every((status) => status === 400 || status === 413)).toBe(true);
  });

  it('by line feeds alone, or by chunks under HTTP/1.0, is not seen', async () => {
    for (const bytes of [`${post('Content-Length: 0\r\n').replaceAll('\r\n', '\n')}${hidden()}`, post('Transfer-Encoding: chunked\r\n').replace('HTTP/1.1', 'HTTP/1.0') + chunk + hidden()]) {
      expect(await send(bytes)).toMatchObject({ statuses: [400], isEnded: true });
    }
  });

  it('by the body of a GET is a body', async () => {
    const answers = await send(get('/api/v1/server', `Content-Length: ${String(hidden().length)}\r\n`) + hidden());
    expect([answers.statuses, codesIn(answers)]).toEqual([[400], ['request-invalid']]);
  });

  it('by trailers gives them to nobody', async () => {
    const answers = await send(`${post('Transfer-Encoding: chunked\r\n')}14\r\n${body}\r\n0\r\n${bearer()}X-Http-Method-Override: DELETE\r\n\r\n`);
    expect(answers.statuses).toEqual([200]);
    expect(answers.text).not.toContain('accountId');
  });

  it('by an extra coding is refused for it', async () => {
    const answers = await send(post('Transfer-Encoding: gzip, chunked\r\n') + chunk);
    expect([answers.statuses, codesIn(answers)]).toEqual([[400], ['request-invalid']]);
  });
});

describe('a header given twice', () => {
  it.each<[string, () => string]>([
    ['Host', () => 'Host: localhost\r\n'],
    ['Host, another', () => 'Host: evil.example\r\n'],
    ['Authorization', () => `${bearer()}Authorization: Bearer x\r\n`],
    ['Authorization, the other way round', () => `Authorization: Bearer x\r\n${bearer()}`],
    ['Content-Type', () => 'Content-Type: text/plain\r\nContent-Type: application/json\r\n'],
    ['Origin', () => `${bearer()}Origin: http://localhost\r\nOrigin: https://evil.example\r\n`],
    ['x-dice-csrf', () => 'X-Dice-Csrf: a\r\nx-dice-csrf: b\r\n'],
  ])('is refused: %s', async (...row) => {
    const answers = await send(get('/api/v1/account', row[1]()));
    expect([answers.statuses, codesIn(answers)]).toEqual([[400], ['request-invalid']]);
  });

  it('in one line names no caller', async () => {
    expect((await send(get('/api/v1/account', bearer().replace('\r\n', ', Bearer x\r\n')))).statuses).toEqual([401]);
  });
});

describe('a target', () => {
  it.each<[string, number]>([
    ['http://evil.example/api/v1/server', 400], ['http://localhost/api/v1/server', 400], ['*', 400], ['api/v1/server', 400],
    ['//api/v1/account', 404], ['//evil.example/api/v1/account', 404], ['/api//v1/account', 404], ['/api\\v1\\account', 404], ['/%61pi/v1/account', 404],
    ['/api/v1/images/../account', 404], ['/api/v1/images/%2e%2e/account', 404], ['/api/v1/images/%2e%2e%2faccount', 400], ['/api/v1/images/%ff%fe', 400],
    ['/api/v1/images/\xff\xfe', 400], ['/api/v1/images/\0', 400], ['/api/v1/images/%00', 400], ['/api/v1/images/a\tb', 400], ['/api/v1/account;x=1', 404], ['/api/v1/account%3Fx', 404],
    [`/api/v1/images?cursor=${'a'.repeat(8_000)}`, 400], [`/api/v1/images?cursor=${'a'.repeat(20_000)}`, 431], [`/${'a/'.repeat(4_000)}`, 404],
    ['/assets/../../../../etc/passwd', 404], ['/assets/%2e%2e/%2e%2e/etc/passwd', 404], ['/assets/..%2f..%2fpackage.json', 404], ['/.env', 404], ['/assets/%00', 404],
  ])('number %# leads where it says or nowhere', async (target, status) => {
    const { statuses, text } = await send(get(target, bearer()));
    // What cannot be decoded is either no path or none that is there.
    expect(status === 404 ? [[404], [400]] : [[status]]).toContainEqual(statuses);
    expect(text).not.toMatch(/accountId|root:|"name": ?"dice-store"/);
  });
});

describe('another version or manner', () => {
  it.each<[string, string, readonly number[]]>([
    ['HTTP/1.0 without a host', 'GET /api/v1/server HTTP/1.0\r\n\r\n', [421]],
    ['HTTP/1.0 with one', `GET /api/v1/server HTTP/1.0\r\n${host}\r\n`, [200]],
    ['HTTP/0.9', 'GET /api/v1/server\r\n\r\n', [421]],
    ['HTTP/2 without agreement', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
    ['HTTP/9.9', `GET / HTTP/9.9\r\n${host}\r\n`, [400]],
    ['no host', 'GET /api/v1/server HTTP/1.1\r\n\r\n', [400]],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
    ['CONNECT', `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n`, []],
    ['a header of 20 kB', get('/api/v1/server', `X: ${'a'.repeat(20_000)}\r\n`), [431]],
  ])('is ended: %s', async (...row) => {
    expect(await send(row[1])).toMatchObject({ statuses: row[2], isEnded: true });
  });

  it.each<[string, string, readonly number[]]>([
    ['TRACE', `TRACE /api/v1/server HTTP/1.1\r\n${host}\r\n`, [405]],
    ['an unmet expectation', post('Expect: tea\r\nContent-Length: 0\r\n'), [417]],
    ['an upgrade to a socket', get('/api/v1/server', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'), [200]],
    ['an upgrade to HTTP/2', get('/api/v1/server', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n'), [200]],
    ['fifty requests in one piece', get('/api/v1/server').repeat(50), new Array<number>(50).fill(200)],
    ['another method in a header', get('/api/v1/server', 'X-HTTP-Method-Override: DELETE\r\n'), [200]],
    ['another path in a header', get('/api/v1/server', 'X-Original-URL: /api/v1/account\r\nX-Rewrite-URL: /api/v1/account\r\n'), [200]],
    ['another host in a header', 'GET /api/v1/server HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n', [421]],
    ['1,500 headers', get('/api/v1/server', Array.from({ length: 1_500 }, (_, i) => `X${String(i)}: a\r\n`).join('')), [200]],
  ])('means what it says or is refused: %s', async (...row) => {
    expect((await send(row[1])).statuses).toEqual(row[2]);
  });

  it('brings no line of its own into an answer', async () => {
    for (const id of ['abcdefgh%0d%0aX-Evil: y', 'abcdefgh\tX-Evil', '"><script>abcdefgh']) {
      expect((await send(get('/api/v1/server', `X-Request-Id: ${id}\r\n`))).text).not.toMatch(/evil|script/i);
    }
  });
});
