/**
 * Passwords, user names and realms beyond the vectors.
 */
import { describe, expect, it } from '@jest/globals';
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';
import { checkScryptCost, deriveLogin, normaliseUsername, realmOf } from '../../client-sdk/core/keys/password.js';
import { checkPasswordStrength, normalisePassword } from '../../client-sdk/core/keys/password-strength.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { type AccountId, idOfBytes } from '../../client-sdk/protocol/ids.js';
import { maxPasswordChars, minPasswordChars, scryptCeiling, scryptDefault, scryptFloor } from '../../client-sdk/protocol/limits.js';

const weak = expect.objectContaining({ code: 'password-weak' });
/** Distinct characters without order: strong at any length. */
const strong = (length: number): string => Array.from({ length }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7_919) % 19_000))).join('');

describe('a password', () => {
  it.each([[0, false], [1, false], [minPasswordChars - 1, false], [minPasswordChars, true], [minPasswordChars + 1, true], [maxPasswordChars, true]])('of %d characters is strong enough: %p', (length, isEnough) => {
    const check = () => { checkPasswordStrength(strong(length), 'ada'); };
    if (isEnough) expect(check).not.toThrow();
    else expect(check).toThrow();
  });

  it.each(['', 'x'.repeat(maxPasswordChars + 1), 'abc\0def', '\ud800 lone'])('is refused as %j', (text) => {
    expect(() => normalisePassword(text)).toThrow(expect.objectContaining({ code: 'argument-invalid' }));
  });

  it('is the same in every Unicode form', () => {
    expect(normalisePassword('Zu\u0308rich ﬁ Å')).toEqual(normalisePassword('Zürich fi Å'));
  });

  it.each([
    'password12', 'P@ssword!!!!'.replace('@', 'a'), 'letmein!!!!!', '1234567890', 'qwertyuiop', 'aaaaaaaaaaaaaaaaaaaaaaaa', 'abababababababab', 'abcdefghijklmnop',
    'zyxwvutsrqponm', 'correcthorsebatterystaple', 'charlotte1', '11112222333344',
  ])('%s is too easy', (password) => {
    expect(() => { checkPasswordStrength(password, 'charlotte'); }).toThrow(weak);
  });

  it.each(['grey donkey by the river', 'Tr7-vobis-lumen', 'x9$Kq!27mZ', 'meine Katze heißt anders', 'userinterface of doom'])('%s is not', (password) => {
    expect(() => { checkPasswordStrength(password, 'charlotte'); }).not.toThrow();
  });
});

describe('scrypt’s cost', () => {
  it('is taken at the floor, at the default and at the ceiling, and nowhere beyond', () => {
    for (const cost of [scryptFloor, scryptDefault, scryptCeiling]) expect(() => { checkScryptCost(cost); }).not.toThrow();
    for (const name of ['log2N', 'r', 'p'] as const) {
      for (const beyond of [scryptFloor[name] - 1, scryptCeiling[name] + 1, 0, NaN]) {
        expect(() => { checkScryptCost({ ...scryptDefault, [name]: beyond }); }).toThrow(expect.objectContaining({ code: 'kdf-refused' }));
      }
    }
  });

  it('is paid once for both keys, which differ by realm and by account', async () => {
    let calls = 0;
    const cheap: CryptoProvider = { ...nodeProvider, scrypt: (password, salt) => { calls++; return nodeProvider.hmacSha256(salt, password); } };
    const input = { password: 'grey donkey', realm: 'localhost', kdf: { ...scryptDefault, salt: new Uint8Array(16) } };
    const [ada, bob] = [idOfBytes<AccountId>(new Uint8Array(16)), idOfBytes<AccountId>(new Uint8Array(16).fill(1))];
    const keys = await deriveLogin(cheap, input);
    expect(await keys.wrapKey(ada)).not.toEqual(await keys.wrapKey(bob));
    expect(await keys.wrapKey(ada)).not.toEqual(keys.authKey);
    expect(calls).toBe(1);
    expect((await deriveLogin(cheap, { ...input, realm: 'dice.example' })).authKey).not.toEqual(keys.authKey);
    await expect(deriveLogin(cheap, { ...input, kdf: { ...input.kdf, log2N: 10 } })).rejects.toMatchObject({ code: 'kdf-refused' });
    expect(calls).toBe(2);
  });
});

describe('a user name and a realm', () => {
  it.each(['ab', 'a'.repeat(65), 'a b c', '-ada', 'ada/', 'ada\n', 'x'.repeat(10_000)])('refuses the name %j', (name) => {
    expect(() => normaliseUsername(name)).toThrow(expect.objectContaining({ code: 'username-invalid' }));
  });

  it.each(['localhost', 'LOCALHOST.', '127.0.0.1', '127.255.0.3', '::1', '[::1]', '0000:0000:0000:0000:0000:0000:0000:0001', '::ffff:127.0.0.1', 'a.b.localhost'])('%s is localhost', (host) => {
    expect(realmOf(host)).toBe('localhost');
  });

  it.each(['localhost.example', '127.0.0.1.example', '1127.0.0.1', '::2', '::11', 'notlocalhost', '10.0.0.1', '0.0.0.0', '::'])('%s is itself', (host) => {
    expect(realmOf(host)).toBe(host);
  });
});
