/**
 * The image store on SQLite: each method of the port is one transaction around a function of its noun. Sealed
 * objects are opaque here. DESIGN.md, *Index and references*.
 */
import { setImmediate } from 'node:timers/promises';
import type { AccountId, ImageId, Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { AccountUsage, CommitOutcome, ImageFigures, ImageRecordRow, ImageRow, ImageStore, NewImage, TrashedImage, UsageDay } from '../../ports/image-store.js';
import type { ExistenceScope } from '../../ports/tag-store.js';
import { idBlob } from './columns.js';
import * as commits from './commit.js';
import type { StoreDatabase } from './database.js';
import * as figures from './image-figures.js';
import * as lists from './image-lists.js';
import { imageOf, imageRow, standing } from './image-rows.js';
import { findOwner } from './owner-rows.js';
import { contradiction, isSameSum, keptSum, sumOf, type Sum } from './pack-sums.js';

/** The image store of `db`. It owns nothing: the database is closed by who opened it. */
export function createImageStore(db: StoreDatabase): ImageStore {
  return new SqliteImageStore(db);
}

class SqliteImageStore implements ImageStore {
  constructor(private readonly db: StoreDatabase) {}

  probe(accountId: AccountId, imageId: ImageId, manifestHash: Uint8Array): Promise<'known' | 'conflict' | undefined> {
    return this.db.read('probing an image', () => standing(this.db, findOwner(this.db, accountId) ?? 0, { imageId, manifestHash }));
  }

  missing(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly Rehash[]> {
    return this.db.read('finding missing blocks', () => commits.missing(this.db, scope, rehashes));
  }

  commit(scope: ExistenceScope, image: NewImage, quotaBytes: number | undefined): Promise<CommitOutcome> {
    return this.db.write('committing an image', () => commits.commit(this.db, scope, { image, quotaBytes }));
  }

  find(accountId: AccountId, imageId: ImageId): Promise<ImageRow | undefined> {
    return this.db.read('finding an image', () => {
      const row = imageOf(this.db, accountId, imageId);
      return row === undefined ? undefined : imageRow(row);
    });
  }

  list(accountId: AccountId, page: lists.Page): Promise<readonly ImageRow[]> {
    return this.db.read('listing images', () => lists.list(this.db, accountId, page));
  }

  referencesOf(accountId: AccountId, imageId: ImageId): Promise<readonly Rehash[]> {
    return this.db.read('listing references', () => lists.referencesOf(this.db, accountId, imageId));
  }

  referrers(rehash: Rehash, limit: number): Promise<readonly lists.ImageName[]> {
    return this.db.read('listing referrers', () => lists.referrers(this.db, rehash, limit));
  }

  trash(accountId: AccountId, imageId: ImageId, now: number): Promise<boolean> {
    return this.setTrashed({ accountId, imageId }, 'COALESCE(trashed_at, ?)', now);
  }

  restore(accountId: AccountId, imageId: ImageId): Promise<boolean> {
    return this.setTrashed({ accountId, imageId }, '?', null);
  }

  purge(accountId: AccountId, imageId: ImageId, now: number): Promise<boolean> {
    return this.db.write('removing an image', () => commits.purge(this.db, { accountId, imageId }, now));
  }

  listExpired(before: number, limit: number): Promise<readonly lists.ImageName[]> {
    return this.db.read('listing expired images', () => lists.listExpired(this.db, before, limit));
  }

  listTrash(after: Pick<TrashedImage, 'trashedAt' | 'accountId' | 'imageId'> | undefined, limit: number): Promise<readonly TrashedImage[]> {
    return this.db.read('listing the trash', () => lists.listTrash(this.db, after, limit));
  }

  amend(accountId: AccountId, imageId: ImageId, told: Pick<NewImage, 'wrappedKey' | 'entry' | 'manifestHash'>): Promise<boolean> {
    return this.db.write('amending an image', () => lists.amend(this.db, { accountId, imageId }, told));
  }

  usage(accountId: AccountId): Promise<AccountUsage> {
    return this.db.read('summing an account', () => figures.usage(this.db, accountId));
  }

  days(accountId: AccountId): Promise<readonly UsageDay[]> {
    return this.db.read('summing days', () => figures.days(this.db, accountId));
  }

  figures(): Promise<ImageFigures> {
    return this.db.read('summing images', () => figures.figures(this.db));
  }

  async listPack(pack: number): Promise<readonly ImageRecordRow[]> {
    return [...(await this.listRecords({ pack, type: 'manifest' })), ...(await this.listRecords({ pack, type: 'preview' }))];
  }

  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
    return this.db.read('summing packs', () => lists.liveByPack(this.db));
  }

  move(row: ImageRecordRow, to: Place): Promise<boolean> {
    return this.db.write('moving a record', () => lists.move(this.db, row, to));
  }

  listAll(after: lists.ImageName | undefined, limit: number): Promise<readonly ImageRecordRow[]> {
    return this.db.read('listing all images', () => lists.listAll(this.db, after, limit));
  }

  reinstate(accountId: AccountId, image: NewImage): Promise<void> {
    return this.db.write('reinstating an image', () => { commits.reinstate(this.db, accountId, image); });
  }

  bury(accountId: AccountId, imageId: ImageId): Promise<void> {
    return this.db.write('burying an image', () => { commits.bury(this.db, accountId, imageId); });
  }

  /** Held against the sum: of one moment where that stayed as it was, else no fewer rows than before and after. */
  private async listRecords(of: Pick<ImageRecordRow, 'type'> & { readonly pack: number }): Promise<readonly ImageRecordRow[]> {
    const sum = (): Promise<Sum> => this.db.read('reading a sum', () => keptSum(this.db, of.pack, of.type));
    const all: ImageRecordRow[] = [];
    const before = await sum();
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      const { rows, next } = await this.db.read('listing a pack', () => lists.listPack(this.db, of, from));
      all.push(...rows);
      after = next;
      await setImmediate();
    }
    const [found, kept] = [sumOf(all.map(({ place }) => place)), await sum()];
    const isWhole = isSameSum(before, kept) ? isSameSum(found, kept) : found.records >= Math.min(before.records, kept.records);
    if (!isWhole) throw contradiction(of.type, { found, kept });
    return all;
  }

  private setTrashed({ accountId, imageId }: lists.ImageName, to: '?' | 'COALESCE(trashed_at, ?)', at: number | null): Promise<boolean> {
    return this.db.write('moving an image to or from the trash', () => {
      const sql = `UPDATE image SET trashed_at = ${to} WHERE owner = ? AND image_id = ?`;
      return this.db.query(sql).run(at, findOwner(this.db, accountId) ?? 0, idBlob(imageId)).changes === 1;
    });
  }
}
