/**
 * The second factor over the wire, by the SDK and by the command, against the real server. Its clock is this process's, which the test sets ahead.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { nodeWorld } from '../../server/world.js';
import { codeAt, wrongCodeAt } from '../support/authenticator.js';
import { Person } from '../support/dice-command.js';
import { registerRaw } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { clientOf, codeOf, registered, testPassword } from '../support/sdk-client.js';

const ends: (() => unknown)[] = [];
const systemNow = Date.now;
let aheadMs = 0;

/** Steps the clock of the server, which runs in this process. */
function nextStep(): void {
  aheadMs += 30_000;
  Date.now = () => systemNow() + aheadMs;
}

const shown = (secret: string): string => codeAt(secret, nodeWorld.clock.now());

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  aheadMs = 0;
  Date.now = systemNow;
});

async function started(): Promise<TestServer> {
  const server = await startServer();
  ends.push(() => server.close());
  return server;
}

describe('a second factor over the wire', () => {
  it('has refusals of its own, is shown once, and leaves no secret in the log', async () => {
    const server = await started();
    const { username, authKey, bearer } = await registerRaw(server.url, 'ada');
    const factor = (method: 'post' | 'put' | 'delete', body: object, by = bearer) => request(server.url)[method]('/api/v1/account/second-factor').set('Authorization', by).send(body);
    const login = (body: object) => request(server.url).post('/api/v1/login').send({ username, authKey, carrier: 'bearer', ...body });
    expect((await request(server.url).post('/api/v1/account/second-factor').send({ authKey })).status).toBe(401);
    expect((await factor('post', { authKey: '0'.repeat(64) })).body).toMatchObject({ code: 'credentials-wrong' });
    const token = (await request(server.url).post('/api/v1/tokens').set('Authorization', bearer).send({ device: 'scanner', days: 1 })).body as { token: string };
    expect((await factor('post', { authKey }, `Bearer ${token.token}`)).body).toMatchObject({ code: 'forbidden' });
    const { secret } = (await factor('post', { authKey })).body as { secret: string };
    const confirmed = await factor('put', { code: shown(secret) });
    const { backupCodes } = confirmed.body as { backupCodes: readonly string[] };
    expect(backupCodes).toHaveLength(10);

    const [required, wrong] = [await login({}), await login({ code: wrongCodeAt(secret, nodeWorld.clock.now()) })];
    expect([required.status, required.body]).toMatchObject([401, { code: 'second-factor-required' }]);
    expect([wrong.status, wrong.body]).toMatchObject([401, { code: 'second-factor-wrong' }]);
    expect((await login({ code: '1'.repeat(65) })).body).toMatchObject({ code: 'request-invalid' });
    // A wrong password is answered alike, with a code that holds and without one.
    nextStep();
    const answers = [await login({ authKey: '0'.repeat(64) }), await login({ authKey: '0'.repeat(64), code: shown(secret) })].map(({ status, body }) => [status, { ...(body as object), requestId: '' }]);
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject([401, { code: 'credentials-wrong' }]);
    expect((await login({ code: shown(secret) })).body).toMatchObject({ account: { secondFactor: { backupCodesLeft: 10 } } });

    const record = await request(server.url).get('/api/v1/account').set('Authorization', `Bearer ${token.token}`);
    expect(record.status).toBe(200);
    for (const text of [record.text, server.logText()]) {
      for (const hidden of [secret, ...backupCodes]) expect(text).not.toContain(hidden);
    }
    expect((await factor('delete', { authKey, code: shown(secret) }, `Bearer ${token.token}`)).body).toMatchObject({ code: 'forbidden' });
  });
});

describe('a second factor in the SDK', () => {
  it('is turned on, asked for, used in changes and turned off', async () => {
    const { url } = await started();
    const ada = await registered(url, 'ada');
    expect(ada.account).toMatchObject({ hasSecondFactor: false });
    expect(await codeOf(ada.beginSecondFactor({ password: 'another password 7' }))).toBe('credentials-wrong');
    const { secret } = await ada.beginSecondFactor({ password: testPassword });
    expect(await codeOf(ada.confirmSecondFactor(wrongCodeAt(secret, nodeWorld.clock.now())))).toBe('second-factor-wrong');
    const { backupCodes } = await ada.confirmSecondFactor(shown(secret));
    expect(ada.account).toMatchObject({ hasSecondFactor: true, backupCodesLeft: 10 });

    const other = await clientOf(url);
    const credentials = { username: 'ada', password: testPassword };
    expect(await codeOf(other.login({ ...credentials, password: 'another password 7', code: backupCodes[0] }))).toBe('credentials-wrong');
    expect(await codeOf(other.login(credentials))).toBe('second-factor-required');
    await other.login({ ...credentials, code: backupCodes[0] });
    expect(other.account).toMatchObject({ hasSecondFactor: true, backupCodesLeft: 9 });

    expect(await codeOf(other.changePassword({ current: testPassword, next: 'eight grey herons' }))).toBe('second-factor-required');
    nextStep();
    await other.changePassword({ current: testPassword, next: 'eight grey herons', code: shown(secret) });
    const { recoveryWords } = await other.changeRecoveryWords({ password: 'eight grey herons', code: backupCodes[1] });
    nextStep();
    await other.recover({ username: 'ada', recoveryWords, newPassword: testPassword, code: shown(secret) });
    expect(other.account).toMatchObject({ hasSecondFactor: true, backupCodesLeft: 8 });
    expect(await codeOf(other.endSecondFactor({ password: testPassword, code: shown(secret) }))).toBe('second-factor-wrong');
    await other.recover({ username: 'ada', recoveryWords, newPassword: testPassword });
    expect(other.account).toMatchObject({ hasSecondFactor: false });
    await (await clientOf(url)).login(credentials);
  });

  it('says that a change happened where its answer was lost and a code is due', async () => {
    const { url } = await started();
    let isCut = false;
    const ada = await registered(url, 'ada', {
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if (!isCut || !input.endsWith('/account/credentials')) return answer;
        isCut = false;
        await answer.arrayBuffer();
        throw new TypeError('cut off');
      },
    });
    const { secret } = await ada.beginSecondFactor({ password: testPassword });
    await ada.confirmSecondFactor(shown(secret));
    nextStep();
    isCut = true;
    await expect(ada.changePassword({ current: testPassword, next: 'eight grey herons', code: shown(secret) })).rejects.toThrow(/The change happened/);
    nextStep();
    await ada.login({ username: 'ada', password: 'eight grey herons', code: shown(secret) });
  });
});

describe('a second factor at the command', () => {
  it('is turned on in two calls, asked for at login and turned off', async () => {
    const server = await started();
    const folder = await mkdtemp(path.join(tmpdir(), 'dice-factor-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const ada = new Person({ url: server.url, profileDir: path.join(folder, 'profile'), username: 'ada' });
    await ada.must(['register', '--recovery-file', path.join(folder, 'words.txt')]);
    const { secret } = (await ada.must(['factor', 'on', '--json'])).json<{ secret: string }>();
    const { backupCodes: [backupCode = ''] } = (await ada.must(['factor', 'on', '--json', '--code', shown(secret)])).json<{ backupCodes: readonly string[] }>();
    expect((await ada.must(['factor', 'status', '--json'])).json()).toEqual({ secondFactor: true, backupCodesLeft: 10 });
    expect((await ada.must(['login'], 5)).stderr).toContain('also asks for a code');
    nextStep();
    await ada.must(['login', '--code', shown(secret)]);
    const next = path.join(folder, 'next.txt');
    await writeFile(next, `${ada.password}\n`);
    await ada.must(['passwd', '--new-password-file', next, '--code', backupCode]);
    nextStep();
    await ada.must(['factor', 'off', '--code', shown(secret)]);
  });
});
