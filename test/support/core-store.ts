/**
 * The services over real adapters in a temporary folder: SQLite file and packs, a clock that the test sets. No http.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compareBytes, concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Commit } from '../../client-sdk/protocol/commit-body.js';
import type { BlockFrame, Frame } from '../../client-sdk/protocol/frames.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import type { AccountId, ImageId, UploadId } from '../../client-sdk/protocol/ids.js';
import type { CommitResult, Registration } from '../../client-sdk/protocol/messages.js';
import { rehashOf, tagOf } from '../../client-sdk/protocol/tag.js';
import type { BegunSession, Origin, Parts, Policy, Services, Stores, World } from '../../server/core/contract.js';
import { createGate } from '../../server/core/gate.js';
import { createServices, defaultPolicy } from '../../server/core/services.js';
import type { BlockStore, Place } from '../../server/ports/block-store.js';
import type { Gate } from '../../server/ports/gate.js';
import { type Meter, silentMeter } from '../../server/ports/meter.js';
import { createAccountStore } from '../../server/storage/sqlite/account-store.js';
import { openDatabase, type StoreDatabase } from '../../server/storage/sqlite/database.js';
import { createHeadStore } from '../../server/storage/sqlite/head-store.js';
import { createImageStore } from '../../server/storage/sqlite/image-store.js';
import { createStoreState } from '../../server/storage/sqlite/store-state.js';
import { createTagStore } from '../../server/storage/sqlite/tag-store.js';
import { openBlockStore } from '../../server/storage/packs/block-store.js';
import { nodeFiles, type FileLayer } from '../../server/storage/packs/file-layer.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import { flip } from './file-rot.js';
import type { RawBlock } from './raw-account.js';
import { withoutTriggers } from './triggers.js';

export const hereAndTrusted: Origin = { address: '127.0.0.1', isTrustedLocal: true };
export const storeKey = new Uint8Array(32).fill(1);
export const indexName = 'index.sqlite';
export const serverId = '5e'.repeat(16);

export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
export const hmacSha256 = (key: Uint8Array, bytes: Uint8Array): Uint8Array => new Uint8Array(createHmac('sha256', key).update(bytes).digest());
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
export const randomId = <Id extends string>(): Id => hexOf(random(16)) as Id; // 16 bytes of hex have the form of every id

/** A person who registered, with what proves it. */
export interface Registered {
  readonly accountId: AccountId;
  readonly registration: Registration;
  readonly begun: BegunSession;
}

export class CoreStore {
  now = 1_800_000_000_000;
  readonly #databases: StoreDatabase[] = [];
  #names = 0;

  private constructor(
    readonly folder: string,
    readonly parts: Parts,
    readonly services: Services,
  ) {}

  /** Opens an empty store. `wrap` may put something in front of the ports; `disk` is what the packs are written with, and who hears what the index measures. */
  static async open(policy: Partial<Policy> = {}, wrap: (stores: Stores) => Stores = (stores) => stores, disk: { readonly files?: FileLayer; readonly meter?: Meter } = {}): Promise<CoreStore> {
    const { files = nodeFiles, meter = silentMeter } = disk;
    const folder = await mkdtemp(path.join(tmpdir(), 'dice-core-'));
    const clock = { now: () => store.now };
    const world: World = { clock, random, hasher: { sha256, hmacSha256 } };
    const database = openDatabase({ file: path.join(folder, indexName), meter });
    const blocks = await openBlockStore({ directory: path.join(folder, 'packs'), storeKey, packBytes: 1_000_000, files });
    const stores = wrap(storesOf(database, blocks));
    const parts: Parts = {
      stores, world,
      policy: { ...defaultPolicy, trashMs: 0, graceMs: 0, ...policy },
      secrets: { serverId, saltKey: new Uint8Array(32).fill(2), setupToken: 'open sesame' },
      gate: createGate(),
      otherFileBytes: () => Promise.resolve(0),
    };
    const store = new CoreStore(folder, parts, createServices(parts));
    store.#databases.push(database);
    return store;
  }

  /** The same packs under another, empty database, whose generations they do not learn: else the store's own would be the older one. */
  beside(): Parts {
    const database = openDatabase({ file: path.join(this.folder, `other-${this.#databases.length}.sqlite`) });
    this.#databases.push(database);
    return { ...this.parts, stores: storesOf(database, withOwnMark(this.parts.stores.blocks)) };
  }

  /** The database itself, for making rot. */
  run(sql: string, ...values: readonly unknown[]): void {
    this.#databases[0]?.connection.prepare(sql).run(...values);
  }

  /** As `run`, of rows of `table` as a disk changes them: no trigger hears of it, and no sum follows. */
  rot(table: 'tag' | 'image', sql: string, ...values: readonly unknown[]): void {
    const connection = this.#databases[0]?.connection;
    if (connection === undefined) throw new Error('the store is not open');
    withoutTriggers(connection, table, () => { this.run(sql, ...values); });
  }

  /** Flips a bit of the record at `place`, so many bytes into its payload, where it lies on the disk. */
  flipRecord({ pack, offset }: Place, at = 0): void {
    flip(packPath({ directory: path.join(this.folder, 'packs') }, pack), offset + this.parts.stores.blocks.recordOverheadBytes + at);
  }

  /** A setting of the database's connection. */
  pragma(text: string): unknown {
    return this.#databases[0]?.connection.pragma(text, { simple: true });
  }

  get gate(): Gate {
    return this.parts.gate;
  }

  async register(members: Partial<Registration> = {}): Promise<Registered> {
    const registration = registrationOf(`person-${++this.#names}`, members);
    const begun = await this.services.accounts.register(registration, hereAndTrusted);
    return { accountId: registration.accountId, registration, begun };
  }

  /** Begins an upload, sends `blocks`. */
  send(accountId: AccountId, blocks: readonly RawBlock[]): Promise<UploadId> {
    return sendThrough(this.services, accountId, blocks);
  }

  /** Stores an image of `blocks` in a session of its own, which is ended. */
  async store(accountId: AccountId, blocks: readonly RawBlock[]): Promise<ImageId> {
    return (await storeThrough(this.services, accountId, blocks)).imageId;
  }

  async commit(upload: { readonly accountId: AccountId; readonly uploadId: UploadId }, commit: Commit): Promise<CommitResult> {
    const [result] = await this.services.uploads.commit(upload, [commit]);
    if (result === undefined) throw new Error('a commit has no result');
    return result;
  }

  /** All frames of a fetch. */
  async fetch(accountId: AccountId, imageId: ImageId, blocks: readonly Pick<RawBlock, 'tag'>[]): Promise<readonly Frame[]> {
    const frames: Frame[] = [];
    for await (const frame of await this.services.blocks.fetch(accountId, imageId, blocks.map(({ tag }) => tag))) frames.push(frame);
    return frames;
  }

  async close(): Promise<void> {
    await this.parts.stores.blocks.close();
    for (const database of this.#databases) database.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

type Intake = Pick<Services, 'uploads' | 'blocks'>;

/** Begins an upload, sends `blocks`. */
export async function sendThrough(services: Intake, accountId: AccountId, blocks: readonly RawBlock[]): Promise<UploadId> {
  const { uploadId } = await services.uploads.begin(accountId);
  await services.blocks.receive({ accountId, uploadId }, framesOf(blocks));
  return uploadId;
}

/** Stores an image of `blocks` in a session of its own, which is ended. Answers what was committed. */
export async function storeThrough(services: Intake, accountId: AccountId, blocks: readonly RawBlock[]): Promise<Commit> {
  const upload = { accountId, uploadId: await sendThrough(services, accountId, blocks) };
  const commit = commitOf(randomId<ImageId>(), blocks);
  const [result] = await services.uploads.commit(upload, [commit]);
  if (result?.status !== 'stored') throw new Error(`the commit ended as ${String(result?.status)}`);
  await services.uploads.end(upload);
  return commit;
}

/** The ports over a database and packs. */
export function storesOf(database: StoreDatabase, blocks: Stores['blocks']): Stores {
  return {
    blocks,
    tags: createTagStore(database),
    images: createImageStore(database),
    accounts: createAccountStore(database),
    heads: createHeadStore(database),
    state: createStoreState(database),
  };
}

/** Packs whose mark is the caller's own. */
export function withOwnMark(blocks: BlockStore): BlockStore {
  let own = 0;
  return inFrontOf(blocks, {
    generation: () => Promise.resolve(own),
    mark: (generation) => {
      own = generation;
      return Promise.resolve();
    },
  });
}

/** A port with some methods in front of it; all others run on the port itself. */
export function inFrontOf<T extends object>(port: T, methods: Partial<T>): T {
  return new Proxy(port, {
    get(target, name) {
      const own: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof own === 'function' && !Reflect.has(methods, name) ? (own.bind(target) as unknown) : own; // bound: private state stays the port's
    },
  });
}

/** Frames that tell the truth about `blocks`. */
export async function* framesOf(blocks: readonly RawBlock[]): AsyncGenerator<BlockFrame> {
  await Promise.resolve();
  for (const { rehash, code, cipher } of blocks) yield { kind: 'block', rehash, code, cipher };
}

/** A block of random bytes, or of `cipher`. */
export function blockOf(cipher: Uint8Array = random(300)): RawBlock {
  const tag = tagOf(sha256, cipher);
  return { cipher, tag, rehash: rehashOf(sha256, tag), code: hammingOf(tag) };
}

export function blocksOf(count: number, bytes = 300): readonly RawBlock[] {
  return Array.from({ length: count }, () => blockOf(random(bytes)));
}

export function commitOf(imageId: ImageId, blocks: readonly RawBlock[]): Commit {
  const rehashes = [...new Map(blocks.map(({ rehash }) => [hexOf(rehash), rehash])).values()].sort(compareBytes);
  return { imageId, wrappedKey: random(60), entry: random(200), manifest: random(400), preview: random(150), tags: concat(...rehashes) };
}

export function registrationOf(username: string, members: Partial<Registration> = {}): Registration {
  return {
    accountId: randomId<AccountId>(),
    username,
    password: { kdf: { log2N: 17, r: 8, p: 1, salt: random(16) }, authKey: random(32), wrappedAccountKey: random(80) },
    recovery: { recoveryAuth: random(32), wrappedAccountKey: random(80) },
    identity: { x25519: random(32), ed25519: random(32), epoch: 1, signature: random(64), wrapped: random(90) },
    keyring: random(100),
    carrier: 'bearer',
    ...members,
  };
}
