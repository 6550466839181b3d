/**
 * What the packs tell beside blocks: the newest record of each account, the images that were committed and not removed,
 * the removals. Reads headers of records once; keeps places, not payloads. RECORDS.md says which record wins.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import type { BlockStore, Damage, Place, ScannedRecord } from '../ports/block-store.js';
import { CorruptionError } from '../ports/errors.js';
import { decodeAccountRecord } from './account-record.js';
import { decodeManifestRecord, decodePreviewRecord, decodeRemovalRecord } from './image-record.js';

/** The newest record of an account. */
export interface FoundAccount {
  readonly accountId: AccountId;
  readonly username: string;
  readonly place: Place;
}

/** The manifest record of an image that stands. `previews`: by hex of the hash of the manifest they came with. */
export interface FoundImage {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly place: Place;
  readonly previews: ReadonlyMap<string, Place>;
}

/** The last word on an image, that it was removed or restored. `at`: milliseconds since the epoch. */
export interface ImageWord {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly at: number;
}

/** All of it, in a stable order. */
export interface Ledger {
  readonly accounts: readonly FoundAccount[];
  /** Accounts whose name a later account bears: never acknowledged. */
  readonly displaced: readonly FoundAccount[];
  /** In the order of their commits: of two that refer to a block, the earlier one brought it. */
  readonly images: readonly FoundImage[];
  readonly removed: readonly ImageWord[];
  readonly restored: readonly ImageWord[];
  readonly closed: readonly { readonly accountId: AccountId; readonly at: number }[];
}

interface AccountCandidate extends FoundAccount {
  readonly recordId: string;
  readonly revisions: number;
  readonly writtenAt: number;
  readonly createdAt: number;
}

interface ManifestCandidate {
  readonly recordId: string;
  readonly createdAt: number;
  readonly place: Place;
}

interface ImageFacts {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly manifests: ManifestCandidate[];
  readonly previews: Map<string, Place>;
  removedAt: number;
  restoredAt: number;
}

interface Facts {
  readonly accounts: AccountCandidate[];
  readonly images: Map<string, ImageFacts>;
  readonly withdrawn: Set<string>;
  readonly closed: Map<AccountId, number>;
}

/** What a ledger is read from: all packs, or a part of them. */
export type LedgerSource = Pick<BlockStore, 'packs' | 'scan'>;

/** Reads all packs. Records of an unknown form are reported as damage. Memory: about 300 bytes for each image. */
export async function readLedger(blocks: LedgerSource, onDamage: (damage: Damage) => void): Promise<Ledger> {
  const facts = await readFacts(blocks, onDamage);
  const { accounts, displaced } = accountsOf(facts);
  const known = new Set(accounts.map((account) => account.accountId));
  return ledgerOf(facts, { accounts, displaced }, (accountId) => known.has(accountId));
}

/** Reads a part of the packs, in which the records of most accounts are missing: images are told whether their account is in it or not. */
export async function readTailLedger(blocks: LedgerSource): Promise<Ledger> {
  const facts = await readFacts(blocks, () => undefined);
  return ledgerOf(facts, accountsOf(facts), (accountId) => !facts.closed.has(accountId));
}

async function readFacts(blocks: LedgerSource, onDamage: (damage: Damage) => void): Promise<Facts> {
  const facts: Facts = { accounts: [], images: new Map(), withdrawn: new Set(), closed: new Map() };
  for (const { pack } of await blocks.packs()) {
    for await (const record of blocks.scan(pack, onDamage)) {
      if (!note(facts, record)) onDamage({ ...record.place, what: `a ${record.type} record of an unknown form` });
    }
  }
  return facts;
}

function note(facts: Facts, record: ScannedRecord): boolean {
  try {
    noteRecord(facts, record);
    return true;
  } catch (error) {
    if (error instanceof CorruptionError) return false;
    throw error;
  }
}

function noteRecord(facts: Facts, { type, payload, place }: ScannedRecord): void {
  switch (type) {
    case 'block':
      return;
    case 'account':
      noteAccount(facts, payload, place);
      return;
    case 'manifest': {
      const { recordId, accountId, imageId, createdAt } = decodeManifestRecord(payload);
      factsOf(facts, accountId, imageId).manifests.push({ recordId: hexOf(recordId), createdAt, place });
      return;
    }
    case 'preview': {
      const { accountId, imageId, manifestHash } = decodePreviewRecord(payload);
      factsOf(facts, accountId, imageId).previews.set(hexOf(manifestHash), place);
      return;
    }
    case 'removal':
      noteRemoval(facts, payload);
  }
}

function noteAccount(facts: Facts, payload: Uint8Array, place: Place): void {
  const { recordId, writtenAt, account } = decodeAccountRecord(payload);
  const { accountId, username, createdAt, revision, keyringRevision } = account;
  facts.accounts.push({ accountId, username, createdAt, place, writtenAt, recordId: hexOf(recordId), revisions: revision + keyringRevision });
}

function noteRemoval(facts: Facts, payload: Uint8Array): void {
  const removal = decodeRemovalRecord(payload);
  if (removal.kind === 'withdrawn') {
    facts.withdrawn.add(hexOf(removal.recordId));
    return;
  }
  if (removal.kind === 'closed') {
    facts.closed.set(removal.accountId, removal.at);
    return;
  }
  const image = factsOf(facts, removal.accountId, removal.imageId);
  if (removal.kind === 'removed') image.removedAt = Math.max(image.removedAt, removal.at);
  else image.restoredAt = Math.max(image.restoredAt, removal.at);
}

function factsOf(facts: Facts, accountId: AccountId, imageId: ImageId): ImageFacts {
  const key = accountId + imageId;
  const known = facts.images.get(key);
  if (known !== undefined) return known;
  const image: ImageFacts = { accountId, imageId, manifests: [], previews: new Map(), removedAt: -1, restoredAt: -1 };
  facts.images.set(key, image);
  return image;
}

function ledgerOf(facts: Facts, { accounts, displaced }: Pick<Ledger, 'accounts' | 'displaced'>, isKnown: (accountId: AccountId) => boolean): Ledger {
  const images: FoundImage[] = [];
  const removed: ImageWord[] = [];
  const restored: ImageWord[] = [];
  for (const image of facts.images.values()) {
    const { accountId, imageId, manifests, previews, removedAt, restoredAt } = image;
    if (!isKnown(accountId)) continue;
    // A restoration at the same time wins: an image too many does less harm than one too few.
    if (removedAt > restoredAt) {
      removed.push({ accountId, imageId, at: removedAt });
      continue;
    }
    if (restoredAt >= 0) restored.push({ accountId, imageId, at: restoredAt });
    const standing = newestOf(manifests.filter((manifest) => !facts.withdrawn.has(manifest.recordId)));
    if (standing !== undefined) images.push({ accountId, imageId, createdAt: standing.createdAt, place: standing.place, previews });
  }
  const closed = [...facts.closed].map(([accountId, at]) => ({ accountId, at }));
  images.sort((a, b) => a.createdAt - b.createdAt);
  return { accounts, displaced, images, removed, restored, closed };
}

/** A commit that died before its row was never acknowledged, and a later one under the same id may have been. */
function newestOf(manifests: readonly ManifestCandidate[]): ManifestCandidate | undefined {
  return manifests.reduce<ManifestCandidate | undefined>((best, next) => (best === undefined || next.createdAt >= best.createdAt ? next : best), undefined);
}

/** The newest record of each account: by revisions, then time, then order in the packs. */
function accountsOf(facts: Facts): Pick<Ledger, 'accounts' | 'displaced'> {
  const newest = new Map<AccountId, AccountCandidate>();
  for (const candidate of facts.accounts) {
    if (facts.withdrawn.has(candidate.recordId) || facts.closed.has(candidate.accountId)) continue;
    const best = newest.get(candidate.accountId);
    if (best === undefined || isNewer(candidate, best)) newest.set(candidate.accountId, candidate);
  }
  // Of two who wanted one name at once the later may have lost, and the record that says so may be missing: only the other one could commit.
  const committers = new Set([...facts.images.values()].flatMap(({ accountId, manifests }) => (manifests.length > 0 ? [accountId] : [])));
  const byName = new Map<string, AccountCandidate>();
  for (const candidate of newest.values()) {
    const rival = byName.get(candidate.username);
    const hasMore = Number(committers.has(candidate.accountId)) - Number(rival !== undefined && committers.has(rival.accountId));
    if (rival === undefined || hasMore > 0 || (hasMore === 0 && candidate.createdAt >= rival.createdAt)) byName.set(candidate.username, candidate);
  }
  const accounts = [...byName.values()].sort((a, b) => a.createdAt - b.createdAt);
  const named = new Set(accounts.map((account) => account.accountId));
  return { accounts, displaced: [...newest.values()].filter(({ accountId }) => !named.has(accountId)) };
}

function isNewer(a: AccountCandidate, b: AccountCandidate): boolean {
  return a.revisions - b.revisions > 0 || (a.revisions === b.revisions && a.writtenAt >= b.writtenAt);
}
