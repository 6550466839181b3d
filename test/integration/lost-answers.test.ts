/**
 * A client that is cut off in the middle of something that cannot be repeated: what happened is found out, what is shown once is not kept
 * back, and where nobody can know, the error says what to do.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import { DiceError } from '../../client-sdk/core/errors.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { codeNow } from '../support/authenticator.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { clientOf, codeOf, registered, storedId, testPassword, uploaded } from '../support/sdk-client.js';
import { listenForUnheard } from '../support/unheard-rejections.js';

/** What becomes of a call: its answer is lost, or it never gets there. */
type Fate = 'lost' | 'unsent' | undefined;

let server: TestServer;
let fateOf: (call: string) => Fate = () => undefined;
/** What happens before a call gets there. */
let before: (call: string) => Promise<void> | undefined = () => undefined;
let people = 0;
let aheadMs = 0;
const systemNow = Date.now;

beforeAll(async () => {
  server = await startServer();
});

afterEach(() => {
  fateOf = () => undefined;
  before = () => undefined;
  aheadMs = 0;
  Date.now = systemNow;
});

afterAll(() => server.close());

const platform = nodePlatform(undefined);
/** Waits between tries are not what these tests are about; the time that an answer may take stays. */
const impatient = { sleep: (ms: number, signal?: AbortSignal) => platform.sleep(ms < 60_000 ? 0 : ms, signal) };

const network: typeof fetch = async (input, init) => {
  // The client asks by address, as text.
  const call = `${init?.method ?? 'GET'} ${new URL(input as string).pathname.replace('/api/v1', '')}`;
  const fate = fateOf(call);
  if (fate === 'unsent') throw new TypeError('there is no way');
  await before(call);
  const answer = await fetch(input, init);
  if (fate === undefined) return answer;
  await answer.arrayBuffer();
  throw new TypeError('the answer was lost');
};

const person = (): Promise<DiceClient> => registered(server.url, `person-${String(++people)}`, { fetch: network, platform: impatient });

/** A code that the server, whose clock is this process's, has not taken yet. */
function nextCode(secret: string): string {
  aheadMs += 30_000;
  Date.now = () => systemNow() + aheadMs;
  return codeNow(secret);
}

async function errorOf(attempt: Promise<unknown>): Promise<DiceError> {
  const thrown = await attempt.then(() => undefined, (reason: unknown) => reason);
  if (!(thrown instanceof DiceError)) throw new Error(`no DiceError: ${String(thrown)}`);
  return thrown;
}

async function withFactor(client: DiceClient): Promise<string> {
  const { secret } = await client.beginSecondFactor({ password: testPassword });
  await client.confirmSecondFactor(nextCode(secret));
  return secret;
}

describe('a second factor', () => {
  it('shows its backup codes, though nothing can be read after it was turned on', async () => {
    const client = await person();
    const { secret } = await client.beginSecondFactor({ password: testPassword });
    let isOn = false;
    fateOf = (call) => {
      if (call === 'GET /account' && isOn) return 'unsent';
      isOn ||= call === 'PUT /account/second-factor';
      return undefined;
    };
    expect((await client.confirmSecondFactor(nextCode(secret))).backupCodes).toHaveLength(10);
    expect(client.account).toMatchObject({ hasSecondFactor: true, backupCodesLeft: 10 });
  });

  it('says that it is on where its codes were lost, and is off where only the answer to that was lost', async () => {
    const client = await person();
    const { secret } = await client.beginSecondFactor({ password: testPassword });
    fateOf = (call) => (call === 'PUT /account/second-factor' ? 'lost' : undefined);
    const lost = await errorOf(client.confirmSecondFactor(nextCode(secret)));
    expect([lost.code, lost.message]).toEqual(['server-unreachable', expect.stringContaining('backup codes were lost')]);
    expect(client.account?.hasSecondFactor).toBe(true);
    fateOf = (call) => (call === 'DELETE /account/second-factor' ? 'lost' : undefined);
    await client.endSecondFactor({ password: testPassword, code: nextCode(secret) });
    expect(client.account).toMatchObject({ hasSecondFactor: false, backupCodesLeft: 0 });
  });

  it('stays as it was where the change never got there', async () => {
    const client = await person();
    const secret = await withFactor(client);
    fateOf = (call) => (call === 'DELETE /account/second-factor' ? 'unsent' : undefined);
    expect(await codeOf(client.endSecondFactor({ password: testPassword, code: nextCode(secret) }))).toBe('server-unreachable');
    expect(client.account?.hasSecondFactor).toBe(true);
  });
});

describe('new recovery words whose answer was lost', () => {
  it('are made once more where the old ones are void: the error says so', async () => {
    const client = await person();
    const secret = await withFactor(client);
    fateOf = (call) => (call === 'PUT /account/credentials' ? 'lost' : undefined);
    const lost = await errorOf(client.changeRecoveryWords({ password: testPassword, code: nextCode(secret) }));
    expect([lost.code, lost.message]).toEqual(['second-factor-required', expect.stringContaining('make recovery words once more')]);
  });

  it('may hold where nothing can be found out: the error says so, of a password too', async () => {
    const client = await person();
    fateOf = (call) => (call === 'PUT /account/credentials' || call === 'POST /recovery' || call === 'POST /login' ? 'unsent' : undefined);
    const words = await errorOf(client.changeRecoveryWords({ password: testPassword }));
    expect([words.code, words.message]).toEqual(['server-unreachable', expect.stringContaining('may be void')]);
    const password = await errorOf(client.changePassword({ current: testPassword, next: 'eight green herons' }));
    expect([password.code, password.message]).toEqual(['server-unreachable', expect.stringContaining('the new password may hold, or the old one')]);
  });
});

describe('an image that was to go for good', () => {
  it('can be taken out of the trash where the client said that it goes and was cut off before it went', async () => {
    const client = await person();
    const id = await storedId(client, 'a.bin', Uint8Array.of(1, 2, 3));
    await client.remove(id);
    fateOf = (call) => (call.startsWith('DELETE /trash/') ? 'unsent' : undefined);
    expect(await codeOf(client.purge(id))).toBe('server-unreachable');
    fateOf = () => undefined;
    await client.restore(id);
    const listed: string[] = [];
    for await (const image of client.list()) listed.push(image.id);
    expect(listed).toEqual([id]);
  });

  it('is gone where only the answer was lost', async () => {
    const client = await person();
    const id = await storedId(client, 'a.bin', Uint8Array.of(4, 5, 6));
    await client.remove(id);
    let tries = 0;
    fateOf = (call) => (call.startsWith('DELETE /trash/') && tries++ === 0 ? 'lost' : undefined);
    await client.purge(id);
    expect(tries).toBe(2);
    expect(await codeOf(client.open(id))).toBe('not-found');
    expect((await client.missing()).images).toEqual([]);
  });

  it.each(['DELETE /trash/', 'GET /account/head'])('stays where another device takes it out of the trash before %s', async (moment) => {
    const client = await person();
    const id = await storedId(client, 'a.bin', Uint8Array.of(7, 8, 9));
    await client.remove(id);
    const other = await clientOf(server.url);
    await other.login({ username: client.account?.username ?? '', password: testPassword });
    let isTaken = false;
    before = (call) => {
      if (isTaken || !call.startsWith(moment)) return undefined;
      isTaken = true;
      return other.restore(id);
    };
    expect(await codeOf(client.purge(id))).toBe('not-found');
    const listed: string[] = [];
    for await (const image of other.list()) listed.push(image.id);
    expect(listed).toEqual([id]);
    await other.close();
  });
});

describe('the password of an account', () => {
  it('is not stretched by what another account’s record says', async () => {
    const [ada, other] = [await person(), await person()];
    const idOf = (client: DiceClient): string => client.account?.accountId ?? '';
    const lying = await clientOf(server.url, {
      platform: impatient,
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if (!input.endsWith('/account') || init.method !== 'GET') return answer;
        return new Response((await answer.text()).replaceAll(idOf(ada), idOf(other)), { headers: { 'content-type': 'application/json' } });
      },
    });
    await lying.login({ username: ada.account?.username ?? '', password: testPassword });
    expect(await codeOf(lying.beginSecondFactor({ password: testPassword }))).toBe('wrong-account');
    expect(await codeOf(lying.closeAccount({ username: ada.account?.username ?? '', password: testPassword }))).toBe('wrong-account');
  });
});

describe('a listener that throws', () => {
  it('fails its file, and nothing else', async () => {
    const client = await person();
    const unheard = listenForUnheard();
    try {
      const results = await uploaded(client, { 'a.bin': new Uint8Array(5_000).fill(7) }, { onProgress: ({ kind }) => { if (kind === 'tile') throw new RangeError('no pencil'); } });
      expect(results.get('a.bin')).toMatchObject({ status: 'failed', error: { code: 'internal', message: 'no pencil' } });
      // Rejections that nobody met are told after the turn in which they came.
      await new Promise((resolve) => { setImmediate(resolve); });
    } finally {
      unheard.stop();
    }
    expect(unheard.stop()).toEqual([]);
  });
});
