/**
 * A store on SQLite and packs whose machine stops: its directory is copied while it is open, and the copy's write-ahead log is cut or damaged behind a place that was noted.
 */
import { cpSync, openSync, closeSync, ftruncateSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import type { Policy, Services } from '../../server/core/contract.js';
import { defaultPolicy } from '../../server/core/services.js';
import { openStore, type Engines, type OpenedStore, type Purpose } from '../../server/open-store.js';
import type { BlockStore } from '../../server/ports/block-store.js';
import { AcknowledgedImages } from './acknowledged-images.js';
import { blocksOf, hereAndTrusted, registrationOf, storeThrough } from './core-store.js';
import type { RawBlock } from './raw-account.js';

const policy: Policy = { ...defaultPolicy, graceMs: 0 };
export const serving: Purpose = { kind: 'serve', realm: 'localhost', isSharedConfirmed: false };
/** Header, then frames of a page each. */
const [walHeaderBytes, frameHeaderBytes, pageBytes] = [32, 24, 4_096];

export class StoppedStore {
  readonly images = new AcknowledgedImages();
  readonly #opened: OpenedStore[] = [];
  #lives = 0;

  /** `engines`: on which the store is opened from now on. */
  private constructor(private readonly folder: string, public engines: Engines) {}

  static async make(engines: Engines = {}): Promise<StoppedStore> {
    return new StoppedStore(await mkdtemp(path.join(tmpdir(), 'dice-stopped-')), engines);
  }

  get directory(): string {
    return path.join(this.folder, String(this.#lives));
  }

  /** The store of now. */
  get store(): OpenedStore {
    const store = this.#opened.at(-1);
    if (store === undefined) throw new Error('the store is not open');
    return store;
  }

  get services(): Services {
    return this.store.services;
  }

  async start(purpose: Purpose = serving): Promise<OpenedStore> {
    const store = await openStore({ directory: this.directory, policy, purpose, engines: this.engines });
    this.#opened.push(store);
    return store;
  }

  /** A clean stop. */
  async stop(): Promise<void> {
    await this.#opened.pop()?.close();
  }

  /** Bytes of the log. */
  logBytes(): number {
    return statSync(`${this.directory}/dice.db-wal`).size;
  }

  /** From now on the store is what the machine left of it; `harm` is done to its log. The old one runs on elsewhere. */
  stopMachine(harm: (log: string) => void = () => undefined): void {
    const before = this.directory;
    this.#lives++;
    cpSync(before, this.directory, { recursive: true, filter: (file) => !/-shm$|lock\.sqlite/.test(file) });
    harm(`${this.directory}/dice.db-wal`);
  }

  async register(username: string): Promise<AccountId> {
    const registration = registrationOf(username);
    await this.services.accounts.register(registration, hereAndTrusted);
    return registration.accountId;
  }

  /** Stores an image, which is acknowledged. */
  async stored(accountId: AccountId, blocks: readonly RawBlock[] = blocksOf(3)): Promise<ImageId> {
    const { imageId } = await storeThrough(this.services, accountId, blocks);
    this.images.add(imageId, { accountId, blocks });
    return imageId;
  }

  async purged(accountId: AccountId, imageId: ImageId): Promise<void> {
    await this.services.images.trash(accountId, imageId);
    await this.services.images.purge(accountId, imageId);
    this.images.forget(imageId);
  }

  async end(): Promise<void> {
    for (const store of this.#opened) await store.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The log ends at `bytes`. */
export function cutAt(bytes: number): (log: string) => void {
  return (log) => {
    const file = openSync(log, 'r+');
    ftruncateSync(file, bytes);
    closeSync(file);
  };
}

/** A bit of the first frame behind `bytes` is another. */
export function flipBehind(bytes: number): (log: string) => void {
  return (log) => {
    const frames = Math.max(0, Math.ceil((bytes - walHeaderBytes) / (frameHeaderBytes + pageBytes)));
    const at = walHeaderBytes + frames * (frameHeaderBytes + pageBytes) + frameHeaderBytes + 100;
    const content = readFileSync(log);
    content[at] = (content[at] ?? 0) ^ 16;
    writeFileSync(log, content);
  };
}

/** Counts the packs that are scanned from now on. */
export function countScans(blocks: BlockStore): { readonly packs: number[] } {
  const seen: { packs: number[] } = { packs: [] };
  const scan = blocks.scan.bind(blocks);
  blocks.scan = (pack, onDamage) => {
    seen.packs.push(pack);
    return scan(pack, onDamage);
  };
  return seen;
}
