/**
 * A database that SQLite cannot read, seen by the operator: the server and every verb of `dice-admin` say so in one sentence with the file and the way out, and the
 * way out works. A scrub that is interrupted, seen by the operator: the same command goes on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { rebuildStore } from '../../server/core/rebuild.js';
import { defaultPolicy } from '../../server/core/services.js';
import { explain } from '../../server/explain.js';
import { openStore, type OpenedStore, type Purpose } from '../../server/open-store.js';
import { inFrontOf } from '../support/core-store.js';
import { run, type CommandResult } from '../support/dice-command.js';
import { writesTo } from '../support/folder-writes.js';
import { RottingStore } from '../support/rotting-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
let folder: string;
let copies = 0;

beforeAll(async () => {
  folder = await temporary();
  await RottingStore.make(folder);
}, 120_000);

/** A sound store of the last session, closed. */
function copy(): string {
  const directory = path.join(folder, `copy-${String(++copies)}`);
  cpSync(path.join(folder, 'live'), directory, { recursive: true });
  return directory;
}

function admin(directory: string, ...words: readonly string[]): Promise<CommandResult> {
  return run('dice-admin', [...words, '--data-dir', directory]);
}

/** Starts the server, which shall refuse; answers what it says. */
async function serverSays(directory: string): Promise<{ readonly status: number | null; readonly text: string }> {
  const main = fileURLToPath(new URL('../../server/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], { env: { PATH: process.env['PATH'], PORT: '0', DICE_DATA_DIR: directory }, stdio: ['ignore', 'ignore', 'pipe'] });
  const pieces: Buffer[] = [];
  child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
  const [status] = (await once(child, 'close')) as [number | null]; // the documented arguments of this event
  return { status, text: Buffer.concat(pieces).toString() };
}

function expectClear(text: string, directory: string): void {
  const said = text.split('\n').filter((line) => line !== '' && !line.includes('Warning') && !line.includes('AWS'));
  expect(said.join('\n')).toContain(path.join(directory, 'dice.db'));
  expect(said.join('\n')).toContain('dice-admin rebuild-index');
  expect(text).not.toMatch(/^\s+at /m);
}

describe('a database that cannot be read', () => {
  it('is named with the way out by the server and by every verb, and kept aside by a rebuild that brings everything back', async () => {
    const directory = copy();
    const file = path.join(directory, 'dice.db');
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([Buffer.alloc(4_096, 0xa5), bytes.subarray(4_096)]));
    const served = await serverSays(directory);
    expect(served.status).toBe(1);
    expectClear(served.text, directory);
    for (const words of [['users'], ['report'], ['check'], ['scrub'], ['gc', '--dry-run'], ['release'], ['migrate-storage', '--to-index', 'sqlite', '--to-blocks', 'packs', '--to-data-dir', `${directory}-moved`]]) {
      const { status, stderr } = await admin(directory, ...words);
      expect([words, status]).toEqual([words, 4]);
      expectClear(stderr, directory);
    }
    const rebuilt = await admin(directory, 'rebuild-index', '--json');
    const { aside, ...counts } = rebuilt.json<{ aside: string; images: number; accounts: number; incomplete: readonly unknown[] }>();
    expect([rebuilt.status, counts.images, counts.accounts, counts.incomplete]).toEqual([0, 12, 6, []]);
    expect(readFileSync(aside)).toEqual(readFileSync(path.join(directory, readdirSync(directory).find((name) => name.startsWith('dice.db.aside')) ?? '')));
    expect(rebuilt.stderr).toContain(aside);
    expect(await admin(directory, 'gc')).toMatchObject({ status: 1, stderr: expect.stringContaining('held') });
  }, 300_000);

  it('is noticed by check in pages that nothing else reads', async () => {
    const directory = copy();
    const file = path.join(directory, 'dice.db');
    truncateSync(file, Math.floor(readFileSync(file).length / 4_096 - 1) * 4_096);
    const { status, stdout, stderr } = await admin(directory, 'check');
    expect(status).toBe(4);
    expect(`${stdout}${stderr}`).toMatch(/index-malformed|dice-admin rebuild-index/);
    expect(stderr).not.toMatch(/^\s+at /m);
  }, 120_000);

  it('that is empty is not taken for a new store', async () => {
    const directory = copy();
    truncateSync(path.join(directory, 'dice.db'), 0);
    const opening = openStore({ directory, policy: defaultPolicy, purpose: { kind: 'serve', realm: 'localhost', isSharedConfirmed: false } });
    expectClear(await opening.then(() => 'it opened', explain), directory);
  }, 120_000);

  it('is made anew beside one that can be read where that is asked for; until a rebuild has ended it is no index', async () => {
    const directory = copy();
    const open = (purpose: Purpose): Promise<OpenedStore> => openStore({ directory, policy: defaultPolicy, purpose });
    const halfway = await open({ kind: 'rebuild', isAnew: true });
    expect(halfway.aside).toContain('dice.db.aside');
    const { accounts } = halfway.parts.stores;
    const stores = { ...halfway.parts.stores, accounts: inFrontOf(accounts, { reinstate: () => Promise.reject(new Error('killed')) }) };
    await expect(rebuildStore({ ...halfway.parts, stores })).rejects.toThrow('killed');
    await halfway.close();
    await expect(open({ kind: 'administer' })).rejects.toThrow(/rebuild that has not ended/);
    const again = await open({ kind: 'rebuild', isAnew: false });
    expect([again.aside, await rebuildStore(again.parts)]).toMatchObject([undefined, { images: 12, incomplete: [] }]);
    await again.close();
    await (await open({ kind: 'administer' })).close();
  }, 120_000);
});

describe('an index that lost what the packs hold', () => {
  it('is not released before a rebuild, unless the operator says that it may be forgotten', async () => {
    const directory = copy();
    // The database of the second session under the packs of the third.
    cpSync(path.join(folder, 'closed', 'dice.db'), path.join(directory, 'dice.db'));
    const refused = await admin(directory, 'release', '--json');
    expect([refused.status, refused.json<{ unknown: readonly unknown[] }>().unknown.length]).toEqual([4, 2 + 4]);
    expect((await admin(directory, 'release', '--forget', '--json')).json()).toEqual({ isReleased: true, findings: 0 });
  }, 120_000);
});

describe('a pack that is gone', () => {
  it('is told by a scrub with the images that it concerns', async () => {
    const directory = copy();
    const [pack] = readdirSync(path.join(directory, 'packs')).filter((name) => name.startsWith('pack-'));
    rmSync(path.join(directory, 'packs', pack ?? ''));
    const { status, stdout } = await admin(directory, 'scrub', '--json');
    const { list, records, coverage } = JSON.parse(stdout) as { list: readonly { images: readonly unknown[] }[]; records: readonly { type: string }[]; coverage: { blocks: { read: number; of: number } } };
    expect(status).toBe(4);
    expect(list.length).toBe(coverage.blocks.of - coverage.blocks.read);
    expect(list.every(({ images }) => images.length > 0)).toBe(true);
    // Of each of the four images of that session; the records of its two accounts are written anew.
    expect(records.map(({ type }) => type).sort()).toEqual(['manifest', 'manifest', 'manifest', 'manifest', 'preview', 'preview', 'preview', 'preview']);
  }, 120_000);
});

describe('dice-admin scrub', () => {
  it('says what it read of how much, goes on where it was interrupted, and says of an empty store that it is empty', async () => {
    const directory = copy();
    const abort = new AbortController();
    const opened = writesTo(directory, 1);
    const slow = run('dice-admin', ['scrub', '--bytes-per-second', '20000', '--data-dir', directory], { signal: abort.signal });
    // Whenever it comes: before the first block, or after many.
    await opened.reached;
    opened.close();
    abort.abort();
    const stopped = await slow;
    expect([stopped.status, stopped.stderr]).toEqual([1, expect.stringContaining('goes on where it stopped')]);
    const whole = await admin(directory, 'scrub');
    expect(whole.status).toBe(0);
    expect(whole.stdout).toMatch(/^read (\d+) of \1 blocks$/m);
    expect(whole.stdout).toMatch(/^read 12 of 12 manifests$/m);
    expect(whole.stdout).toMatch(/^read 6 of 6 accounts$/m);
    expect(whole.stdout).toMatch(/What was read longest ago was read after \d{4}-/);
    const empty = path.join(folder, 'empty');
    await (await openStore({ directory: empty, policy: defaultPolicy, purpose: { kind: 'serve', realm: 'localhost', isSharedConfirmed: false } })).close();
    expect(await admin(empty, 'scrub')).toMatchObject({ status: 0, stdout: expect.stringContaining('The store is empty') });
  }, 180_000);
});
