/**
 * Backups of a store that is served meanwhile, and stores that come back from them: bit for bit, as of their moment, and refused where a byte is another.
 */
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BackupAnswer } from '../../server/backup/backup-order.js';
import type { BackupOptions } from '../../server/cli/backup.js';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { restoreEpoch } from '../../server/core/restore-epoch.js';
import { lockDirectory } from '../../server/storage/sqlite/directory-lock.js';
import { copyIndex, settleSnapshot } from '../../server/storage/sqlite/snapshot.js';
import { backUp, checked, filesIn, opened, restoreTo } from '../support/backed-up.js';
import { type BackedUp, verbOfBackup } from '../support/backup-verbs.js';
import { run, type CommandResult } from '../support/dice-command.js';
import { flip } from '../support/file-rot.js';
import { brokenFiles, fillStore, seenBy, serving, type Engines, type Filled } from '../support/moved-store.js';
import { rawBlock, storeRaw } from '../support/raw-account.js';

let folder: string;
let data: string;
let repository: string;
let filled: Filled;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-backup-'));
  data = at('data');
  repository = at('repository');
  filled = await fillStore({ dataDirectory: data });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function at(...names: readonly string[]): string {
  return path.join(folder, ...names);
}

function admin(...args: readonly string[]): Promise<CommandResult> {
  return run('dice-admin', [...args, '--data-dir', data]);
}

/** Of the store of these tests into their repository, unless told otherwise. */
function backupVerb(options: Partial<BackupOptions> = {}, engines: Engines = {}, stop?: AbortSignal): Promise<BackedUp> {
  return verbOfBackup({ folder: repository, ...options }, { directory: data, engines, stop });
}

describe('a backup', () => {
  let first: BackupAnswer;
  let newImage: string;

  it('is made beside a server, and a second one copies only what is new', async () => {
    await serving({ dataDirectory: data }, async (server) => {
      const made = await admin('backup', repository, '--json');
      expect([made.status, made.stderr]).toEqual([0, expect.stringContaining('packs')]);
      first = made.json<BackupAnswer>();
      expect(first).toMatchObject({ packs: 3, copiedPacks: 3, copiedPackBytes: first.packBytes, damage: [], isHeld: false });
      newImage = await storeRaw(server.url, filled.raw, [rawBlock(40_000)]);
      const answer = await backUp(data, repository);
      expect(answer).toMatchObject({ packs: 4, copiedPacks: 1, packBytes: first.packBytes + answer.copiedPackBytes });
      expect(answer.copiedPackBytes).toBeLessThan(42_000);
      expect(await backUp(data, repository)).toMatchObject({ packs: 4, copiedPacks: 0, copiedPackBytes: 0 });
    });
    const written = await filesIn(repository);
    expect([...written.keys()].filter((name) => name.startsWith('packs'))).toHaveLength(4);
    for (const name of written.keys()) expect([name, (await stat(path.join(repository, name))).mode & 0o077]).toEqual([name, 0]);
    expect(await backupVerb({ verify: true })).toMatchObject({ status: 0, document: { points: 3, rotten: [] } });
  });

  it('comes back bit for bit, checked, with a restore epoch, and serves its people', async () => {
    const restored = await run('dice-admin', ['restore', repository, '--data-dir', at('back'), '--json'], { environment: { DICE_DATA_DIR: at('elsewhere') } });
    expect([restored.status, restored.json()]).toEqual([0, expect.objectContaining({ epoch: 1, findings: 0, isChecked: true, isHeld: false, damage: [] })]);
    expect(await opened(at('back'), (store) => store.parts.stores.state.isHeld())).toBe(false);
    await serving({ dataDirectory: at('back') }, async (server) => {
      expect(await brokenFiles(server, filled)).toEqual([]);
      expect(JSON.stringify(await seenBy(server, filled.raw))).toContain(newImage);
    });
    await expect(restoreTo(repository, at('back'))).rejects.toThrow(/holds a store/);
  });

  it('comes back as it was at an earlier point, named by id or time', async () => {
    const [one, two] = [at('by-id'), at('by-time')];
    expect(await restoreTo(repository, one, { at: first.id })).toBe(first.id);
    const time = new Date((await openRepository(repository).then(({ repository: opened }) => opened.points())).points[0]?.at ?? 0).toISOString();
    expect(await restoreTo(repository, two, { at: time })).toBe(first.id);
    await serving({ dataDirectory: one }, async (server) => { expect(await seenBy(server, filled.raw)).toEqual(filled.seen); });
    expect(await checked(two)).toMatchObject({ findings: 0, damage: [] });
    await expect(restoreTo(repository, at('never'), { at: '1999-01-01' })).rejects.toThrow(/no such point/);
    await expect(restoreTo(repository, at('never'), { at: 'yesterday' })).rejects.toThrow(/--at is/);
  });

  it('of a restored store counts its epoch on, and so does a rebuild', async () => {
    await backUp(at('by-id'), at('second-hand'));
    await restoreTo(at('second-hand'), at('third-hand'));
    const epochOf = (directory: string) => opened(directory, (store) => restoreEpoch(store.parts.stores.state));
    expect([await epochOf(at('by-id')), await epochOf(at('third-hand')), await epochOf(data)]).toMatchObject([{ epoch: 1 }, { epoch: 2 }, { epoch: 0, at: 0 }]);
    await opened(at('third-hand'), (store) => rebuildStore(store.parts));
    expect(await epochOf(at('third-hand'))).toMatchObject({ epoch: 3 });
    await backUp(at('third-hand'), at('held-backup'));
    await restoreTo(at('held-backup'), at('held'));
    expect(await opened(at('held'), (store) => store.parts.stores.state.isHeld())).toBe(true);
  });

  it('is refused by name where any file of it has another byte, and verification names it', async () => {
    const { repository: copy } = await openRepository(repository);
    const last = (await copy.points()).points.at(-1);
    if (last === undefined) throw new Error('there is no point');
    for (const file of last.files) {
      const target = copy.pathOf(last.id, file);
      const into = at('refused', path.basename(target));
      flip(target);
      await expect(restoreTo(repository, into)).rejects.toThrow(`damaged: ${copy.shortName(target)}`);
      expect([...(await filesIn(into)).keys()]).not.toContain('dice-store.json');
      await expect(serving({ dataDirectory: into }, () => Promise.resolve())).rejects.toThrow(/restore that has not ended/);
      const { rotten } = await verifyRepository(copy, new AbortController().signal, () => undefined);
      expect(rotten).toEqual([{ file: copy.shortName(target), what: 'damaged', points: expect.arrayContaining([last.id]) }]);
      flip(target);
    }
    const list = copy.listPath(last.id);
    flip(list);
    await expect(restoreTo(repository, at('refused', 'list'), { at: last.id })).rejects.toThrow(`damaged: points/${last.id}/list`);
    expect(await backupVerb({ verify: true })).toMatchObject({ status: 4, document: { rotten: [{ file: `points/${last.id}/list`, what: 'damaged' }] } });
    flip(list);
  }, 60_000);

  it('names what is missing, and gets a pack back from the store', async () => {
    const { repository: copy } = await openRepository(repository);
    const [pack] = await copy.packs();
    const file = path.join(copy.packsFolder, pack?.name ?? '');
    await rm(file);
    await expect(restoreTo(repository, at('lacking'))).rejects.toThrow(`missing: ${copy.shortName(file)}`);
    expect(await backupVerb({ verify: true })).toMatchObject({ status: 4, document: { rotten: [{ file: copy.shortName(file), what: 'missing' }] } });
    await backUp(data, repository);
    expect((await verifyRepository(copy, new AbortController().signal, () => undefined)).rotten).toEqual([]);
  });

  it('goes on with a restore that was broken off, without copying again', async () => {
    const stop = new AbortController();
    const into = at('broken-off');
    const stopped = restoreTo(repository, into, { stop: stop.signal, onProgress: ({ done }) => { if (done === 2) stop.abort(); } });
    await expect(stopped).rejects.toThrow('stopped');
    const [before] = [...(await filesIn(path.join(into, 'packs'))).keys()].filter((name) => name.startsWith('pack-'));
    expect(before).toMatch(/^pack-/);
    const copied = path.join(into, 'packs', before ?? '');
    const { ino, mtimeMs } = await stat(copied);
    const other = (await openRepository(repository).then(({ repository: made }) => made.points())).points[0]?.id ?? '';
    await expect(restoreTo(repository, into, { at: other })).rejects.toThrow(/another point/);
    await restoreTo(repository, into);
    expect(await stat(copied)).toMatchObject({ ino, mtimeMs });
    expect(await checked(into)).toMatchObject({ findings: 0, damage: [] });
    // Killed between marker and note: nothing is done again, for a server may have used it since.
    await writeFile(path.join(into, 'restore.json'), await noteOf());
    const index = await readFile(path.join(into, 'dice.db'));
    await restoreTo(repository, into);
    expect(Buffer.compare(await readFile(path.join(into, 'dice.db')), index)).toBe(0);
    expect((await filesIn(into)).has('restore.json')).toBe(false);

    async function noteOf(): Promise<string> {
      const { repository: made, owner } = await openRepository(repository);
      return `${JSON.stringify({ format: 1, id: (await made.points()).points.at(-1)?.id, storeId: owner.storeId })}\n`;
    }
  });
});

describe('a backup that is stopped', () => {
  it('makes no point, says so, and the next one goes on with the packs that are there', async () => {
    const stop = new AbortController();
    const folderOf = at('stopped');
    const onProgress = ({ phase, done }: { readonly phase: string; readonly done: number }): void => { if (phase === 'packs' && done === 2) stop.abort(); };
    await expect(backUp(data, folderOf, { stop: stop.signal, onProgress })).rejects.toThrow('stopped');
    const { repository: made } = await openRepository(folderOf);
    expect(await made.points()).toEqual({ points: [], damaged: [], unfinished: [] });
    expect(await made.packs()).toHaveLength(2);
    expect(await backupVerb({ folder: folderOf }, {}, stop.signal)).toEqual({ status: 1, document: {} });
    const { packs, copiedPacks } = await backUp(data, folderOf);
    expect(copiedPacks).toBe(packs - 2);
  });
});

describe('while a backup copies', () => {
  it('the collector drops no pack, and drops it afterwards; the point has all that its moment had', async () => {
    await serving({ dataDirectory: data }, async (server) => {
      const { sweep } = server.services;
      const doomed = await storeRaw(server.url, filled.raw, [rawBlock(90_000)]);
      await serverRemoves(server.url, doomed);
      let dropped = -1;
      const order = {
        onProgress: async ({ phase, done }: { readonly phase: string; readonly done: number }): Promise<void> => {
          if (phase !== 'packs' || done > 0) return;
          dropped = (await sweep.sweep({ isThorough: true })).compactedPacks;
        },
      };
      const sweeping: Promise<void>[] = [];
      const answer = await backUp(data, repository, { onProgress: (progress) => { sweeping.push(order.onProgress(progress)); } });
      await Promise.all(sweeping);
      expect([dropped, answer.damage]).toEqual([0, []]);
      expect((await sweep.sweep({ isThorough: true })).compactedPacks).toBeGreaterThan(0);
    });
    await restoreTo(repository, at('swept'));
    expect(await checked(at('swept'))).toMatchObject({ findings: 0, damage: [] });
  });

  it('what is written after its moment is not in its index', async () => {
    await serving({ dataDirectory: data }, async (server) => {
      const packs = (await server.store.parts.stores.blocks.packs()).map(({ pack }) => pack);
      // The first append of a server begins a pack.
      const onTaken = async (): Promise<void> => { await storeRaw(server.url, filled.raw, [rawBlock()]); };
      await copyIndex(at('data', 'dice.db'), at('moment.db'), { onTaken, onProgress: () => undefined });
      const named = [...settleSnapshot(at('moment.db')).ends.keys()];
      expect(named.filter((pack) => !packs.includes(pack))).toEqual([]);
      await copyIndex(at('data', 'dice.db'), at('moment.db'), { onTaken: () => Promise.resolve(), onProgress: () => undefined });
      expect([...settleSnapshot(at('moment.db')).ends.keys()].filter((pack) => !packs.includes(pack))).toHaveLength(1);
    });
  });

  it('packs that a sweep was about to drop stay where a backup begins meanwhile', async () => {
    await serving({ dataDirectory: data }, async (server) => {
      await serverRemoves(server.url, await storeRaw(server.url, filled.raw, [rawBlock(90_000)]));
      // Held between the sweep's first look and the moment at which it would drop.
      const { gate } = server.store.parts;
      const settle = gate.settle.bind(gate);
      let lock: ReturnType<typeof lockDirectory>;
      Object.assign(gate, { settle: async () => { lock ??= lockDirectory(data, 'backup'); await settle(); } });
      expect(await server.services.sweep.sweep({ isThorough: true })).toMatchObject({ compactedPacks: 0 });
      lock?.release();
      Object.assign(gate, { settle });
      expect((await server.services.sweep.sweep({ isThorough: true })).compactedPacks).toBeGreaterThan(0);
    });
    expect(await checked(data)).toMatchObject({ findings: 0 });
  });

  it('no other backup and no rebuild begins', async () => {
    const lock = lockDirectory(data, 'backup');
    await expect(backUp(data, repository)).rejects.toThrow(/Another backup/);
    expect(await admin('rebuild-index', '--anew')).toMatchObject({ status: 2, stderr: expect.stringContaining('A backup of') });
    expect([...(await filesIn(data)).keys()].filter((name) => name.includes('aside'))).toEqual([]);
    lock?.release();
    const other = lockDirectory(repository);
    await expect(backupVerb()).rejects.toThrow(/in use/);
    other?.release();
  });
});

describe('points', () => {
  it('are forgotten but for the newest, and packs that none of these names', async () => {
    const kept = at('kept');
    const packsOf = async (): Promise<number> => [...(await filesIn(path.join(kept, 'packs'))).keys()].length;
    await serving({ dataDirectory: data }, async (server) => {
      const doomed = await storeRaw(server.url, filled.raw, [rawBlock(90_000)]);
      await backUp(data, kept);
      await serverRemoves(server.url, doomed);
    });
    await serving({ dataDirectory: data }, async (server) => { await server.services.sweep.sweep({ isThorough: true }); });
    const before = await packsOf();
    expect(await backUp(data, kept, { keep: 2 })).toMatchObject({ forgottenPoints: 0 });
    expect(await packsOf()).toBeGreaterThan(before);
    const { status, document } = await backupVerb({ folder: kept, keep: '1' });
    expect([status, document]).toEqual([0, expect.objectContaining({ forgottenPoints: 2, copiedPacks: 0 })]);
    expect(document.forgottenPacks).toBeGreaterThan(0);
    expect(await packsOf()).toBe(document.packs);
    await restoreTo(kept, at('from-kept'));
    expect(await checked(at('from-kept'))).toMatchObject({ findings: 0, damage: [] });
  });

  it('of which a list is damaged take no pack with them', async () => {
    const kept = at('kept');
    const { repository: copy } = await openRepository(kept);
    flip(copy.listPath((await copy.points()).points[0]?.id ?? ''));
    const stray = path.join(copy.packsFolder, `pack-0000000099.dice.${'0'.repeat(64)}`);
    await writeFile(stray, 'x');
    await writeFile(path.join(copy.packsFolder, 'pack-0000000098.dice.tmp'), 'x');
    expect(await backUp(data, kept, { keep: 1 })).toMatchObject({ forgottenPacks: 0 });
    expect([...(await filesIn(copy.packsFolder)).keys()]).toContain(path.basename(stray));
    expect([...(await filesIn(copy.packsFolder)).keys()].filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a store that is damaged already', () => {
  it('is copied as it is, and that is said', async () => {
    await restoreTo(repository, at('rotten'));
    const packs = await filesIn(at('rotten', 'packs'));
    const [largest = ''] = [...packs].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    flip(at('rotten', 'packs', largest));
    expect((await backUp(at('rotten'), at('of-rotten'))).damage).toEqual([expect.objectContaining({ what: 'no intact record' })]);
    await rename(at('rotten', 'packs', largest), at('taken-away'));
    expect((await backUp(at('rotten'), at('of-less'))).damage).toEqual([expect.objectContaining({ offset: 0, what: 'rows name bytes that are not there' })]);
    // The older point has the pack, damaged as it is.
    expect(await backUp(at('rotten'), at('of-rotten'), { keep: 1 })).toMatchObject({ damage: [expect.anything()], forgottenPoints: 0, forgottenPacks: 0 });
    await writeFile(at('rotten', 'dice.db'), (await readFile(at('rotten', 'dice.db'))).fill(7, 4_096 * 3, 4_096 * 9));
    await expect(backUp(at('rotten'), at('of-broken'))).rejects.toThrow(/the copy of the index .* is damaged/);
    expect([...(await filesIn(at('of-broken', 'points'))).keys()]).toEqual([]);
  });
});

async function serverRemoves(url: string, imageId: string): Promise<void> {
  for (const route of [`images/${imageId}`, `trash/${imageId}`]) {
    const answer = await fetch(`${url}/api/v1/${route}`, { method: 'DELETE', headers: { authorization: filled.raw.bearer } });
    if (answer.status !== 204) throw new Error(`removing answered ${String(answer.status)}`);
  }
}
