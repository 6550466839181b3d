/**
 * The tag store on PostgreSQL: each method of the port is one transaction around a function of its noun. SQL lies with
 * those functions. DESIGN.md, *Index and references*.
 */
import type { AccountId, Rehash, UploadId } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { Claimable, Copy, ExistenceScope, FiledBlock, Nonce, TagFigures, TagRow, TagStore, Upload, WaitingBlock } from '../../ports/tag-store.js';
import * as collection from './collection.js';
import type { StoreDatabase } from './database.js';
import * as filing from './filing.js';
import * as repairs from './repair.js';
import * as tags from './tag-rows.js';
import * as uploads from './upload-rows.js';

/** The tag store of `db`. It owns nothing: the database is closed by who opened it. */
export function createTagStore(db: StoreDatabase): TagStore {
  return new PostgresTagStore(db);
}

class PostgresTagStore implements TagStore {
  constructor(private readonly db: StoreDatabase) {}

  beginUpload(upload: Upload, now: number, max: number): Promise<'begun' | 'too-many'> {
    return this.db.write('beginning an upload', (session) => uploads.beginUpload(session, upload, { now, max }));
  }

  touchUpload(scope: ExistenceScope, expiresAt: number): Promise<Upload | undefined> {
    return this.db.write('touching an upload', (session) => uploads.touchUpload(session, scope, expiresAt));
  }

  endUpload(uploadId: UploadId, accountId: AccountId): Promise<void> {
    return this.db.write('ending an upload', (session) => uploads.endUpload(session, uploadId, accountId));
  }

  pinOwned(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]> {
    return this.db.write('answering existence', (session) => uploads.pinOwned(session, scope, rehashes));
  }

  findLive(rehashes: readonly Rehash[]): Promise<readonly Claimable[]> {
    return this.db.look('finding blocks', (session) => tags.findLive(session, rehashes));
  }

  keepNonce(nonce: Nonce): Promise<void> {
    return this.db.write('keeping a nonce', (session) => uploads.keepNonce(session, nonce));
  }

  spendNonce(nonce: Nonce, now: number): Promise<boolean> {
    return this.db.write('spending a nonce', (session) => uploads.spendNonce(session, nonce, now));
  }

  pinClaimed(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]> {
    return this.db.write('pinning claimed blocks', (session) => uploads.pinClaimed(session, scope, rehashes));
  }

  spendProofBytes(accountId: AccountId, spending: uploads.Spending): Promise<boolean> {
    return this.db.write('spending proof bytes', (session) => uploads.spendProofBytes(session, accountId, spending));
  }

  file(scope: ExistenceScope, blocks: readonly FiledBlock[]): Promise<boolean> {
    return this.db.write('filing blocks', (session) => filing.file(session, scope, blocks));
  }

  reinstate(blocks: readonly FiledBlock[], now: number): Promise<void> {
    return this.db.write('filing blocks that were found', (session) => filing.reinstate(session, blocks, now));
  }

  async findOwned(accountId: AccountId, rehash: Rehash): Promise<TagRow | undefined> {
    const [row] = await this.findAllOwned(accountId, [rehash]);
    return row;
  }

  findAllOwned(accountId: AccountId, rehashes: readonly Rehash[]): Promise<readonly (TagRow | undefined)[]> {
    return this.db.look('finding blocks of an account', (session) => tags.findAllOwned(session, accountId, rehashes));
  }

  findHeld(scope: ExistenceScope, rehash: Rehash): Promise<TagRow | undefined> {
    return this.db.look('finding a block that an account holds', (session) => tags.findHeld(session, scope, rehash));
  }

  /** There is one row for each T1. */
  uniteSome(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  find(rehash: Rehash): Promise<TagRow | undefined> {
    return this.db.look('finding a block', (session) => tags.find(session, rehash));
  }

  copiesOf(rehash: Rehash): Promise<readonly Place[]> {
    return this.db.look('finding copies', (session) => collection.copiesOf(session, rehash));
  }

  move(rehash: Rehash, from: Place, to: Place): Promise<boolean> {
    return this.db.write('moving a block', (session) => tags.move(session, rehash, { from, to }));
  }

  quarantine(rehash: Rehash, place: Place): Promise<void> {
    return this.db.write('quarantining a block', (session) => tags.quarantine(session, rehash, place));
  }

  repair(was: Rehash, row: FiledBlock): Promise<void> {
    return this.db.write('repairing a row', (session) => repairs.repair(session, was, row));
  }

  /** Rows are found by their primary key alone, which is the engine's own to keep. */
  mendKeys(): Promise<{ readonly mended: number; readonly next: undefined }> {
    return Promise.resolve({ mended: 0, next: undefined });
  }

  list(after: Rehash | undefined, limit: number): Promise<readonly TagRow[]> {
    return this.db.look('listing blocks', (session) => tags.list(session, after, limit));
  }

  listPack(pack: number): Promise<readonly { readonly rehash: Rehash; readonly place: Place }[]> {
    return this.db.look('listing a pack', (session) => tags.listPack(session, pack));
  }

  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
    return this.db.look('summing packs', (session) => collection.liveByPack(session));
  }

  expireUploads(now: number): Promise<number> {
    return this.db.write('expiring uploads', (session) => uploads.expireUploads(session, now));
  }

  /** A transaction for each look: most take all that there is. */
  async collect(before: number, limit: number): Promise<readonly FiledBlock[]> {
    const all: FiledBlock[] = [];
    while (all.length < limit) {
      const { removed, isLast } = await this.db.write('collecting blocks', (session) => collection.collect(session, before, limit - all.length));
      all.push(...removed);
      if (isLast) break;
    }
    return all;
  }

  listWaiting(page: { readonly after: string | undefined; readonly limit: number; readonly now: number }): Promise<{ readonly blocks: readonly WaitingBlock[]; readonly next: string | undefined }> {
    return this.db.look('listing what waits', (session) => collection.listWaiting(session, page));
  }

  listUploads(after: UploadId | undefined, limit: number): Promise<readonly Upload[]> {
    return this.db.look('listing uploads', (session) => uploads.listUploads(session, after, limit));
  }

  listCopies(limit: number): Promise<readonly Copy[]> {
    return this.db.look('listing copies', (session) => collection.listCopies(session, limit));
  }

  merge(rehash: Rehash, kept: Place, extra: Place): Promise<boolean> {
    return this.db.write('merging copies', (session) => collection.merge(session, rehash, { kept, extra }));
  }

  figures(): Promise<TagFigures> {
    return this.db.look('summing the index', (session) => collection.figures(session));
  }
}
