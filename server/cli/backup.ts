/**
 * `dice-admin backup`: makes a point of a backup beside a server that runs, or verifies all points of one. Only for stores whose index and packs lie in the
 * data directory.
 */
import path from 'node:path';
import type { BackupAnswer } from '../backup/backup-order.js';
import { makeBackup } from '../backup/make-backup.js';
import { makeRepository, openRepository, refuseNested, type Repository } from '../backup/repository.js';
import { verifyRepository, type VerifyAnswer } from '../backup/verify-repository.js';
import type { Config } from '../config.js';
import { DataDirectoryError, openDataDirectory } from '../data-directory.js';
import { nodeWorld } from '../world.js';
import type { MoveBench } from './migrate-storage.js';
import { stoppable } from './stoppable.js';
import { columns, exitStatus, printResult, type ExitStatus } from './verb.js';

/** What the command line says. */
export interface BackupOptions {
  readonly folder: string;
  readonly keep?: string;
  readonly verify?: boolean;
}

/** The environment, and the data directory that the command names. */
export interface BackupSettings {
  readonly config: Pick<Config, 'databaseUrl' | 'bucket'>;
  readonly directory: string;
}

/** Status 4 where something is damaged, in the store or in the backup; 1 where it was stopped. */
export async function backup(bench: MoveBench, options: BackupOptions, settings: BackupSettings): Promise<ExitStatus> {
  const directory = path.resolve(options.folder);
  if (options.verify === true) return verify(bench, (await openRepository(directory)).repository);
  refuseOtherEngines(settings);
  const keep = keepOf(options.keep);
  const data = await openDataDirectory(settings.directory, undefined);
  await refuseNested(directory, settings.directory);
  const repository = await makeRepository(directory, data);
  return during(bench, repository, async (tell) => {
    const answer = await makeBackup({ data, repository, keep, at: nodeWorld.clock.now(), stop: bench.stop, onProgress: tell });
    tellPoint(bench, answer);
    if (keep !== undefined && answer.damage.length > 0) bench.say('No point was forgotten: an older one may have whole what is damaged in this one.');
    return answer.damage.length > 0 ? exitStatus.damaged : exitStatus.done;
  });
}

/** Throws DataDirectoryError where the store is not in the data directory: says what backs it up instead. */
export function refuseOtherEngines({ config: { databaseUrl, bucket } }: BackupSettings): void {
  if (databaseUrl === undefined && bucket === undefined) return;
  throw new DataDirectoryError(
    'This verb is for a store whose index and packs lie in its data directory. Back up a store on PostgreSQL or in a bucket with their own tools, the database first: what its rows name is '
    + 'then in the bucket, of which versions are kept, for as long as the backup shall be good. The other way round, rows would name blocks that were not there yet. Keep a copy of the data '
    + 'directory (its secrets) with it.',
  );
}

type Tell = Parameters<Parameters<typeof stoppable>[1]>[0];

/** Runs `work` as the only one on the repository. */
async function during(bench: MoveBench, repository: Repository, work: (tell: Tell) => Promise<ExitStatus>): Promise<ExitStatus> {
  const lock = repository.lock();
  if (lock === undefined) throw new DataDirectoryError(`${repository.directory} is in use by another process of this program.`);
  try {
    return await stoppable(bench, work);
  } finally {
    lock.release();
  }
}

function verify(bench: MoveBench, repository: Repository): Promise<ExitStatus> {
  return during(bench, repository, async (tell) => {
    const answer = await verifyRepository(repository, bench.stop, tell);
    tellVerified(bench, answer);
    return answer.rotten.length > 0 ? exitStatus.damaged : exitStatus.done;
  });
}

function tellPoint(bench: MoveBench, { id, isHeld, damage, ...counts }: BackupAnswer): void {
  printResult(bench, { id, isHeld, ...counts, damage: damage.map((stretch) => ({ ...stretch })) }, [
    `point ${id}`,
    ...columns(counts),
    ...damage.map(({ pack, offset, length, what }) => `damaged in the store: ${length} bytes at ${offset} of pack ${pack} (${what})`),
  ]);
  if (isHeld) bench.say('The store is held, and so is what is restored from this point, until you run: dice-admin release');
  if (damage.length > 0) bench.say('What is damaged was copied as it is. Run dice-admin check on the store to see what it concerns.');
}

function tellVerified(bench: MoveBench, { rotten, ...counts }: VerifyAnswer): void {
  printResult(bench, { ...counts, rotten: rotten.map((file) => ({ ...file, points: [...file.points] })) }, [
    ...columns(counts),
    ...rotten.map(({ file, what, points }) => `${what}: ${file}${points.length === 0 ? '' : `, of point(s) ${points.join(' ')}`}`),
  ]);
  if (rotten.some(({ file }) => file.startsWith('packs'))) bench.say('Remove the packs named here and make a backup: what the store still has is copied anew, for all points.');
}

function keepOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new DataDirectoryError('--keep is how many points stay, 1 or more.');
  return Number(text);
}
