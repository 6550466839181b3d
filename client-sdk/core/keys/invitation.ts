/**
 * Invitations: a link whose fragment holds a code (which the server checks by its hash) and a key (which the server
 * never sees). The inviter's group secret waits on the server, sealed under that key. SPEC.md section 8.
 */
import { base64Of, bytesOfBase64 } from '../../protocol/bytes.js';
import type { AccountId } from '../../protocol/ids.js';
import { hashBytes, idBytes } from '../../protocol/limits.js';
import { decodeCbor, encodeCbor } from '../cbor.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { fault } from '../errors.js';
import { subkey } from '../hkdf.js';
import { type Group, groupOf, groupValue } from './keyring.js';
import { open, seal, type SealedContext } from './sealed-object.js';

/** What a link carries: 16 and 32 random bytes. */
export interface InvitationSecret {
  readonly code: Uint8Array;
  readonly key: Uint8Array;
}

/** A link taken apart; `address` is all before the fragment. */
export interface InvitationLink extends InvitationSecret {
  readonly address: string;
}

/** A new code and key. */
export function makeInvitation(randomBytes: RandomBytes): InvitationSecret {
  return { code: randomBytes(idBytes), key: randomBytes(hashBytes) };
}

/** SHA-256 of the code: all that the server keeps of it. */
export async function invitationCodeHash(provider: CryptoProvider, code: Uint8Array): Promise<Uint8Array> {
  return await provider.sha256(code);
}

/** The link: `address#code.key`, both base64url. `address` has no fragment. */
export function invitationLink(address: string, { code, key }: InvitationSecret): string {
  return `${address}#${base64Of(code)}.${base64Of(key)}`;
}

/** Takes a link, or its fragment alone, apart. Throws DiceError `link-invalid`. */
export function parseInvitationLink(link: string): InvitationLink {
  if (link.length > maxLinkChars) throw fault('link-invalid');
  const [address = '', fragment = '', ...rest] = link.trim().split('#');
  const [code, key, ...more] = fragment.split('.').map((part) => bytesOfBase64(part));
  if (rest.length > 0 || more.length > 0 || code?.length !== idBytes || key?.length !== hashBytes) throw fault('link-invalid');
  return { address, code, key };
}

/** The inviter's group, sealed for whoever holds the link. */
export async function sealInvitedGroup(
  provider: CryptoProvider,
  secret: InvitationSecret,
  input: { readonly inviterId: AccountId; readonly group: Group; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const key = await subkey(provider, secret.key, 'invitation');
  const context = await contextOf(provider, secret, input.inviterId);
  return seal(provider, { key, context, plaintext: encodeCbor(groupValue(input.group)), randomBytes: input.randomBytes });
}

/** The group that a link leads to. Throws DiceError `sealed-invalid`. */
export async function openInvitedGroup(
  provider: CryptoProvider,
  secret: InvitationSecret,
  input: { readonly inviterId: AccountId; readonly sealed: Uint8Array },
): Promise<Group> {
  const key = await subkey(provider, secret.key, 'invitation');
  const context = await contextOf(provider, secret, input.inviterId);
  return groupOf(decodeCbor(await open(provider, { key, context, sealed: input.sealed })));
}

const maxLinkChars = 4_096;

/** Bound to the code: it is what the invited client asks with. */
async function contextOf(provider: CryptoProvider, { code }: InvitationSecret, inviterId: AccountId): Promise<SealedContext> {
  return { purpose: 'invitation', accountId: inviterId, objectId: await invitationCodeHash(provider, code), revision: 0 };
}
