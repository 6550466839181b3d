/**
 * The image store on PostgreSQL: each method of the port is one transaction around a function of its noun. Sealed
 * objects are opaque here. DESIGN.md, *Index and references*.
 */
import type { AccountId, ImageId, Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { AccountUsage, CommitOutcome, ImageFigures, ImageRecordRow, ImageRow, ImageStore, NewImage, TrashedImage, UsageDay } from '../../ports/image-store.js';
import type { ExistenceScope } from '../../ports/tag-store.js';
import * as commits from './commit.js';
import type { StoreDatabase } from './database.js';
import * as figures from './image-figures.js';
import * as lists from './image-lists.js';
import { standing } from './image-rows.js';
import { findOwner } from './owner-rows.js';

/** The image store of `db`. It owns nothing: the database is closed by who opened it. */
export function createImageStore(db: StoreDatabase): ImageStore {
  return new PostgresImageStore(db);
}

class PostgresImageStore implements ImageStore {
  constructor(private readonly db: StoreDatabase) {}

  probe(accountId: AccountId, imageId: ImageId, manifestHash: Uint8Array): Promise<'known' | 'conflict' | undefined> {
    return this.db.read('probing an image', async (session) => standing(session, (await findOwner(session, accountId)) ?? 0, { imageId, manifestHash }));
  }

  missing(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly Rehash[]> {
    return this.db.read('finding missing blocks', (session) => commits.missing(session, scope, rehashes));
  }

  commit(scope: ExistenceScope, image: NewImage, quotaBytes: number | undefined): Promise<CommitOutcome> {
    return this.db.write('committing an image', (session) => commits.commit(session, scope, { image, quotaBytes }));
  }

  find(accountId: AccountId, imageId: ImageId): Promise<ImageRow | undefined> {
    return this.db.look('finding an image', (session) => lists.find(session, accountId, imageId));
  }

  list(accountId: AccountId, page: lists.Page): Promise<readonly ImageRow[]> {
    return this.db.look('listing images', (session) => lists.list(session, accountId, page));
  }

  referencesOf(accountId: AccountId, imageId: ImageId): Promise<readonly Rehash[]> {
    return this.db.look('listing references', (session) => lists.referencesOf(session, accountId, imageId));
  }

  referrers(rehash: Rehash, limit: number): Promise<readonly lists.ImageName[]> {
    return this.db.look('listing referrers', (session) => lists.referrers(session, rehash, limit));
  }

  trash(accountId: AccountId, imageId: ImageId, now: number): Promise<boolean> {
    return this.db.write('moving an image to the trash', (session) => lists.setTrashed(session, { accountId, imageId }, now));
  }

  restore(accountId: AccountId, imageId: ImageId): Promise<boolean> {
    return this.db.write('taking an image out of the trash', (session) => lists.setTrashed(session, { accountId, imageId }, undefined));
  }

  purge(accountId: AccountId, imageId: ImageId, now: number): Promise<boolean> {
    return this.db.write('removing an image', (session) => commits.purge(session, { accountId, imageId }, now));
  }

  listExpired(before: number, limit: number): Promise<readonly lists.ImageName[]> {
    return this.db.look('listing expired images', (session) => lists.listExpired(session, before, limit));
  }

  listTrash(after: Pick<TrashedImage, 'trashedAt' | 'accountId' | 'imageId'> | undefined, limit: number): Promise<readonly TrashedImage[]> {
    return this.db.look('listing the trash', (session) => lists.listTrash(session, after, limit));
  }

  amend(accountId: AccountId, imageId: ImageId, told: Pick<NewImage, 'wrappedKey' | 'entry' | 'manifestHash'>): Promise<boolean> {
    return this.db.write('amending an image', (session) => lists.amend(session, { accountId, imageId }, told));
  }

  usage(accountId: AccountId): Promise<AccountUsage> {
    return this.db.read('summing an account', (session) => figures.usage(session, accountId));
  }

  days(accountId: AccountId): Promise<readonly UsageDay[]> {
    return this.db.read('summing days', (session) => figures.days(session, accountId));
  }

  figures(): Promise<ImageFigures> {
    return this.db.look('summing images', (session) => figures.figures(session));
  }

  listPack(pack: number): Promise<readonly ImageRecordRow[]> {
    return this.db.look('listing a pack', (session) => lists.listPack(session, pack));
  }

  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
    return this.db.look('summing packs', (session) => lists.liveByPack(session));
  }

  move(row: ImageRecordRow, to: Place): Promise<boolean> {
    return this.db.write('moving a record', (session) => lists.move(session, row, to));
  }

  listAll(after: lists.ImageName | undefined, limit: number): Promise<readonly ImageRecordRow[]> {
    return this.db.look('listing all images', (session) => lists.listAll(session, after, limit));
  }

  reinstate(accountId: AccountId, image: NewImage): Promise<void> {
    return this.db.write('reinstating an image', (session) => commits.reinstate(session, accountId, image));
  }

  bury(accountId: AccountId, imageId: ImageId): Promise<void> {
    return this.db.write('burying an image', (session) => commits.bury(session, accountId, imageId));
  }
}
