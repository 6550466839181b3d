/**
 * Backups where something goes otherwise than planned: the clock, the forgetting, an index that is none, an operator who stops, a copy that is put back
 * alone. What stands stays, and what is not whole is told.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { restore } from '../../server/cli/restore.js';
import { readConfig } from '../../server/config.js';
import { defaultPolicy } from '../../server/core/services.js';
import { openStore } from '../../server/open-store.js';
import { openDatabase } from '../../server/storage/sqlite/database.js';
import { backUp, checked, filesIn, opened, restoreTo } from '../support/backed-up.js';
import { run } from '../support/dice-command.js';
import { serving } from '../support/moved-store.js';
import { rawBlock, registerRaw, storeRaw, type RawAccount } from '../support/raw-account.js';

let folder: string;
let data: string;
let repository: string;
let ada: RawAccount;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-mishap-'));
  data = at('data');
  repository = at('repository');
  await serving({ dataDirectory: data }, async ({ url }) => {
    ada = await registerRaw(url, 'ada');
    await storeRaw(url, ada, [rawBlock(5_000), rawBlock(300)]);
  });
  await backUp(data, repository);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function at(...names: readonly string[]): string {
  return path.join(folder, ...names);
}

describe('a point that was made', () => {
  it('stands where the forgetting of others fails, which is told', async () => {
    const kept = at('forgetful');
    await backUp(data, kept);
    const { repository: copy } = await openRepository(kept);
    // What cannot be removed as a file.
    const stubborn = path.join(copy.packsFolder, `pack-0000000099.dice.${'0'.repeat(64)}`);
    await mkdir(stubborn);
    await expect(backUp(data, kept, { keep: 1 })).rejects.toThrow(/making the backup/);
    const { points, damaged, unfinished } = await copy.points();
    expect([points.length, damaged, unfinished]).toEqual([1, [], []]);
    await rm(stubborn, { recursive: true });
    expect((await verifyRepository(copy, new AbortController().signal, () => undefined)).rotten).toEqual([]);
    await restoreTo(kept, at('from-forgetful'));
  });

  it('is not what is forgotten, though the clock was set back', async () => {
    const kept = at('clock');
    const [late, later] = [await backUp(data, kept), await backUp(data, kept)];
    const { id, forgottenPoints } = await backUp(data, kept, { keep: 2, at: 1_000_000_000_000 });
    expect(forgottenPoints).toBe(1);
    expect((await (await openRepository(kept)).repository.points()).points.map((point) => point.id)).toEqual([id, later.id]);
    expect(late.id).not.toBe(later.id);
  });

  it('is named where it would have been restored and its list is damaged', async () => {
    const kept = at('clock');
    const { repository: copy } = await openRepository(kept);
    const [older, newer] = (await copy.points()).points;
    await rm(copy.listPath(newer?.id ?? ''));
    await writeFile(copy.listPath(newer?.id ?? ''), 'x');
    const said: string[] = [];
    const bench = { form: 'json' as const, print: () => undefined, say: (line: string) => { said.push(line); }, stop: new AbortController().signal };
    const settings = (directory: string) => ({ config: readConfig({}), directory });
    expect(await restore(bench, { folder: kept, at: undefined }, settings(at('passed-over')))).toBe(0);
    expect(said.filter((line) => line.includes('damaged'))).toEqual([expect.stringContaining(newer?.id ?? '')]);
    said.length = 0;
    for (const [index, wished] of [older?.id, new Date(1_000_000_000_001).toISOString()].entries()) {
      expect(await restore(bench, { folder: kept, at: wished }, settings(at(`wished-${String(index)}`)))).toBe(0);
    }
    expect(said.filter((line) => line.includes('damaged'))).toEqual([]);
  });
});

describe('a command that works on a backup', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends in an orderly way by %s, and says how to go on', async (endedBy) => {
    const pausing = at(`pausing-${endedBy}`);
    await cp(repository, pausing, { recursive: true, filter: (name) => !name.endsWith('.sqlite') });
    const owner = path.join(pausing, 'dice-backup.json');
    const text = await readFile(owner);
    await rm(owner);
    execFileSync('mkfifo', [owner]);
    const abort = new AbortController();
    const verifying = run('dice-admin', ['backup', pausing, '--verify'], { signal: abort.signal, endedBy });
    // Opens when the command has it open, and keeps it waiting.
    const pipe = await open(owner, 'w');
    abort.abort();
    await pipe.write(text);
    await pipe.close();
    expect(await verifying).toMatchObject({ status: 1, stderr: expect.stringMatching(/^Stopped\. Run the same command again/m) });
  });
});

describe('the index of a backup', () => {
  it('holds the store where it is put back alone over packs that were written since', async () => {
    let newest = '';
    await serving({ dataDirectory: data }, async (server) => {
      const { id } = await backUp(data, repository);
      newest = await storeRaw(server.url, ada, [rawBlock(7_000)]);
      // As after a loss of power: no sweep and no clean stop has made a generation since.
      await cp(data, at('crashed'), { recursive: true, filter: (name) => !name.endsWith('.sqlite') });
      for (const name of ['dice.db-wal', 'dice.db-shm']) await rm(at('crashed', name), { force: true });
      await cp(path.join(repository, 'points', id, 'dice.db'), at('crashed', 'dice.db'));
    });
    expect(await opened(at('crashed'), (store) => store.parts.stores.state.isHeld())).toBe(true);
    expect((await checked(at('crashed'))).unknown).toMatchObject([{ imageId: newest }]);
  });

  it('is not one that a rebuild has begun, however soon it died; nor does a server open that', async () => {
    await restoreTo(repository, at('half'));
    const killed = await openStore({ directory: at('half'), policy: defaultPolicy, purpose: { kind: 'rebuild', isAnew: true } });
    await expect(backUp(at('half'), at('of-half'))).rejects.toThrow(/Another backup .* or its index is being rebuilt/);
    await killed.close();
    await expect(serving({ dataDirectory: at('half') }, () => Promise.resolve())).rejects.toThrow(/rebuild that has not ended/);
    await expect(backUp(at('half'), at('of-half'))).rejects.toThrow(/rebuild that has not ended/);
    await rm(at('half', 'dice.db'));
    openDatabase({ file: at('half', 'dice.db') }).close();
    await expect(backUp(at('half'), at('of-half'))).rejects.toThrow(/is empty while packs are there/);
    expect([...(await filesIn(at('of-half', 'points'))).keys()]).toEqual([]);
  });
});

describe('a pack that is damaged in the store', () => {
  async function flipped(pack: string): Promise<void> {
    const file = at('harmed', 'packs', pack);
    const bytes = await readFile(file);
    const place = Math.floor(bytes.length / 2);
    await writeFile(file, bytes.fill((bytes[place] ?? 0) ^ 1, place, place + 1));
  }

  it('is told by every backup that meets it, holds back the forgetting, and is copied once; healed, it is another pack', async () => {
    await cp(data, at('harmed'), { recursive: true });
    const [pack = ''] = [...(await filesIn(at('harmed', 'packs'))).keys()].filter((name) => name.startsWith('pack-')).sort();
    // Another start begins another pack, so that this one is sealed.
    await serving({ dataDirectory: at('harmed') }, ({ url }) => storeRaw(url, ada, [rawBlock(900)]));
    await flipped(pack);
    const told = { damage: [expect.objectContaining({ what: 'no intact record' })], forgottenPoints: 0 };
    expect(await backUp(at('harmed'), at('of-harmed'), { keep: 1 })).toMatchObject({ ...told, copiedPacks: 3 });
    expect(await backUp(at('harmed'), at('of-harmed'), { keep: 1 })).toMatchObject({ ...told, copiedPacks: 0 });
    await flipped(pack);
    expect(await backUp(at('harmed'), at('of-harmed'), { keep: 1 })).toMatchObject({ damage: [], copiedPacks: 1, forgottenPoints: 2, forgottenPacks: 1 });
    expect(await backUp(at('harmed'), at('of-harmed'), { keep: 1 })).toMatchObject({ damage: [], copiedPacks: 0, forgottenPoints: 1 });
  });
});
