/**
 * Vectors of keys: subkeys, sealed objects, words, identity, links, passwords.
 */
import { bytesOfHex, hexOf } from '../../client-sdk/protocol/bytes.js';
import { encodeCbor } from '../../client-sdk/core/cbor.js';
import { asText, type Case, fixed, flipped, type Produce } from './make-core-case.js';

const accountId = fixed('account', 16);

/** All cases of the folders sealed-object, keys, password. */
export async function keyCases(produce: Produce): Promise<readonly Case[]> {
  return [...(await sealedObjects(produce)), ...(await paddedObjects(produce)), ...derivations(), ...(await words(produce)), ...links(), ...passwords(), ...strengths(), ...names()];
}

async function sealedObjects(produce: Produce): Promise<readonly Case[]> {
  const context = { purpose: 'keyring', accountId, objectId: accountId, revision: 7 };
  const key = fixed('sealing key', 32);
  const input = { ...context, key, nonce: fixed('nonce', 12), plaintext: fixed('plaintext', 40) };
  const sealed = asText(await produce('seal', input));
  const good = { ...context, key, sealed };
  const refuse = (name: string, why: string, change: Case['input']): Case => ({
    path: `sealed-object/refuse-${name}`, why, operation: 'open', input: { ...good, ...change }, failure: 'sealed-invalid',
  });
  return [
    { path: 'sealed-object/seal', why: 'Magic, suite, purpose, key id, nonce, commitment, ciphertext, tag.', operation: 'seal', input },
    { path: 'sealed-object/seal-empty', why: 'An empty plaintext.', operation: 'seal', input: { ...input, plaintext: '' } },
    { path: 'sealed-object/open', why: 'It opens for what was asked.', operation: 'open', input: good },
    refuse('account', 'Another account was asked for.', { accountId: flipped(accountId, 0) }),
    refuse('object', 'Another object was asked for.', { objectId: flipped(accountId, 5) }),
    refuse('revision', 'Another revision was asked for.', { revision: 8 }),
    refuse('purpose', 'Another purpose was asked for.', { purpose: 'identity' }),
    refuse('key', 'Another key.', { key: flipped(key, 255) }),
    refuse('magic', 'Another magic.', { sealed: flipped(sealed, 31) }),
    refuse('suite', 'An unknown suite.', { sealed: `${sealed.slice(0, 8)}02${sealed.slice(10)}` }),
    refuse('key-id', 'A flipped bit in the key id.', { sealed: flipped(sealed, 8 * 6) }),
    refuse('nonce', 'A flipped bit in the nonce.', { sealed: flipped(sealed, 8 * 14) }),
    refuse('commitment', 'A flipped bit in the commitment; the ciphertext would open.', { sealed: flipped(sealed, 8 * 26) }),
    refuse('ciphertext', 'A flipped bit in the ciphertext.', { sealed: flipped(sealed, 8 * 58) }),
    refuse('gcm-tag', 'A flipped bit in the GCM tag.', { sealed: flipped(sealed, -1) }),
    refuse('cut', 'The last byte is missing.', { sealed: sealed.slice(0, -2) }),
    refuse('longer', 'A byte follows.', { sealed: `${sealed}00` }),
    refuse('head-only', 'Shorter than head and tag.', { sealed: sealed.slice(0, 2 * 73) }),
    refuse('empty', 'No bytes at all.', { sealed: '' }),
  ];
}

async function paddedObjects(produce: Produce): Promise<readonly Case[]> {
  const context = { purpose: 'manifest', accountId, objectId: fixed('image', 16), revision: 0 };
  const key = fixed('manifest key', 32);
  const nonce = fixed('nonce', 12);
  const sealed = asText(await produce('seal', { ...context, key, nonce, plaintext: fixed('padded', 65) }));
  return [
    { path: 'sealed-object/seal-padded', why: 'Manifests are padded: 4 + 65 bytes become 72.', operation: 'seal', input: { ...context, key, nonce, plaintext: fixed('padded', 65) } },
    { path: 'sealed-object/open-padded', why: 'Opening takes the padding off.', operation: 'open', input: { ...context, key, sealed } },
  ];
}

function derivations(): readonly Case[] {
  const rfc = { key: '0b'.repeat(22), salt: '000102030405060708090a0b0c', info: 'f0f1f2f3f4f5f6f7f8f9', length: 42 };
  const secrets = fixed('identity', 64);
  return [
    { path: 'keys/hkdf-rfc5869-a1', why: 'RFC 5869 appendix A.1.', operation: 'hkdf', input: rfc },
    { path: 'keys/subkeys', why: 'Every subkey of a key.', operation: 'subkeys', input: { key: fixed('account key', 32) } },
    { path: 'keys/identity', why: 'Public halves are derived; Ed25519 signs (account id, user name, X25519 key, epoch).', operation: 'signIdentity', input: { secrets, epoch: 1, accountId, username: 'ada' } },
    { path: 'keys/identity-epoch', why: 'Another epoch, another signature.', operation: 'signIdentity', input: { secrets, epoch: 2, accountId, username: 'ada' } },
  ];
}

async function words(produce: Produce): Promise<readonly Case[]> {
  const entropy = fixed('recovery', 32);
  const phrase = asText(await produce('makeRecoveryWords', { entropy }));
  const list = phrase.split(' ');
  const swapped = [list[1], list[0], ...list.slice(2)].join(' ');
  const keys = (name: string, why: string, text: string): Case => ({ path: `keys/words-${name}`, why, operation: 'recoveryKeys', input: { words: text } });
  const refuse = (name: string, why: string, text: string): Case => ({ ...keys(`refuse-${name}`, why, text), failure: 'recovery-words-invalid' });
  return [
    { path: 'keys/words', why: '256 bits as 24 words.', operation: 'makeRecoveryWords', input: { entropy } },
    { path: 'keys/words-zero', why: 'BIP39’s own vector of 32 zero bytes.', operation: 'makeRecoveryWords', input: { entropy: '00'.repeat(32) } },
    keys('keys', 'What the server checks and what wraps the account key.', phrase),
    keys('typed', 'Capitals and spaces do not matter.', `  ${list.map((word) => word.toUpperCase()).join('   ')}\n`),
    refuse('swapped', 'Two words swapped: the checksum is wrong.', swapped),
    refuse('unknown', 'A word that is not in the list.', ['dicestore', ...list.slice(1)].join(' ')),
    refuse('short', '23 words.', list.slice(1).join(' ')),
    refuse('empty', 'Nothing.', ''),
  ];
}

function links(): readonly Case[] {
  const code = 'AAECAwQFBgcICQoLDA0ODw';
  const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
  const parse = (name: string, why: string, link: string): Case => ({ path: `keys/link-${name}`, why, operation: 'parseInvitationLink', input: { link } });
  const refuse = (name: string, why: string, link: string): Case => ({ ...parse(`refuse-${name}`, why, link), failure: 'link-invalid' });
  return [
    parse('good', 'Address, code, key; the server keeps SHA-256 of the code.', `https://dice.example/register#${code}.${key}`),
    parse('fragment', 'The fragment alone.', `#${code}.${key}`),
    refuse('no-fragment', 'A link that lost its fragment.', 'https://dice.example/register'),
    refuse('no-key', 'A link that lost its key.', `https://dice.example/register#${code}`),
    refuse('padded', 'Base64 with padding is another text for the same bytes.', `#${code}==.${key}`),
    refuse('short-key', 'A key that was cut.', `#${code}.${key.slice(0, -4)}`),
    refuse('third-part', 'A third part.', `#${code}.${key}.AA`),
  ];
}

function passwords(): readonly Case[] {
  const login = { password: 'Zwölf Boxkämpfer jagen ﬁnks', realm: 'localhost', accountId, salt: fixed('salt', 16), log2N: 17, r: 8, p: 1 };
  const refuse = (name: string, change: Case['input']): Case => ({
    path: `password/refuse-${name}`, why: 'A cost outside the bounds is refused before it is paid.', operation: 'deriveLogin', input: { ...login, ...change }, failure: 'kdf-refused',
  });
  return [
    { path: 'password/login', why: 'NFKC, scrypt, authKey for the realm, wrapKey for the account.', operation: 'deriveLogin', input: login },
    refuse('cheap', { log2N: 16 }), refuse('dear', { log2N: 21 }), refuse('memory', { log2N: 20 }), refuse('wide', { r: 9 }), refuse('small-r', { r: 7 }), refuse('large-r', { r: 17 }), refuse('zero-p', { p: 0 }), refuse('large-p', { p: 5 }),
  ];
}

function strengths(): readonly Case[] {
  const check = (name: string, password: string, username = 'ada.lovelace'): Case => ({
    path: `password/${name}`, why: 'Minimum strength.', operation: 'checkPasswordStrength', input: { password, username },
  });
  const weak = (name: string, password: string): Case => ({ ...check(`weak-${name}`, password), failure: 'password-weak' });
  return [
    check('strong-words', 'violet tractor hums at noon'), check('strong-short', 'k7!mQ2zr$w'),
    weak('short', 'k7!mQ2zr$'), weak('repeated', 'aaaaaaaaaaaaaaaa'), weak('pattern', 'abcabcabcabcabc'), weak('counting', '0123456789012'),
    weak('username', 'ada.lovelace1'), weak('common', 'Password123!'), weak('common-wide', 'ｐａｓｓｗｏｒｄ123!'), weak('common-spaced', 'q-w-e-r-t-y-1-2'),
  ];
}

function names(): readonly Case[] {
  const name = (label: string, username: string): Case => ({ path: `password/username-${label}`, why: 'NFKC and lower case, then the pattern.', operation: 'normaliseUsername', input: { username } });
  const bad = (label: string, username: string): Case => ({ ...name(`refuse-${label}`, username), failure: 'username-invalid' });
  const realm = (label: string, hostname: string): Case => ({ path: `password/realm-${label}`, why: 'Every loopback name counts as localhost.', operation: 'realmOf', input: { hostname } });
  return [
    name('plain', 'ada.lovelace'), name('upper', 'Ada_Lovelace-1'), name('wide', 'ａｄａ'), name('shortest', 'ada'), name('longest', 'a'.repeat(64)),
    bad('short', 'ad'), bad('long', 'a'.repeat(65)), bad('space', 'ada lovelace'), bad('at', 'ada@example'), bad('dot-first', '.ada'), bad('cyrillic', 'аda'), bad('empty', ''),
    realm('localhost', 'LocalHost'), realm('v4', '127.0.0.1'), realm('v4-other', '127.8.9.10'), realm('v6', '[::1]'), realm('v6-long', '0:0:0:0:0:0:0:1'),
    realm('subdomain', 'dice.localhost'), realm('public', 'Dice.Example.'), realm('not-loopback', '128.0.0.1'), realm('lookalike', 'localhost.example'),
  ];
}

/** Canonical CBOR as hex. */
export function cbor(value: Parameters<typeof encodeCbor>[0]): string {
  return hexOf(encodeCbor(value));
}

/** Hex as bytes. */
export function bytes(hex: string): Uint8Array {
  return bytesOfHex(hex) ?? new Uint8Array();
}
