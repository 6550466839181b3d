/**
 * Trials of `dice-admin backup` beside a server, and of `dice-admin restore`, with one fault: each on a copy of one small prepared store and its repository. Whatever happened, the
 * points of before must be whole, the next backup must succeed, and what is restored must have all that was acknowledged.
 */
import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pointId } from '../../server/backup/point.js';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import type { CheckAnswer } from '../../server/core/check.js';
import { backUp, checked, filesIn, restoreTo } from './backed-up.js';
import { crashes, hangs, type Trial } from './fault-trials.js';
import { registerRaw } from './raw-account.js';
import { startServer, type TestServer } from './running-server.js';
import { ScriptedWork } from './scripted-work.js';
import type { Injection } from './strace.js';
import { runTraced, type CommandEnd } from './traced-command.js';

/** The first backup of a store, one beside older points of which one is to be forgotten, and a restore. */
export type BackupKind = 'first' | 'later' | 'restore';

/** Points that stay. */
const keep = 2;
const minute = 60_000;
/** Of the two points of before, of the one that is tried, and of the one that must succeed afterwards. */
const moments = [1, 2, 3, 4].map((number) => Date.UTC(2026, 0, 1) + number * minute) as [number, number, number, number]; // as many as are mapped

export class BackupTrials {
  private constructor(private readonly folder: string, private readonly work: { readonly atLastPoint: ScriptedWork; readonly now: ScriptedWork }) {}

  /** Prepares a store of several packs, some of which a sweep dropped between two points. */
  static async prepare(folder: string): Promise<BackupTrials> {
    const [data, repository] = [path.join(folder, 'prepared', 'data'), path.join(folder, 'prepared', 'repository')];
    const first = await startServer({ dataDirectory: data, graceMs: 0 });
    const work = new ScriptedWork(await registerRaw(first.url, 'ada'));
    for (let i = 0; i < 2; i++) await work.upload(first.url);
    await first.close();
    await backUp(data, repository, { at: moments[0] });
    await busyDay(data, work);
    await backUp(data, repository, { at: moments[1] });
    const atLastPoint = work.copy();
    await busyDay(data, work);
    return new BackupTrials(folder, { atLastPoint, now: work });
  }

  /** Below it lies all that a trial is about: one name, so that names in it can be told beforehand. */
  get place(): string {
    return path.join(this.folder, 'trial');
  }

  private get data(): string {
    return path.join(this.place, 'data');
  }

  private get repository(): string {
    return path.join(this.place, 'repository');
  }

  private get restored(): string {
    return path.join(this.place, 'restored');
  }

  /** One trial. Without an injection all calls are written to `trace`. */
  async run(kind: BackupKind, trace: string, injection?: Injection): Promise<Trial> {
    await rm(this.place, { recursive: true, force: true });
    await cp(path.join(this.folder, 'prepared'), this.place, { recursive: true, preserveTimestamps: true });
    if (kind === 'first') await rm(this.repository, { recursive: true });
    return kind === 'restore' ? this.tryRestore(trace, injection) : this.tryBackup(kind, trace, injection);
  }

  private async tryBackup(kind: 'first' | 'later', trace: string, injection: Injection | undefined): Promise<Trial> {
    const work = this.work.now.copy();
    const server = await startServer({ dataDirectory: this.data, graceMs: 0 });
    try {
      // A pack of its own, which grows while the backup is made.
      await work.upload(server.url);
      const args = ['backup', this.repository, '--keep', String(keep), '--data-dir', this.data];
      const [end] = await Promise.all([runTraced(args, { trace, at: moments[2], injection }), work.upload(server.url)]);
      const before = kind === 'first' ? [] : [moments[0], moments[1]];
      const defects = [...hangs(end.ended, []), ...crashes(end.ended, end.log), ...(await this.afterBackup({ end, before, work, server }).catch(told))];
      return { ended: end.ended, failures: failuresOf(end), defects, acknowledged: work.acknowledged };
    } finally {
      await server.close();
    }
  }

  private async afterBackup({ end, before, work, server }: { readonly end: CommandEnd; readonly before: readonly number[]; readonly work: ScriptedWork; readonly server: TestServer }): Promise<readonly string[]> {
    const defects = await this.pointsLeft(end, before);
    const { damage, id } = await backUp(this.data, this.repository, { at: moments[3], keep });
    await server.close();
    return [
      ...defects,
      ...damage.map(({ what }) => `the next backup found damage: ${what}`),
      ...(await this.verified('after the next backup')).defects,
      ...(await this.leftOver()),
      ...wrongWith('the store', await checked(this.data)),
      ...((await restoreTo(this.repository, this.restored)) === id ? [] : ['the next backup is not the newest point']),
      ...(await this.restoredStore(work)),
    ];
  }

  /** What is wrong with the points after the trial: an older one goes only when the new one is there. */
  private async pointsLeft({ ended, log }: CommandEnd, before: readonly number[]): Promise<readonly string[]> {
    const { points, defects } = await this.verified('at once');
    const [made, all] = [pointId(moments[2]), before.map(pointId)];
    const isMade = points.includes(made);
    const needed = isMade ? all.slice(1 - keep) : all;
    const gone = needed.filter((id) => !points.includes(id)).map((id) => `point ${id} is gone`);
    const wrong = [...(ended === 'exit 0' && !isMade ? ['it says that it succeeded, and there is no point'] : []), ...(log.includes('put the file back') ? ['it takes a sound index for damaged'] : [])];
    return [...defects, ...gone, ...wrong];
  }

  /** What `dice-admin backup --verify` says; a folder in which nothing was made yet is none. */
  private async verified(when: string): Promise<{ readonly points: readonly string[]; readonly defects: readonly string[] }> {
    const opened = await openRepository(this.repository).catch(() => undefined);
    if (opened === undefined) return { points: [], defects: [] };
    const { rotten } = await verifyRepository(opened.repository, new AbortController().signal, () => undefined);
    return { points: (await opened.repository.points()).points.map(({ id }) => id), defects: rotten.map(({ file, what }) => `${when}: ${what}: ${file}`) };
  }

  /** Files of the repository that no point needs. */
  private async leftOver(): Promise<readonly string[]> {
    const { repository } = await openRepository(this.repository);
    const { points, unfinished } = await repository.points();
    const named = new Set(points.flatMap((point) => point.files.map((file) => repository.shortName(repository.pathOf(point.id, file)))));
    const isMeant = (name: string): boolean => named.has(name) || /^(dice-backup\.json|lock\.sqlite|points\/[^/]+\/list)$/.test(name);
    return [...unfinished, ...[...(await filesIn(this.repository)).keys()].filter((name) => !isMeant(name))].map((name) => `${name} is left`);
  }

  private async tryRestore(trace: string, injection: Injection | undefined): Promise<Trial> {
    const end = await runTraced(['restore', this.repository, '--data-dir', this.restored], { trace, at: moments[2], injection });
    const defects = [...hangs(end.ended, []), ...crashes(end.ended, end.log), ...(await this.afterRestore(end).catch(told))];
    return { ended: end.ended, failures: failuresOf(end), defects, acknowledged: 0 };
  }

  private async afterRestore({ ended }: CommandEnd): Promise<readonly string[]> {
    const { points, defects } = await this.verified('at once');
    const names = await readdir(this.restored).catch((): readonly string[] => []);
    const isStore = names.includes('dice-store.json') && !names.includes('restore.json');
    if (ended === 'exit 0' && !isStore) return ['it says that it succeeded, and there is no store'];
    if (!isStore) await restoreTo(this.repository, this.restored);
    return [...defects, ...(points.length === 2 ? [] : ['a point is gone']), ...(await this.restoredStore(this.work.atLastPoint))];
  }

  /** What the restored store lacks of what `work` knows. */
  private async restoredStore(work: ScriptedWork): Promise<readonly string[]> {
    const left = (await readdir(this.restored)).filter((name) => name.endsWith('.tmp') || name === 'restore.json').map((name) => `${name} is left in what was restored`);
    const server = await startServer({ dataDirectory: this.restored, graceMs: 0 });
    try {
      const missing = await work.missingFrom(server);
      await server.close();
      return [...left, ...missing.map((sentence) => `restored: ${sentence}`), ...wrongWith('what was restored', await checked(this.restored))];
    } finally {
      await server.close();
    }
  }
}

async function busyDay(dataDirectory: string, work: ScriptedWork): Promise<void> {
  const server = await startServer({ dataDirectory, graceMs: 0 });
  const failures = await work.run(server.url);
  await server.close();
  if (failures.length > 0) throw new Error(failures.join('\n'));
  if ((work.collected?.compactedPacks ?? 0) === 0) throw new Error('no pack was dropped');
}

function wrongWith(what: string, { findings, damage }: CheckAnswer): readonly string[] {
  return findings === 0 && damage.length === 0 ? [] : [`check of ${what}: ${String(findings)} findings, damage ${JSON.stringify(damage)}`];
}

function told(error: unknown): readonly string[] {
  return [`afterwards: ${String(error)}`];
}

function failuresOf({ ended }: CommandEnd): readonly string[] {
  return ended === 'exit 0' ? [] : [ended];
}
