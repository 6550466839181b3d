/**
 * The second factor by the rules over the real stores: what is asked of whom, what a code is good for, what counts as a guess, and what a rebuild
 * brings back. The clock is the test's.
 */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import decodeQR from 'qr/decode.js';
import sharp from 'sharp';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { maxUsernameChars } from '../../client-sdk/protocol/limits.js';
import { begunFactor } from '../../client-sdk/protocol/messages.js';
import { checkStore } from '../../server/core/check.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { makeFactor, shownFactor, worthOf } from '../../server/core/second-factor.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices } from '../../server/core/services.js';
import type { AccountRow } from '../../server/ports/account-store.js';
import { codeAt, wrongCodeAt } from '../support/authenticator.js';
import { CoreStore, hereAndTrusted, inFrontOf, registrationOf, sha256, hmacSha256, type Registered } from '../support/core-store.js';
import { refusalCode } from '../support/refusal.js';

const ends: (() => Promise<unknown>)[] = [];
const stepMs = 30_000;

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A store with one account, and how that account comes in. */
class Visit {
  constructor(
    readonly store: CoreStore,
    readonly owner: Registered,
  ) {}

  static async begin(): Promise<Visit> {
    const store = await CoreStore.open();
    ends.push(() => store.close());
    return new Visit(store, await store.register());
  }

  get accounts(): CoreStore['services']['accounts'] {
    return this.store.services.accounts;
  }

  async row(): Promise<AccountRow> {
    const row = await this.store.parts.stores.accounts.find(this.owner.accountId);
    if (row === undefined) throw new Error('the account is gone');
    return row;
  }

  login(code?: string, authKey = this.owner.registration.password.authKey, address = '127.0.0.1'): ReturnType<CoreStore['services']['accounts']['login']> {
    const request = { username: this.owner.registration.username, authKey, carrier: 'bearer' as const, ...(code === undefined ? {} : { code }) };
    return this.accounts.login(request, { ...hereAndTrusted, address });
  }

  outcome(code?: string, authKey?: Uint8Array, address?: string): Promise<string | undefined> {
    return refusalCode(() => this.login(code, authKey, address));
  }

  async change(proof: { readonly recoveryAuth?: Uint8Array; readonly authKey?: Uint8Array; readonly code?: string }): Promise<string | undefined> {
    const { username, password } = this.owner.registration;
    const { revision } = await this.row();
    return refusalCode(() => this.accounts.changeCredentials({ proof: { username, ...proof }, expectedRevision: revision, password, carrier: 'bearer' }, hereAndTrusted));
  }

  /** Turns it on; answers secret and backup codes. A step later nothing of it is used up. */
  async turnOn(): Promise<{ readonly secret: string; readonly backupCodes: readonly string[] }> {
    const row = await this.row();
    const { secret } = await this.accounts.beginSecondFactor(row, this.owner.registration.password.authKey, hereAndTrusted);
    const { backupCodes } = await this.accounts.confirmSecondFactor(row, codeAt(secret, this.store.now), hereAndTrusted);
    this.store.now += stepMs;
    return { secret, backupCodes };
  }
}

describe('a code', () => {
  const factor = { secret: utf8('12345678901234567890'), isOn: true, usedStep: 0, codeHashes: new Uint8Array() };
  const hasher = { sha256, hmacSha256 };

  it.each([[59, '287082'], [1_111_111_109, '081804'], [1_111_111_111, '050471'], [1_234_567_890, '005924'], [2_000_000_000, '279037'], [20_000_000_000, '353130']])(
    'is the one of RFC 6238, appendix B, at %i s',
    (seconds, code) => {
      const worth = { kind: 'step', step: Math.floor(seconds / 30) };
      for (const typed of [code, `${code.slice(0, 3)} ${code.slice(3)}`]) expect(worthOf(factor, typed, { now: seconds * 1_000, hasher })).toEqual(worth);
      for (const away of [-30, 30]) expect(worthOf(factor, code, { now: (seconds + away) * 1_000, hasher })).toEqual(worth);
      for (const away of [-90, 60]) expect(worthOf(factor, code, { now: (seconds + away) * 1_000, hasher })).toBeUndefined();
      expect(worthOf({ ...factor, usedStep: worth.step }, code, { now: seconds * 1_000, hasher })).toBeUndefined();
    },
  );

  it.each(['', '28708', '2870822', '28708x', 'A'.repeat(16), '-'.repeat(64), '２８７０８２'])('is not %j', (code) => {
    expect(worthOf(factor, code, { now: 59_000, hasher })).toBeUndefined();
  });
});

describe('the picture of a link', () => {
  it.each(['ada', '名'.repeat(maxUsernameChars)])('is read by a camera as the link, for %s', async (username) => {
    const shown = shownFactor(makeFactor(randomBytes), username);
    const { picture, link } = begunFactor.parse(shown, 'answer');
    const gif = Buffer.from(picture.slice(picture.indexOf(',') + 1), 'base64');
    const { data, info } = await sharp(gif).resize({ width: 600, kernel: 'nearest' }).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect(decodeQR({ width: info.width, height: info.height, data })).toBe(link);
    expect(decodeURIComponent(link)).toContain(username);
  });
});

describe('a second factor', () => {
  it('is asked of nobody before its first code, and then at every login and change', async () => {
    const visit = await Visit.begin();
    const { authKey } = visit.owner.registration.password;
    const row = await visit.row();
    expect(await refusalCode(() => visit.accounts.confirmSecondFactor(row, '000000', hereAndTrusted))).toBe('not-found');
    expect(await refusalCode(() => visit.accounts.beginSecondFactor(row, new Uint8Array(32), hereAndTrusted))).toBe('credentials-wrong');
    const first = await visit.accounts.beginSecondFactor(row, authKey, hereAndTrusted);
    const { secret, link } = await visit.accounts.beginSecondFactor(row, authKey, hereAndTrusted);
    expect(secret).not.toBe(first.secret);
    expect(link).toBe(`otpauth://totp/DICE%20Store:${row.username}?issuer=DICE%20Store&secret=${secret}&algorithm=SHA1&digits=6&period=30`);
    expect(await refusalCode(() => visit.accounts.confirmSecondFactor(row, wrongCodeAt(secret, visit.store.now), hereAndTrusted))).toBe('second-factor-wrong');
    expect((await visit.login()).grant.account.secondFactor).toBeUndefined();
    const { backupCodes } = await visit.accounts.confirmSecondFactor(row, codeAt(secret, visit.store.now), hereAndTrusted);
    expect(new Set(backupCodes).size).toBe(10);
    expect(await visit.outcome()).toBe('second-factor-required');
    expect(await visit.change({ authKey })).toBe('second-factor-required');
    // The code that turned it on is used.
    expect(await visit.outcome(codeAt(secret, visit.store.now))).toBe('second-factor-wrong');
    visit.store.now += stepMs;
    expect((await visit.login(codeAt(secret, visit.store.now))).grant.account.secondFactor).toEqual({ backupCodesLeft: 10 });
    expect(await refusalCode(() => visit.accounts.beginSecondFactor(row, authKey, hereAndTrusted))).toBe('forbidden');
    expect(await refusalCode(() => visit.accounts.confirmSecondFactor(row, codeAt(secret, visit.store.now + stepMs), hereAndTrusted))).toBe('forbidden');
  });

  it('takes each step once, of many at once too, and nothing from before it', async () => {
    const visit = await Visit.begin();
    const { secret } = await visit.turnOn();
    const code = codeAt(secret, visit.store.now);
    const outcomes = await Promise.all(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => visit.outcome(code, undefined, address)));
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'second-factor-wrong')).toHaveLength(2);
    expect(await visit.outcome(codeAt(secret, visit.store.now - stepMs))).toBe('second-factor-wrong');
    expect(await visit.outcome(codeAt(secret, visit.store.now + stepMs))).toBeUndefined();
    expect(await visit.outcome(code)).toBe('second-factor-wrong');
  });

  it('says nothing of itself to a wrong password', async () => {
    const visit = await Visit.begin();
    const plain = await refusalCode(() => visit.accounts.login({ username: 'nobody', authKey: new Uint8Array(32), carrier: 'bearer' }, hereAndTrusted));
    const { secret, backupCodes } = await visit.turnOn();
    for (const code of [undefined, '000000', codeAt(secret, visit.store.now), backupCodes[0]]) {
      expect(await visit.outcome(code, new Uint8Array(32), '10.1.0.1')).toBe(plain);
      visit.store.now += 60 * 60_000 + 1;
    }
    // And used nothing up.
    expect(await visit.outcome(backupCodes[0])).toBeUndefined();
  });

  it('takes each backup code once, however it is typed', async () => {
    const visit = await Visit.begin();
    const { backupCodes } = await visit.turnOn();
    const [first = '', second = ''] = backupCodes;
    const outcomes = await Promise.all(['10.0.0.1', '10.0.0.2'].map((address) => visit.outcome(first, undefined, address)));
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(await visit.outcome(first)).toBe('second-factor-wrong');
    const { grant } = await visit.login(` ${second.toLowerCase().replace(/(.{4})/g, '$1-')}`);
    expect(grant.account.secondFactor).toEqual({ backupCodesLeft: 8 });
    expect(grant.account.revision).toBe((await visit.row()).revision);
  });

  it('takes two backup codes in two processes at once', async () => {
    const visit = await Visit.begin();
    const { backupCodes: [first = '', second = ''] } = await visit.turnOn();
    const { username, password: { authKey } } = visit.owner.registration;
    // The other process comes in when this one has looked and not yet written.
    const whileWriting = (code: string): Promise<string | undefined> => {
      const { accounts } = visit.store.parts.stores;
      let other: Promise<unknown> | undefined;
      const replace: typeof accounts.replace = async (...change) => {
        await (other ??= visit.login(second));
        return accounts.replace(...change);
      };
      const services = createServices({ ...visit.store.parts, stores: { ...visit.store.parts.stores, accounts: inFrontOf(accounts, { replace }) } });
      return refusalCode(() => services.accounts.login({ username, authKey, carrier: 'bearer', code }, { ...hereAndTrusted, address: '10.5.0.1' }));
    };
    expect(await whileWriting(first)).toBeUndefined();
    expect((await visit.row()).factor?.codeHashes.length).toBe(8 * 32);
    expect(await visit.outcome(first)).toBe('second-factor-wrong');
  });

});

describe('the way out of a second factor', () => {
  it('is the password with a code, no less', async () => {
    const visit = await Visit.begin();
    const { authKey } = visit.owner.registration.password;
    const { secret, backupCodes: [backupCode = ''] } = await visit.turnOn();
    const off = async (proof: { readonly authKey: Uint8Array; readonly code: string }) => {
      const row = await visit.row();
      return refusalCode(() => visit.accounts.endSecondFactor(row, proof, hereAndTrusted));
    };
    expect(await off({ authKey: new Uint8Array(32), code: codeAt(secret, visit.store.now) })).toBe('credentials-wrong');
    expect(await off({ authKey, code: wrongCodeAt(secret, visit.store.now) })).toBe('second-factor-wrong');
    expect(await off({ authKey, code: backupCode })).toBeUndefined();
    expect((await visit.login()).grant.account.secondFactor).toBeUndefined();
    expect((await visit.row()).factor).toBeUndefined();
  });

  it('is the words alone; with a code it stays through a change', async () => {
    const visit = await Visit.begin();
    const { recovery: { recoveryAuth }, password: { authKey } } = visit.owner.registration;
    const { secret, backupCodes: [backupCode = ''] } = await visit.turnOn();
    expect(await visit.change({ authKey, code: codeAt(secret, visit.store.now) })).toBeUndefined();
    expect(await visit.change({ authKey, code: codeAt(secret, visit.store.now) })).toBe('second-factor-wrong');
    // The words prove nothing where they are wrong, whatever else is right.
    expect(await visit.change({ authKey, recoveryAuth: new Uint8Array(32) })).toBe('second-factor-required');
    expect(await visit.change({ recoveryAuth, code: '000' })).toBe('second-factor-wrong');
    expect(await visit.change({ recoveryAuth, code: backupCode })).toBeUndefined();
    expect((await visit.row()).factor).toMatchObject({ isOn: true });
    expect(await visit.outcome()).toBe('second-factor-required');
    expect(await visit.change({ recoveryAuth })).toBeUndefined();
    expect(await visit.outcome()).toBeUndefined();
    expect((await visit.row()).factor).toBeUndefined();
  });

});

describe('guesses at a second factor', () => {
  it('count as failures; a right password without a code is neither failure nor success', async () => {
    const visit = await Visit.begin();
    const { secret } = await visit.turnOn();
    const wrong = wrongCodeAt(secret, visit.store.now);
    for (let i = 0; i < 10; i++) expect(await visit.outcome()).toBe('second-factor-required');
    for (let i = 0; i < 5; i++) {
      expect(await visit.outcome(wrong)).toBe('second-factor-wrong');
      if (i < 4) expect(await visit.outcome()).toBe('second-factor-required');
    }
    expect(await visit.outcome(codeAt(secret, visit.store.now))).toBe('rate-limited');
    // Another network is let in.
    expect(await visit.outcome(codeAt(secret, visit.store.now), undefined, '10.2.0.1')).toBeUndefined();
  });

  it('are 30 from everywhere, then one in 10 minutes; the words still open', async () => {
    const visit = await Visit.begin();
    const { secret } = await visit.turnOn();
    const guess = (index: number) => visit.outcome(wrongCodeAt(secret, visit.store.now), undefined, `10.3.${String(index)}.1`);
    for (let i = 0; i < 30; i++) expect(await guess(i)).toBe('second-factor-wrong');
    expect(await guess(30)).toBe('rate-limited');
    expect(await visit.outcome(codeAt(secret, visit.store.now), undefined, '10.4.0.1')).toBe('rate-limited');
    visit.store.now += 10 * 60_000;
    expect(await guess(31)).toBe('second-factor-wrong');
    expect(await guess(32)).toBe('rate-limited');
    expect(await visit.change({ recoveryAuth: visit.owner.registration.recovery.recoveryAuth })).toBeUndefined();
  });

});

describe('a second factor in the store', () => {
  it('comes back with a rebuild, used codes as used, and stays off where it was turned off', async () => {
    const visit = await Visit.begin();
    const { secret, backupCodes: [used = '', kept = ''] } = await visit.turnOn();
    await visit.login(used);
    expect(await checkStore(visit.store.parts, { onFinding: () => undefined })).toMatchObject({ accounts: 1, findings: 0 });
    const parts = visit.store.beside();
    await rebuildStore(parts);
    const { username, password: { authKey } } = visit.owner.registration;
    const login = (code?: string) => refusalCode(() => createServices(parts).accounts.login({ username, authKey, carrier: 'bearer', ...(code === undefined ? {} : { code }) }, hereAndTrusted));
    expect(await login()).toBe('second-factor-required');
    expect(await login(used)).toBe('second-factor-wrong');
    expect(await login(codeAt(secret, visit.store.now))).toBeUndefined();
    visit.store.now += stepMs;
    await visit.accounts.endSecondFactor(await visit.row(), { authKey, code: kept }, hereAndTrusted);
    const later = visit.store.beside();
    await rebuildStore(later);
    expect((await later.stores.accounts.find(visit.owner.accountId))?.factor).toBeUndefined();
  });

  it('differs from its record by the steps that were used since, which is no rot', async () => {
    const visit = await Visit.begin();
    const { secret } = await visit.turnOn();
    await visit.login(codeAt(secret, visit.store.now));
    expect(await checkStore(visit.store.parts, { onFinding: () => undefined })).toMatchObject({ accounts: 1, findings: 0 });
    expect(await scrubStore(visit.store.parts, { onLost: () => undefined })).toMatchObject({ accounts: 1, repairedAccounts: 0, lostRecords: 0 });
    // A step that went back, or another secret, is.
    for (const rot of ['factor_step = factor_step - 2', 'factor_secret = zeroblob(20)']) {
      visit.store.run(`UPDATE account SET ${rot}`);
      expect(await checkStore(visit.store.parts, { onFinding: () => undefined })).toMatchObject({ findings: 1 });
      expect(await scrubStore(visit.store.parts, { onLost: () => undefined })).toMatchObject({ repairedAccounts: 1 });
      expect(await checkStore(visit.store.parts, { onFinding: () => undefined })).toMatchObject({ findings: 0 });
    }
  });

  it('ends with its account, and is not the next one’s of that name', async () => {
    const visit = await Visit.begin();
    // The first account cannot be closed.
    const ada = new Visit(visit.store, await visit.store.register());
    await ada.turnOn();
    await ada.accounts.close(await ada.row(), ada.owner.registration.password.authKey, hereAndTrusted);
    const { grant } = await ada.accounts.register(registrationOf(ada.owner.registration.username), hereAndTrusted);
    expect(grant.account.secondFactor).toBeUndefined();
  });
});
