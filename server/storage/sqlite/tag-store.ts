/**
 * The tag store on SQLite: each method of the port is one transaction around a function of its noun. SQL lies with
 * those functions. DESIGN.md, *Index and references*.
 */
import { setImmediate } from 'node:timers/promises';
import type { AccountId, Rehash, UploadId } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import { CorruptionError, StorageError } from '../../ports/errors.js';
import type { Claimable, Copy, ExistenceScope, FiledBlock, Nonce, TagFigures, TagRow, TagStore, Upload, WaitingBlock } from '../../ports/tag-store.js';
import * as collection from './collection.js';
import type { CountAndBytes } from './columns.js';
import type { StoreDatabase } from './database.js';
import { mendKeys, mendSpans } from './key-mending.js';
import * as tags from './tag-rows.js';
import { countTwins, newestRow, unitedTo, uniteNext } from './twins.js';
import * as uploads from './upload-rows.js';

/** The tag store of `db`. It owns nothing: the database is closed by who opened it. */
export function createTagStore(db: StoreDatabase): TagStore {
  return new SqliteTagStore(db);
}

class SqliteTagStore implements TagStore {
  private areSpansMended = false;

  constructor(private readonly db: StoreDatabase) {}

  beginUpload(upload: Upload, now: number, max: number): Promise<'begun' | 'too-many'> {
    return this.db.write('beginning an upload', () => uploads.beginUpload(this.db, upload, { now, max }));
  }

  touchUpload(scope: ExistenceScope, expiresAt: number): Promise<Upload | undefined> {
    return this.db.note('touching an upload', () => uploads.touchUpload(this.db, scope, expiresAt));
  }

  endUpload(uploadId: UploadId, accountId: AccountId): Promise<void> {
    return this.db.write('ending an upload', () => { uploads.endUpload(this.db, uploadId, accountId); });
  }

  pinOwned(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]> {
    return this.db.note('answering existence', () => uploads.pinOwned(this.db, scope, rehashes));
  }

  findLive(rehashes: readonly Rehash[]): Promise<readonly Claimable[]> {
    return this.db.read('finding blocks', () => tags.findLive(this.db, rehashes));
  }

  keepNonce(nonce: Nonce): Promise<void> {
    return this.db.write('keeping a nonce', () => { uploads.keepNonce(this.db, nonce); });
  }

  spendNonce(nonce: Nonce, now: number): Promise<boolean> {
    return this.db.write('spending a nonce', () => uploads.spendNonce(this.db, nonce, now));
  }

  pinClaimed(scope: ExistenceScope, rehashes: readonly Rehash[]): Promise<readonly boolean[]> {
    return this.db.note('pinning claimed blocks', () => uploads.pinClaimed(this.db, scope, rehashes));
  }

  spendProofBytes(accountId: AccountId, spending: uploads.Spending): Promise<boolean> {
    return this.db.write('spending proof bytes', () => uploads.spendProofBytes(this.db, accountId, spending));
  }

  file(scope: ExistenceScope, blocks: readonly FiledBlock[]): Promise<boolean> {
    return this.db.write('filing blocks', () => tags.file(this.db, scope, blocks));
  }

  reinstate(blocks: readonly FiledBlock[], now: number): Promise<void> {
    return this.db.write('filing blocks that were found', () => { tags.reinstate(this.db, blocks, now); });
  }

  async findOwned(accountId: AccountId, rehash: Rehash): Promise<TagRow | undefined> {
    const [row] = await this.findAllOwned(accountId, [rehash]);
    return row;
  }

  findAllOwned(accountId: AccountId, rehashes: readonly Rehash[]): Promise<readonly (TagRow | undefined)[]> {
    return this.db.read('finding blocks of an account', () => tags.findAllOwned(this.db, accountId, rehashes));
  }

  findHeld(scope: ExistenceScope, rehash: Rehash): Promise<TagRow | undefined> {
    return this.db.read('finding a block that an account holds', () => tags.findHeld(this.db, scope, rehash));
  }

  find(rehash: Rehash): Promise<TagRow | undefined> {
    return this.db.read('finding a block', () => tags.find(this.db, rehash));
  }

  copiesOf(rehash: Rehash): Promise<readonly Place[]> {
    return this.db.read('finding copies', () => collection.copiesOf(this.db, rehash));
  }

  move(rehash: Rehash, from: Place, to: Place): Promise<boolean> {
    return this.db.write('moving a block', () => tags.move(this.db, rehash, { from, to }));
  }

  quarantine(rehash: Rehash, place: Place): Promise<void> {
    return this.db.write('quarantining a block', () => { tags.quarantine(this.db, rehash, place); });
  }

  repair(was: Rehash, row: FiledBlock): Promise<void> {
    return this.db.write('repairing a row', () => { tags.repair(this.db, was, row); });
  }

  mendKeys(after: string | undefined, limit: number): Promise<{ readonly mended: number; readonly next: string | undefined }> {
    return this.db.write('mending keys', () => mendKeys(this.db, after, limit));
  }

  list(after: Rehash | undefined, limit: number): Promise<readonly TagRow[]> {
    return this.db.read('listing blocks', () => tags.list(this.db, after, limit));
  }

  /** Where the sums contradict, the spans of all packs are put right first, once for as long as the database is open: from then on it takes a scrub. */
  async listPack(pack: number): Promise<readonly { readonly rehash: Rehash; readonly place: Place }[]> {
    let listed = await this.db.write('listing a pack', () => tags.listPack(this.db, pack));
    if (listed instanceof CorruptionError && !this.areSpansMended) {
      for (let after: number | undefined = 0; after !== undefined; ) {
        const from: number = after;
        after = await this.db.write('mending spans', () => mendSpans(this.db, from));
      }
      this.areSpansMended = true;
      listed = await this.db.write('listing a pack', () => tags.listPack(this.db, pack));
    }
    if (listed instanceof CorruptionError) throw listed;
    return listed;
  }

  liveByPack(): Promise<ReadonlyMap<number, { readonly records: number; readonly payloadBytes: number }>> {
    return this.db.read('summing packs', () => collection.liveByPack(this.db));
  }

  expireUploads(now: number): Promise<number> {
    return this.db.note('expiring uploads', () => uploads.expireUploads(this.db, now));
  }

  async collect(before: number, limit: number): Promise<readonly FiledBlock[]> {
    await this.unite();
    return this.db.write('collecting blocks', () => collection.collect(this.db, before, limit));
  }

  async listWaiting(page: { readonly after: string | undefined; readonly limit: number; readonly now: number }): Promise<{ readonly blocks: readonly WaitingBlock[]; readonly next: string | undefined }> {
    await this.unite();
    return this.db.read('listing what waits', () => collection.listWaiting(this.db, page));
  }

  listUploads(after: UploadId | undefined, limit: number): Promise<readonly Upload[]> {
    return this.db.read('listing uploads', () => uploads.listUploads(this.db, after, limit));
  }

  async listCopies(limit: number): Promise<readonly Copy[]> {
    await this.unite();
    return this.db.read('listing copies', () => collection.listCopies(this.db, limit));
  }

  merge(rehash: Rehash, kept: Place, extra: Place): Promise<boolean> {
    return this.db.write('merging copies', () => collection.merge(this.db, rehash, { kept, extra }));
  }

  /** `after` names where to go on and where to end. */
  async uniteSome(after: string | undefined): Promise<string | undefined> {
    const [from, end] = after === undefined ? await this.toUnite() : placesOf(after);
    const to = await this.uniteFrom(from).catch(unlessFull);
    return to !== undefined && to < end ? `${String(to)} ${String(end)}` : undefined;
  }

  /** What is united while it is counted is counted anew; at last all at once, while everybody waits. */
  async figures(): Promise<TagFigures> {
    for (let tries = 1; tries < countTries; tries++) {
      const [from] = await this.toUnite();
      const twins = await this.counted(from, (after) => countTwins(this.db, after));
      const unreferenced = twins.count === 0 ? undefined : await this.counted(0, (after) => collection.countUnreferenced(this.db, after));
      const { figures, to } = await this.db.read('summing the index', () => ({ figures: collection.figures(this.db, { twins, unreferenced }), to: unitedTo(this.db) }));
      if (to === from) return figures;
    }
    return this.db.read('summing the index', () => {
      const twins = countedAtOnce(unitedTo(this.db), (after) => countTwins(this.db, after));
      return collection.figures(this.db, { twins, unreferenced: countedAtOnce(0, (after) => collection.countUnreferenced(this.db, after)) });
    });
  }

  /** Sums of what is counted some rows at a time, with others served in between. */
  private async counted(from: number, some: CountSome): Promise<CountAndBytes> {
    let [count, bytes] = [0, 0];
    for (let after: number | undefined = from; after !== undefined; ) {
      const at: number = after;
      const found = await this.db.read('counting rows', () => some(at));
      [count, bytes, after] = [count + found.count, bytes + found.bytes, found.next];
      if (after !== undefined) await setImmediate();
    }
    return { count, bytes };
  }

  /** Unites what is there now, in transactions that are short. */
  private async unite(): Promise<void> {
    for (let after = await this.uniteSome(undefined); after !== undefined; ) after = await this.uniteSome(after);
  }

  /** Up to where rows are united, and where they end. */
  private toUnite(): Promise<readonly [number, number]> {
    return this.db.read('looking where rows are united', () => [unitedTo(this.db), newestRow(this.db)] as const);
  }

  private uniteFrom(after: number): Promise<number | undefined> {
    return this.db.read('looking for new rows', () => newestRow(this.db) > after)
      .then((isAny) => (isAny ? this.db.write('uniting rows of equal blocks', () => uniteNext(this.db, after)) : undefined));
  }
}

/** The two numbers of a word of `uniteSome`. */
function placesOf(after: string): readonly [number, number] {
  const [from = 0, end = 0] = after.split(' ').map(Number);
  return [from, end];
}

const countTries = 3;

/** Counts some rows; `next` goes on, undefined at the end. */
type CountSome = (after: number) => CountAndBytes & { readonly next: number | undefined };

function countedAtOnce(from: number, some: CountSome): CountAndBytes {
  let [count, bytes] = [0, 0];
  for (let after: number | undefined = from; after !== undefined; ) {
    const found = some(after);
    [count, bytes, after] = [count + found.count, bytes + found.bytes, found.next];
  }
  return { count, bytes };
}

/** Where the disk is full it is wanted most to know what waits, and to take away what can go: rows of equal blocks then stay apart. */
function unlessFull(error: unknown): undefined {
  if (!(error instanceof StorageError && error.options.isFull === true)) throw error;
}
