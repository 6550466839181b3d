/**
 * A small store with several packs, a repository with two points of it, and the judge of what a backup or a restore left that was tried on them.
 */
import { hash } from 'node:crypto';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pointId } from '../../server/backup/point.js';
import { openRepository, type Repository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import type { Services } from '../../server/core/contract.js';
import { createServices, defaultPolicy } from '../../server/core/services.js';
import { openStore } from '../../server/open-store.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { AcknowledgedImages } from './acknowledged-images.js';
import { backUp, filesIn, opened, restoreTo } from './backed-up.js';
import { blocksOf, hereAndTrusted, randomId, registrationOf, storeThrough } from './core-store.js';
import type { RawBlock } from './raw-account.js';

/** Points that stay. */
const keep = 2;
/** Of the two points of before, of the one that is tried, and of the one that must succeed afterwards. */
const moments = [1, 2, 3, 4].map((number) => Date.UTC(2026, 0, 1) + number * 60_000) as [number, number, number, number]; // as many as are mapped

/** The first backup of a store, or one beside two older points of which one is to be forgotten. */
export type TriedBackup = 'first' | 'later';

export class BackupBench {
  readonly #now = new AcknowledgedImages();
  readonly #atLastPoint = new AcknowledgedImages();
  #clock = moments[0];

  private constructor(private readonly folder: string) {}

  /** Removals and a collection lie between the points, so that forgetting the first one takes packs with it. */
  static async prepare(folder: string): Promise<BackupBench> {
    const bench = new BackupBench(folder);
    const accountId = randomId<AccountId>();
    const removed = await bench.#working(async (services) => {
      await services.accounts.register(registrationOf('ada', { accountId }), hereAndTrusted);
      await bench.#store(services, accountId, [bench.#now, bench.#atLastPoint]);
      return bench.#store(services, accountId, []);
    });
    await backUp(bench.data, bench.#prepared, { at: moments[0] });
    await bench.#working(async (services) => {
      bench.#clock++;
      await services.images.trash(accountId, removed);
      bench.#clock++;
      await services.images.purge(accountId, removed);
      await bench.#store(services, accountId, [bench.#now, bench.#atLastPoint]);
      bench.#clock++;
      const { compactedPacks } = await services.sweep.sweep({ isThorough: true });
      if (compactedPacks === 0) throw new Error('no pack went between the points');
    });
    await backUp(bench.data, bench.#prepared, { at: moments[1] });
    await bench.#working((services) => bench.#store(services, accountId, [bench.#now]));
    return bench;
  }

  get data(): string {
    return path.join(this.folder, 'data');
  }

  get #prepared(): string {
    return path.join(this.folder, 'prepared');
  }

  get #repository(): string {
    return path.join(this.folder, 'repository');
  }

  get #restored(): string {
    return path.join(this.folder, 'restored');
  }

  /** Puts everything back to where it was before an attempt. */
  async reset(tried: TriedBackup | 'restore'): Promise<void> {
    for (const place of [this.#repository, this.#restored]) await rm(place, { recursive: true, force: true });
    if (tried !== 'first') await cp(this.#prepared, this.#repository, { recursive: true });
  }

  backUp(): Promise<unknown> {
    return backUp(this.data, this.#repository, { at: moments[2], keep });
  }

  restore(): Promise<unknown> {
    return restoreTo(this.#repository, this.#restored);
  }

  /** What is wrong after a backup that was said to have succeeded, or not. */
  async afterBackup(tried: TriedBackup, isDone: boolean): Promise<readonly string[]> {
    const older = tried === 'first' ? [] : [pointId(moments[0]), pointId(moments[1])];
    const made = pointId(moments[2]);
    const at = await this.#points();
    const isMade = at.points.includes(made);
    // An older point goes only when the new one is there.
    const gone = (isMade ? older.slice(1 - keep) : older).filter((id) => !at.points.includes(id)).map((id) => `point ${id} is gone`);
    const wrong = isDone && !isMade ? ['it says that it succeeded, and there is no point'] : [];
    const next = await backUp(this.data, this.#repository, { at: moments[3], keep });
    const after = await this.#points();
    const newest = await restoreTo(this.#repository, this.#restored);
    return [
      ...at.rotten, ...gone, ...wrong,
      ...next.damage.map(({ what }) => `the next backup finds damage: ${what}`), ...after.rotten, ...(await this.#strangers()),
      ...(newest === next.id ? [] : [`the newest point is ${newest}`]), ...(await this.#lacks(this.#now)),
    ];
  }

  /** What is wrong after a restore, which is tried again where it did not succeed. */
  async afterRestore(isDone: boolean): Promise<readonly string[]> {
    const { points, rotten } = await this.#points();
    const names = await readdir(this.#restored).catch((): readonly string[] => []);
    if (isDone && (!names.includes('dice-store.json') || names.includes('restore.json'))) return ['it says that it succeeded, and there is no store'];
    if (!isDone && !(names.includes('dice-store.json') && !names.includes('restore.json'))) await restoreTo(this.#repository, this.#restored);
    return [...rotten, ...(points.length === 2 ? [] : ['a point is gone']), ...(await this.#lacks(this.#atLastPoint))];
  }

  /** SHA-256 of every file of the store, but of its locks. */
  async digests(): Promise<ReadonlyMap<string, string>> {
    const digests = new Map<string, string>();
    for (const name of (await filesIn(this.data)).keys()) if (!/^(lock|backup)\.sqlite/.test(name)) digests.set(name, hash('sha256', await readFile(path.join(this.data, name))));
    return digests;
  }

  /** Opens the store, with a clock of its own and nothing kept that may go. */
  async #working<T>(work: (services: Services) => Promise<T>): Promise<T> {
    const store = await openStore({ directory: this.data, policy: { ...defaultPolicy, trashMs: 0, graceMs: 0 }, purpose: { kind: 'serve', realm: 'localhost', isSharedConfirmed: false } });
    try {
      return await work(createServices({ ...store.parts, world: { ...store.parts.world, clock: { now: () => this.#clock } } }));
    } finally {
      await store.close();
    }
  }

  async #store(services: Services, accountId: AccountId, known: readonly AcknowledgedImages[]): Promise<ImageId> {
    const blocks: readonly RawBlock[] = blocksOf(2, 3_000);
    const { imageId } = await storeThrough(services, accountId, blocks);
    for (const images of known) images.add(imageId, { accountId, blocks });
    return imageId;
  }

  /** The points of the repository, and what `dice-admin backup --verify` says; a folder in which nothing was made yet has none. */
  async #points(): Promise<{ readonly points: readonly string[]; readonly rotten: readonly string[] }> {
    const repository = await this.#open();
    if (repository === undefined) return { points: [], rotten: [] };
    const { rotten } = await verifyRepository(repository, new AbortController().signal, () => undefined);
    return { points: (await repository.points()).points.map(({ id }) => id), rotten: rotten.map(({ file, what }) => `${what}: ${file}`) };
  }

  async #open(): Promise<Repository | undefined> {
    return (await openRepository(this.#repository).catch(() => undefined))?.repository;
  }

  /** Files of the repository that no point needs, and points without a list. */
  async #strangers(): Promise<readonly string[]> {
    const { repository } = await openRepository(this.#repository);
    const { points, unfinished } = await repository.points();
    const named = new Set(points.flatMap((point) => point.files.map((file) => repository.shortName(repository.pathOf(point.id, file)))));
    const isMeant = (name: string): boolean => named.has(name) || /^(dice-backup\.json|lock\.sqlite|points\/[^/]+\/list)$/.test(name);
    return [...unfinished, ...[...(await filesIn(this.#repository)).keys()].filter((name) => !isMeant(name))].map((name) => `${name} is left`);
  }

  /** What the restored store has too much or too little. */
  async #lacks(images: AcknowledgedImages): Promise<readonly string[]> {
    const left = (await readdir(this.#restored)).filter((name) => name.endsWith('.tmp') || name === 'restore.json').map((name) => `${name} is left in what was restored`);
    const told = await opened(this.#restored, (store) => images.expectWhole(store.parts)).then(() => [], (error: unknown) => [`restored: ${String(error)}`]);
    return [...left, ...told];
  }
}
