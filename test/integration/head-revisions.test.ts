/**
 * Keyring and credentials under the account head, against a real server: what it serves of an earlier time is noticed by a device that logs in anew,
 * and devices at work at the same time, or dying in between, alarm nobody. SPEC.md section 14.
 */
import { describe, expect, it } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import { codeNow } from '../support/authenticator.js';
import { honest, servedDevices, type Tamper } from '../support/devices.js';
import { Gate } from '../support/gate.js';
import { OwnerHeads } from '../support/owner-heads.js';
import { codeOf, storedId, testPassword, uploaded } from '../support/sdk-client.js';

const devices = servedDevices();
const next = 'nine purple herons';

/** Everything that must not be done on an account that is older than its head. */
const refused: Readonly<Record<string, (client: DiceClient, id: string) => Promise<unknown>>> = {
  'a listing': async (client) => { for await (const { id } of client.list()) if (id === '') break; },
  'a listing of the trash': async (client) => { for await (const { id } of client.list({ trash: true })) if (id === '') break; },
  'an upload': (client) => uploaded(client, { 'b.bin': Buffer.from('to an old domain') }),
  'a removal': (client, id) => client.remove(id),
  'a change of the domain': (client) => client.changeDomain('group'),
  'an invitation': (client) => client.invite(),
  'a change of the password': (client) => client.changePassword({ current: testPassword, next: 'eight grey herons' }),
  'a change of the words': (client) => client.changeRecoveryWords({ password: testPassword }),
  'a second factor': (client) => client.beginSecondFactor({ password: testPassword }),
  'a look at the head': (client) => client.head(),
};

describe('an older keyring, shown to a device that logs in anew,', () => {
  it('lets it in, and is refused wherever the account would be used, until its owner accepts it', async () => {
    const { username, phone } = await devices.person();
    const id = await storedId(phone.client, 'a.bin', Buffer.from('some bytes'));
    const before = await devices.rowOf(phone);
    await phone.client.changeDomain('open');
    await devices.setBack(phone, before);
    const laptop = await devices.login(username);
    expect(laptop.client.account?.domain).toBe('personal');
    for (const [what, attempt] of Object.entries(refused)) expect([what, await codeOf(attempt(laptop.client, id))]).toEqual([what, 'account-rolled-back']);
    await expect(laptop.client.head()).rejects.toThrow(/keyring is older.*\(1, not 2\).*another domain.*dice head --accept/);
    await expect(laptop.client.head()).rejects.not.toThrow(/password/);
    expect(laptop.asked.filter((asked) => /^(PUT|DELETE)|uploads|commits/.test(asked))).toEqual([]);
    expect(await laptop.client.acceptLoss((await laptop.client.missing()).digest)).toBe(0);
    expect(await laptop.names()).toBe('a.bin');
    await storedId(laptop.client, 'b.bin', Buffer.from('after all'));
    // This one held what was lost; it goes on with what its owner accepted.
    expect(phone.client.account?.domain).toBe('open');
    expect(await phone.names()).toBe('a.bin b.bin');
    expect(phone.client.account?.domain).toBe('personal');
    await phone.client.changeDomain('open');
    expect(await laptop.names()).toBe('a.bin b.bin');
    expect(laptop.client.account?.domain).toBe('open');
  });

  it('is accepted by the very device that held the newer one', async () => {
    const { username, phone, heads } = await devices.person();
    const before = await devices.rowOf(phone);
    await phone.client.changeDomain('open');
    await devices.setBack(phone, before);
    await phone.client.acceptLoss((await phone.client.missing()).digest);
    expect(phone.client.account?.domain).toBe('personal');
    expect(await heads.named()).toEqual([1, 1]);
    for (const device of [phone, await devices.login(username)]) expect(await device.names()).toBe('');
  });

  it('and accepted, gives way to the keyring that was made since, on the device that held another one under the same revision', async () => {
    const { username, phone, heads } = await devices.person();
    const before = await devices.rowOf(phone);
    for (const domain of ['open', 'personal'] as const) await phone.client.changeDomain(domain);
    await devices.setBack(phone, before);
    const laptop = await devices.login(username);
    await laptop.client.acceptLoss((await laptop.client.missing()).digest);
    await laptop.client.changeDomain('group');
    expect([await heads.named(), (await devices.rowOf(laptop)).keyringRevision, phone.client.account?.domain]).toEqual([[3, 1], 3, 'personal']);
    await storedId(phone.client, 'a.bin', Buffer.from('to the new domain'));
    expect(phone.client.account?.domain).toBe('group');
  });
});

describe('an older keyring, shown in the middle of a session,', () => {
  it('is refused also where the newest head names no later one: the change was acknowledged, and its head was lost', async () => {
    const { phone } = await devices.person();
    await phone.client.changeDomain('open');
    const before = await devices.rowOf(phone);
    phone.tamper = (asked, ask) => (asked === 'PUT /account/head' ? Promise.resolve(new Response('busy', { status: 503 })) : ask());
    await phone.client.changeDomain('personal');
    phone.tamper = honest;
    await devices.setBack(phone, before);
    for (const attempt of [() => phone.client.head(), () => phone.names(), () => storedId(phone.client, 'a.bin', Buffer.from('to an old domain'))]) expect(await codeOf(attempt())).toBe('answer-invalid');
    expect(phone.client.account?.domain).toBe('personal');
    expect(phone.asked.filter((asked) => /uploads|commits/.test(asked))).toEqual([]);
  });
});

describe('older credentials', () => {
  it('open the account again, and are refused wherever it would be used, until they are accepted and changed once more', async () => {
    const { username, phone, heads } = await devices.person();
    const before = await devices.rowOf(phone);
    await phone.client.changePassword({ current: testPassword, next });
    expect(await heads.named().catch(() => 'ended')).toBe('ended');
    await devices.setBack(phone, before);
    const laptop = await devices.login(username);
    for (const [what, attempt] of Object.entries(refused)) {
      if (what !== 'a removal') expect([what, await codeOf(attempt(laptop.client, ''))]).toEqual([what, 'account-rolled-back']);
    }
    await expect(laptop.client.head()).rejects.toThrow(/password, recovery words or second factor are older.*\(1, not 2\).*Change them once more/);
    await laptop.client.acceptLoss((await laptop.client.missing()).digest);
    await laptop.client.changePassword({ current: testPassword, next });
    expect(await laptop.names()).toBe('');
    expect(await (await OwnerHeads.of(laptop.client)).named()).toEqual([1, 2]);
  });

  it('are told after a recovery by words, which has begun without a session', async () => {
    const { username, words, phone } = await devices.person();
    const before = await devices.rowOf(phone);
    await phone.client.changePassword({ current: testPassword, next });
    await phone.client.changePassword({ current: next, next: 'eight grey herons' });
    await devices.setBack(phone, before);
    const laptop = await devices.connect();
    const recovered = laptop.client.recover({ username, recoveryWords: words, newPassword: next });
    await expect(recovered).rejects.toThrow(/older than what you signed \(2, not 3\).*was acknowledged/);
    expect(laptop.client.account?.username).toBe(username);
  });
});

describe('the head', () => {
  it('names each change of keyring and credentials, the first of an account too', async () => {
    const { username, phone } = await devices.person();
    const named = async (): Promise<unknown> => (await OwnerHeads.of(phone.client)).named();
    expect(await named()).toBeUndefined();
    await phone.client.changeDomain('open');
    expect(await named()).toEqual([2, 1]);
    await phone.client.invite();
    expect(await named()).toEqual([3, 1]);
    await phone.client.invite();
    expect(await named()).toEqual([3, 1]);
    await phone.client.changePassword({ current: testPassword, next });
    expect(await named()).toEqual([3, 2]);
    const { recoveryWords } = await phone.client.changeRecoveryWords({ password: next });
    expect(await named()).toEqual([3, 3]);
    await phone.client.recover({ username, recoveryWords, newPassword: testPassword });
    expect(await named()).toEqual([3, 4]);
    const { secret } = await phone.client.beginSecondFactor({ password: testPassword });
    const { backupCodes } = await phone.client.confirmSecondFactor(codeNow(secret));
    expect(await named()).toEqual([3, 6]);
    await phone.client.endSecondFactor({ password: testPassword, code: backupCodes[0] ?? '' });
    expect(await named()).toEqual([3, 7]);
    await storedId(phone.client, 'a.bin', Buffer.from('some bytes'));
    expect(await named()).toEqual([3, 7]);
    expect((await phone.client.head())?.leaves).toBe(1);
  });

  it('of version 1 names nothing, is followed by one of version 2, and by none of version 1 again', async () => {
    const { username, phone, heads } = await devices.person();
    await heads.follow({});
    const before = await devices.rowOf(phone);
    const laptop = await devices.login(username);
    expect(await laptop.names()).toBe('');
    await storedId(phone.client, 'a.bin', Buffer.from('some bytes'));
    expect(await heads.named()).toEqual([1, 1]);
    expect(await laptop.names()).toBe('a.bin');
    expect((await devices.rowOf(phone)).keyringRevision).toBe(before.keyringRevision);
    await heads.follow({ keyringRevision: 0, revision: 0 });
    for (const device of [phone, laptop]) expect(await codeOf(device.names())).toBe('account-rolled-back');
  });

  it.each([['keyring', { keyringRevision: 1 }], ['credentials', { revision: 1 }]])('never names older %s than one before, remembered or in between, unless its owner accepted that', async (_, fallen) => {
    const { username, phone, heads } = await devices.person();
    await heads.follow({ keyringRevision: 1, revision: 1 });
    const early = await devices.login(username);
    await early.client.head();
    for (let round = 0; round < 2; round++) await phone.client.changeDomain('open');
    const row = await devices.rowOf(phone);
    await devices.setBack(phone, { ...row, revision: 3 });
    await heads.follow({ revision: 3 });
    await phone.client.head();
    await heads.follow(fallen);
    for (const device of [phone, early]) expect(await codeOf(device.client.head())).toBe('account-rolled-back');
    expect(await codeOf((await devices.login(username)).client.head())).toBe('none');
    await heads.follow({ ...fallen, epoch: 1 });
    for (const device of [phone, early]) expect(await codeOf(device.client.head())).toBe('none');
  });
});

describe('devices at work at the same time', () => {
  it('see no alarm while one changes the domain and the others upload and list', async () => {
    const { username, phone, heads } = await devices.person();
    const [laptop, tablet] = [await devices.login(username), await devices.login(username)];
    const files = (from: number): Record<string, Uint8Array> => Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`${String(from + i)}.bin`, Buffer.from(`bytes of ${String(from + i)}`)]));
    const changing = (async () => { for (const domain of ['open', 'personal', 'open', 'group', 'personal', 'open'] as const) await phone.client.changeDomain(domain); })();
    const uploading = (async () => { for (const from of [10, 20, 30]) expect([...(await uploaded(laptop.client, files(from), { filesInFlight: 2 })).values()].map(({ status }) => status)).toEqual(Array(4).fill('stored')); })();
    const listing = (async () => { for (let round = 0; round < 6; round++) await tablet.names(); })();
    await Promise.all([changing, uploading, listing]);
    for (const device of [phone, laptop, tablet]) expect((await device.names()).split(' ')).toHaveLength(12);
    expect((await devices.rowOf(phone)).keyringRevision).toBe(8);
    expect(await heads.named()).toEqual([8, 1]);
    for (const { client } of [phone, laptop, tablet]) expect(client.account?.domain).toBe('open');
  });

  it('keep the later keyring where an earlier answer comes late', async () => {
    const { phone } = await devices.person();
    const [asked, released] = [new Gate(), new Gate()];
    phone.tamper = async (request, ask) => {
      if (request !== 'GET /account') return ask();
      phone.tamper = honest;
      const answer = await ask();
      asked.open();
      await released.opened;
      return answer;
    };
    const changing = phone.client.changeEmail('ada@example.org');
    await asked.opened;
    await phone.client.changeDomain('open');
    released.open();
    await changing;
    expect(phone.client.account?.domain).toBe('open');
    expect(await phone.names()).toBe('');
  });

  it('have their sessions ended by a change of the password, and nothing worse', async () => {
    const { username, phone } = await devices.person();
    await phone.client.changeDomain('open');
    const laptop = await devices.login(username);
    const upload = async (name: string): Promise<void> => {
      for (const { error } of (await uploaded(laptop.client, { [name]: Buffer.from(`bytes of ${name}`) })).values()) if (error !== undefined) throw error;
    };
    const ended: string[] = [];
    const working = (async () => {
      for (let round = 0; ended.length === 0 && round < 200; round++) {
        const codes = [await codeOf(upload(`${String(round)}.bin`)), await codeOf(laptop.names())];
        ended.push(...codes.filter((code) => code !== 'none'));
      }
    })();
    await phone.client.changePassword({ current: testPassword, next });
    await phone.client.changePassword({ current: next, next: testPassword });
    await working;
    expect(new Set(ended)).toEqual(new Set(['unauthenticated']));
    await phone.names();
    expect(await (await devices.login(username)).names()).toBe(await phone.names());
    expect(await (await OwnerHeads.of(phone.client)).named()).toEqual([2, 3]);
  });

  it('see no alarm where one died between change and head, and the next head names the change', async () => {
    const { username, phone, heads } = await devices.person();
    const laptop = await devices.login(username);
    await storedId(laptop.client, 'a.bin', Buffer.from('some bytes'));
    for (const busy of [new Response('busy', { status: 503 }), undefined]) {
      phone.tamper = (asked, ask) => (asked === 'PUT /account/head' ? (busy === undefined ? Promise.reject(new TypeError('cut off')) : Promise.resolve(busy.clone())) : ask());
      await phone.client.changeDomain('open');
    }
    await phone.client.changePassword({ current: testPassword, next });
    phone.tamper = honest;
    const tablet = await devices.login(username, next);
    expect(await (await OwnerHeads.of(tablet.client)).named()).toEqual([1, 1]);
    expect(await heads.named().catch(() => 'ended')).toBe('ended');
    for (const device of [phone, tablet]) expect(await device.names()).toBe('a.bin');
    await storedId(tablet.client, 'b.bin', Buffer.from('more bytes'));
    expect(await (await OwnerHeads.of(tablet.client)).named()).toEqual([3, 2]);
    expect(await phone.names()).toBe('a.bin b.bin');
  });
});

describe('after an acknowledged change', () => {
  const lying: Tamper = async (asked, ask) => {
    const answer = await ask();
    if (asked !== 'GET /account/head') return answer;
    const { head } = (await answer.json()) as { readonly head?: { readonly counter: number; readonly head: string } };
    return Response.json(head === undefined ? {} : { head: { ...head, counter: head.counter + 1 } });
  };

  it('a head that lies is told, and that the change was made', async () => {
    const { phone } = await devices.person();
    await phone.client.changeDomain('open');
    phone.tamper = (asked, ask) => {
      if (asked === 'PUT /account/keyring') phone.tamper = lying;
      return ask();
    };
    await expect(phone.client.changeDomain('personal')).rejects.toThrow(/does not open under its key.*acknowledged/);
    phone.tamper = honest;
    expect(phone.client.account?.domain).toBe('personal');
    expect((await devices.rowOf(phone)).keyringRevision).toBe(3);
  });

  it('a head whose answer was lost is not signed twice', async () => {
    const { phone, heads } = await devices.person();
    phone.tamper = async (asked, ask) => {
      const answer = await ask();
      if (asked !== 'PUT /account/head') return answer;
      phone.tamper = honest;
      throw new TypeError('cut off');
    };
    await phone.client.changeDomain('open');
    expect(await heads.newest()).toMatchObject({ counter: 1, leaves: 0, keyringRevision: 2, revision: 1 });
  });

  it('what is shown once is shown, whatever comes after it', async () => {
    const { username, phone } = await devices.person();
    await phone.client.changeDomain('open');
    phone.tamper = (asked, ask) => {
      if (asked === 'PUT /account/credentials') phone.tamper = lying;
      return ask();
    };
    const { recoveryWords } = await phone.client.changeRecoveryWords({ password: testPassword });
    phone.tamper = honest;
    await phone.client.checkRecoveryWords(recoveryWords);
    const { secret } = await phone.client.beginSecondFactor({ password: testPassword });
    phone.tamper = async (asked, ask) => {
      const answer = await ask();
      if (asked === 'PUT /account/second-factor') phone.tamper = () => Promise.reject(new TypeError('cut off'));
      return answer;
    };
    const { backupCodes } = await phone.client.confirmSecondFactor(codeNow(secret));
    const laptop = await devices.connect();
    await laptop.client.login({ username, password: testPassword, code: backupCodes[0] });
    expect(laptop.client.account?.backupCodesLeft).toBe(9);
  });
});
