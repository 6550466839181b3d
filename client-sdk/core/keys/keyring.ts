/**
 * The keyring: the secrets of an account's dedup domains and the choice for new uploads. Sealed under the account
 * key's subkey `domain-wrap`, replaced as a whole under a revision. SPEC.md section 8.
 */
import type { AccountId } from '../../protocol/ids.js';
import { hashBytes } from '../../protocol/limits.js';
import { utf8 } from '../../protocol/bytes.js';
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from '../cbor.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { type Domain, type DomainId, groupDomain, kindOfDomain, newGroupDomain, openDomain, personalDomain } from '../domain.js';
import { fault } from '../errors.js';
import { hasExactly, isMap } from '../record.js';
import { subkey } from '../hkdf.js';
import { objectIdOf, open, seal, type SealedContext } from './sealed-object.js';

/** A group that the account is a member of. */
export interface Group {
  readonly id: DomainId;
  readonly secret: Uint8Array;
  /** For people: 1 to 100 bytes of UTF-8. */
  readonly name: string;
}

/** All domains of an account; `current` is the one for new uploads. */
export interface Keyring {
  readonly personal: Uint8Array;
  readonly groups: readonly Group[];
  readonly current: DomainId;
}

/** Where a keyring lies: whose, and the revision that was asked for. */
export interface KeyringPlace {
  readonly accountId: AccountId;
  readonly accountKey: Uint8Array;
  readonly revision: number;
}

/** Groups of one account, and bytes of a group's name. */
export const maxGroups = 128;
export const maxGroupNameBytes = 100;

/** A new account's keyring: a random personal secret; `group` where it was invited into one, which then is current. */
export function makeKeyring(randomBytes: RandomBytes, choice: 'open' | 'personal' | { readonly group: Group }): Keyring {
  const personal = randomBytes(hashBytes);
  if (typeof choice === 'string') return { personal, groups: [], current: choice };
  return { personal, groups: [choice.group], current: choice.group.id };
}

/** A new group with a random id and secret. Throws DiceError `argument-invalid` for a bad name. */
export function makeGroup(randomBytes: RandomBytes, name: string): Group {
  const domain = newGroupDomain(randomBytes);
  if (domain.kind !== 'group') throw new RangeError('a new group is a group');
  if (!isGroupName(name)) throw fault('argument-invalid', `A group's name has 1 to ${String(maxGroupNameBytes)} bytes.`);
  return { id: domain.id, secret: domain.secret, name };
}

/** The keyring with one group more; the same where it is a member already. Throws DiceError `argument-invalid` when full. */
export function withGroup(keyring: Keyring, group: Group): Keyring {
  if (keyring.groups.some((member) => member.id === group.id)) return keyring;
  if (keyring.groups.length >= maxGroups) throw fault('argument-invalid', `An account is in at most ${String(maxGroups)} groups.`);
  return { ...keyring, groups: [...keyring.groups, group] };
}

/** The keyring with another domain for new uploads. Throws DiceError `argument-invalid` for one that it does not have. */
export function withCurrent(keyring: Keyring, id: DomainId): Keyring {
  if (domainOf(keyring, id) === undefined) throw fault('argument-invalid', 'The account is in no such domain.');
  return { ...keyring, current: id };
}

/** The domain of an id, or undefined where the account does not have its secret. */
export function domainOf(keyring: Keyring, id: DomainId): Domain | undefined {
  if (id === 'open') return openDomain;
  if (id === 'personal') return personalDomain(keyring.personal);
  const group = keyring.groups.find((member) => member.id === id);
  return group && groupDomain(group.id, group.secret);
}

/** The domain for new uploads. */
export function currentDomain(keyring: Keyring): Domain {
  const domain = domainOf(keyring, keyring.current);
  if (domain === undefined) throw new RangeError('a keyring holds its current domain');
  return domain;
}

/** The keyring, sealed for its revision. */
export async function sealKeyring(
  provider: CryptoProvider,
  place: KeyringPlace,
  input: { readonly keyring: Keyring; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const { personal, groups, current } = input.keyring;
  const plaintext = encodeCbor({ version: 1, personal, current, groups: groups.map((group) => groupValue(group)) });
  const key = await subkey(provider, place.accountKey, 'domain-wrap');
  return seal(provider, { key, context: contextOf(place), plaintext, randomBytes: input.randomBytes });
}

/** The keyring. Throws DiceError `sealed-invalid`. */
export async function openKeyring(provider: CryptoProvider, place: KeyringPlace, sealed: Uint8Array): Promise<Keyring> {
  const key = await subkey(provider, place.accountKey, 'domain-wrap');
  return keyringOf(decodeCbor(await open(provider, { key, context: contextOf(place), sealed })));
}

/** A group as it is encoded, in keyrings and invitations. */
export function groupValue({ id, secret, name }: Group): CborMap {
  return { id, secret, name };
}

/** The group in an encoded value. Throws DiceError `sealed-invalid`. */
export function groupOf(value: CborValue): Group {
  if (!isMap(value) || !hasExactly(value, ['id', 'secret', 'name'])) throw malformed();
  const { id, secret, name } = value;
  const isGroup = typeof id === 'string' && kindOfDomain(id) === 'group' && isSecret(secret) && typeof name === 'string' && isGroupName(name);
  if (!isGroup) throw malformed();
  return { id, secret, name };
}

function keyringOf(value: CborValue): Keyring {
  if (!isMap(value) || !hasExactly(value, ['version', 'personal', 'groups', 'current'])) throw malformed();
  const { version, personal, groups, current } = value;
  if (version !== 1 || !isSecret(personal) || !Array.isArray(groups) || groups.length > maxGroups || typeof current !== 'string') throw malformed();
  const keyring = { personal, groups: groups.map((group: CborValue) => groupOf(group)), current };
  const ids = new Set(keyring.groups.map((group) => group.id));
  if (ids.size !== keyring.groups.length || domainOf(keyring, current) === undefined) throw malformed();
  return keyring;
}

function contextOf({ accountId, revision }: KeyringPlace): SealedContext {
  return { purpose: 'keyring', accountId, objectId: objectIdOf(accountId), revision };
}

function isSecret(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === hashBytes;
}

function isGroupName(name: string): boolean {
  return name.length > 0 && name.length <= maxGroupNameBytes && utf8(name).length <= maxGroupNameBytes;
}

function malformed(): Error {
  return fault('sealed-invalid', 'The keyring or group has members that no client writes.');
}
