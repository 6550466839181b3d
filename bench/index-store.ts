/**
 * An index that a bench fills and asks: the real ports on SQLite, one account that has every block and one that has none, and the
 * upload sessions of both.
 */
import { createHash } from 'node:crypto';
import { idOfBytes, type AccountId, type ImageId, type Rehash, type UploadId } from '../client-sdk/protocol/ids.js';
import type { ImageStore } from '../server/ports/image-store.js';
import type { ExistenceScope, FiledBlock, TagStore } from '../server/ports/tag-store.js';
import { openDatabase, type StoreDatabase } from '../server/storage/sqlite/database.js';
import { createImageStore } from '../server/storage/sqlite/image-store.js';
import { createTagStore } from '../server/storage/sqlite/tag-store.js';

const now = 1_800_000_000_000;
export const holder = idOfBytes<AccountId>(new Uint8Array(16).fill(1));
export const stranger = idOfBytes<AccountId>(new Uint8Array(16).fill(2));

export class BenchIndex {
  private constructor(
    readonly database: StoreDatabase,
    readonly tags: TagStore,
    readonly images: ImageStore,
  ) {}

  static open(file: string): BenchIndex {
    const database = openDatabase({ file });
    return new BenchIndex(database, createTagStore(database), createImageStore(database));
  }

  /** Rows of blocks. */
  rows(): number {
    return this.database.query<{ rows: number }>('SELECT COALESCE(MAX(id), 0) AS rows FROM tag').get()?.rows ?? 0;
  }

  /** Runs `work` in an upload session of its own and ends it after. */
  async inUpload<T>(accountId: AccountId, name: string, work: (scope: ExistenceScope) => Promise<T>): Promise<T> {
    const uploadId = idOfBytes<UploadId>(idFrom(`upload ${name}`));
    const begun = await this.tags.beginUpload({ uploadId, accountId, expiresAt: now + 86_400_000, receivedBytes: 0 }, now, 100);
    if (begun !== 'begun') throw new Error('an upload session of the bench did not begin');
    const result = await work({ uploadId, accountId, now });
    await this.tags.endUpload(uploadId, accountId);
    return result;
  }

  /** Files blocks and commits an image of them. `rehashes`: theirs, sorted. */
  async store(scope: ExistenceScope, blocks: readonly FiledBlock[], rehashes: readonly Rehash[]): Promise<void> {
    const name = String(blocks[0]?.place.pack ?? 0) + '/' + String(blocks[0]?.place.offset ?? 0);
    if (!(await this.tags.file(scope, blocks))) throw new Error('blocks of the bench were not filed');
    const { kind } = await this.images.commit(scope, {
      imageId: idOfBytes<ImageId>(idFrom(`image ${name}`)),
      wrappedKey: new Uint8Array(60),
      entry: new Uint8Array(200),
      manifestHash: createHash('sha256').update(name).digest(),
      manifestBytes: 40 * blocks.length,
      manifestPlace: blocks[0]?.place ?? { pack: 1, offset: 56, length: 1 },
      preview: undefined,
      rehashes,
      createdAt: now,
    }, undefined);
    if (kind !== 'stored') throw new Error(`an image of the bench was not stored: ${kind}`);
  }

  /** Bytes of each table and index, the largest first. */
  bytesByTable(): readonly { readonly name: string; readonly bytes: number }[] {
    return this.database.connection
      .prepare<[], { name: string; bytes: number }>('SELECT name, SUM(pgsize) AS bytes FROM dbstat GROUP BY name HAVING bytes > 65536 ORDER BY bytes DESC').all();
  }

  fileBytes(): number {
    this.database.truncateLog();
    const pragma = (name: string): number => Number(this.database.connection.pragma(name, { simple: true }));
    return pragma('page_count') * pragma('page_size');
  }

  close(): void {
    this.database.close();
  }
}

function idFrom(name: string): Uint8Array {
  return createHash('sha256').update(name).digest().subarray(0, 16);
}
