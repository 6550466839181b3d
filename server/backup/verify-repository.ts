/**
 * Reads a whole repository anew and names every file that is not what it was. Writes nothing into it.
 */
import path from 'node:path';
import { CorruptionError } from '../ports/errors.js';
import { digestFile } from '../storage/packs/durable-copy.js';
import { isAbsent, storageErrorOf } from '../storage/packs/failure.js';
import type { BackupProgress } from './backup-order.js';
import type { ListedFile, Point } from './point.js';
import type { Repository } from './repository.js';
import { refuseStopped } from './stopping.js';

/** A file of the repository that is wrong, and the points that need it. */
export interface RottenFile {
  readonly file: string;
  readonly what: 'missing' | 'damaged';
  readonly points: readonly string[];
}

/** What was read. */
export interface VerifyAnswer {
  readonly points: number;
  readonly files: number;
  readonly bytes: number;
  readonly rotten: readonly RottenFile[];
}

interface Expected {
  readonly file: string;
  readonly points: string[];
  /** Undefined of a pack that no point names: its name has its hash, and nothing its length. */
  readonly bytes: number | undefined;
  readonly sha256: string;
}

/** Verifies all of it. Rejects with StorageError where it is stopped or a file cannot be read. */
export async function verifyRepository(repository: Repository, stop: AbortSignal, onProgress: (progress: BackupProgress) => void): Promise<VerifyAnswer> {
  const { points, damaged } = await repository.points();
  const expected = await expectedFiles(repository, points);
  const totalBytes = [...expected.values()].reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const rotten: RottenFile[] = damaged.map((id) => ({ file: repository.shortName(repository.listPath(id)), what: 'damaged', points: [id] }));
  let [done, doneBytes] = [0, 0];
  for (const { file, points: of, ...digest } of expected.values()) {
    onProgress({ phase: 'files', done, total: expected.size, doneBytes, totalBytes });
    const what = await judge(file, digest, (bytes) => {
      doneBytes += bytes;
      refuseStopped(stop);
    });
    if (what !== 'sound') rotten.push({ file: repository.shortName(file), what, points: of });
    done++;
  }
  onProgress({ phase: 'files', done, total: expected.size, doneBytes, totalBytes });
  return { points: points.length, files: expected.size, bytes: doneBytes, rotten };
}

/** CorruptionError that names `rotten`. */
export function rottenError(rotten: readonly RottenFile[]): CorruptionError {
  return new CorruptionError(rotten.map(({ file, what }) => `${what}: ${file}`).join('\n'));
}

async function expectedFiles(repository: Repository, points: readonly Point[]): Promise<ReadonlyMap<string, Expected>> {
  const expected = new Map<string, Expected>();
  const add = (file: string, { bytes, sha256 }: Partial<ListedFile> & Pick<ListedFile, 'sha256'>, id: string | undefined): void => {
    const known = expected.get(file) ?? { file, points: [], bytes, sha256 };
    if (id !== undefined) known.points.push(id);
    expected.set(file, known);
  };
  for (const point of points) {
    for (const file of point.files) add(repository.pathOf(point.id, file), file, point.id);
  }
  for (const { name, sha256 } of await repository.packs()) add(path.join(repository.packsFolder, name), { sha256 }, undefined);
  return expected;
}

async function judge(file: string, { bytes, sha256 }: Pick<Expected, 'bytes' | 'sha256'>, onPiece: (bytes: number) => void): Promise<'sound' | RottenFile['what']> {
  try {
    const found = await digestFile(file, { onPiece });
    return found.sha256 === sha256 && (bytes === undefined || found.bytes === bytes) ? 'sound' : 'damaged';
  } catch (error) {
    if (isAbsent(error)) return 'missing';
    throw storageErrorOf(error, `reading ${file}`);
  }
}
