/**
 * What a server answers while a second factor is turned on: a secret and a link that a page puts where it can be followed, and codes that are shown
 * once. SPEC.md section 12.
 */
import { describe, expect, it } from '@jest/globals';
import type { BegunSecondFactor } from '../../client-sdk/api.js';
import { codeNow } from '../support/authenticator.js';
import { lie } from '../support/device-lies.js';
import { honest, servedDevices } from '../support/devices.js';
import { codeOf, testPassword } from '../support/sdk-client.js';

const devices = servedDevices();

const links: readonly string[] = [
  'javascript:alert(1)', 'JavaScript:alert(1)//otpauth://totp/', ' javascript:alert(1)', 'java\nscript:alert(1)', '\u0001javascript:alert(1)', 'javascript:otpauth://totp/', 'data:text/html,<script>alert(1)</script>',
  'https://elsewhere.example/', '//elsewhere.example/otpauth://totp/', 'totp/DICE', 'otpauth:totp/DICE', 'otpauth:///totp/DICE', 'otpauth://totp?secret=A', 'otpauth://hotp/DICE?secret=A&counter=1',
  'otpauth://totp.elsewhere.example/DICE', 'otpauth://totp@elsewhere.example/DICE', 'otpauth://totp:80/DICE', 'otpauth-migration://offline?data=A', 'OTPAUTH://totp/DICE', ' otpauth://totp/DICE', 'xotpauth://totp/DICE', '',
];
const pictures = ['', 'https://elsewhere.example/a.gif', '/assets/icon.svg', 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>', 'data:image/png;base64,AAAA', 'blob:https://elsewhere.example/1', 'x data:image/gif;base64,AAAA'];
const secrets: readonly ((secret: string) => string)[] = [
  (secret) => secret.slice(1), (secret) => `${secret}A`, (secret) => secret.toLowerCase(), (secret) => `0${secret.slice(1)}`, (secret) => `${secret.slice(1)}\n`, () => '<img src=x onerror=alert(1)>AAAA',
];

describe('a second factor that a server begins', () => {
  it('is shown with a link to an authenticator app, and with no other', async () => {
    const { phone } = await devices.person();
    const begin = (): Promise<BegunSecondFactor> => phone.client.beginSecondFactor({ password: testPassword });
    const { secret, link } = await begin();
    expect([new URL(link).protocol, new URL(link).host, link.includes(secret)]).toEqual(['otpauth:', 'totp', true]);
    for (const other of links) {
      phone.tamper = lie<object>('POST /account/second-factor', (begun) => ({ ...begun, link: other }));
      expect([other, await codeOf(begin())]).toEqual([other, 'answer-invalid']);
    }
  });

  it('is shown with a picture that holds no script, and with no other', async () => {
    const { phone } = await devices.person();
    for (const picture of pictures) {
      phone.tamper = lie<object>('POST /account/second-factor', (begun) => ({ ...begun, picture }));
      expect([picture, await codeOf(phone.client.beginSecondFactor({ password: testPassword }))]).toEqual([picture, 'answer-invalid']);
    }
  });

  it('has a secret in base32 of 160 bits', async () => {
    const { phone } = await devices.person();
    for (const change of secrets) {
      phone.tamper = lie<BegunSecondFactor>('POST /account/second-factor', ({ secret, ...rest }) => ({ ...rest, secret: change(secret) }));
      expect([String(change), await codeOf(phone.client.beginSecondFactor({ password: testPassword }))]).toEqual([String(change), 'answer-invalid']);
    }
  });

  it('is turned on with backup codes of their form, and shows none of another', async () => {
    const { phone } = await devices.person();
    const others: readonly ((codes: readonly string[]) => readonly unknown[])[] = [
      ([, ...rest]) => ['<script>alert(1)', ...rest], ([first = '', ...rest]) => [first.toLowerCase(), ...rest], ([, ...rest]) => [...rest, '0123456789ABCDEF'], ([, ...rest]) => [...rest, 'A'.repeat(17)],
      (codes) => [...codes, 'A'.repeat(16)], ([, ...rest]) => [...rest, `${'A'.repeat(15)}\n`],
    ];
    for (const [round, change] of others.entries()) {
      const { secret } = await phone.client.beginSecondFactor({ password: testPassword });
      phone.tamper = (asked, ask) => (asked === 'PUT /account/second-factor' ? Promise.resolve(Response.json({ backupCodes: change(Array.from({ length: 10 }, (_, at) => 'ABCDEFGHIJ'.charAt(at).repeat(16))) })) : ask());
      expect([round, await codeOf(phone.client.confirmSecondFactor(codeNow(secret)))]).toEqual([round, 'answer-invalid']);
      phone.tamper = honest;
    }
    expect(phone.client.account?.hasSecondFactor).toBe(false);
  });
});
