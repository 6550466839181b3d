/**
 * A process that is killed while it files blocks and moves keys: what it acknowledged is there, every tag has one key, and
 * `dice-admin check` finds nothing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const blocksPerImage = 2_000;
/** Keys begin to move above 10,000 blocks: the second life and the third are killed while they do. */
const imagesPerLife = [4, 3, 2];

/** Runs until `images` were acknowledged, then kills at some moment of the next one. Answers what was acknowledged. */
async function killed(directory: string, life: number, images: number): Promise<readonly string[]> {
  const program = path.resolve('dist/test/support/intake-process.js');
  const child = spawn(process.execPath, [program, directory, `life-${String(life)}`, String(blocksPerImage)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length !== images) continue;
    for (let turn = 0; turn < 1_000 * life; turn++) await setImmediate();
    child.kill('SIGKILL');
  }
  await closed;
  return acknowledged;
}

describe('a process killed while it fills the index', () => {
  it('loses nothing that it acknowledged, and leaves one key for each block', async () => {
    const directory = path.join(await temporary(), 'data');
    const acknowledged: string[] = [];
    for (const [life, images] of imagesPerLife.entries()) acknowledged.push(...(await killed(directory, life + 1, images)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(9);
    const checked = await admin(directory, ['check', '--json']);
    expect(checked.stdout).toMatch(/"findings": ?0/);
    expect(checked.status).toBe(0);
    const database = new Database(path.join(directory, 'dice.db'), { readonly: true });
    const number = (sql: string, ...values: readonly unknown[]): number => Number(database.prepare(sql).pluck().get(...values));
    for (const line of acknowledged) {
      const [status, , imageId = ''] = line.split(' ');
      expect(status).toBe('stored');
      expect(number('SELECT blocks FROM image WHERE image_id = ?', Buffer.from(imageId, 'hex'))).toBe(blocksPerImage);
    }
    const keys = 'SELECT t1, tag FROM young_key UNION SELECT t1, tag FROM old_key';
    expect(number('SELECT COUNT(*) FROM old_key')).toBeGreaterThan(0);
    expect(number(`SELECT COUNT(*) FROM (${keys})`)).toBe(number('SELECT COUNT(*) FROM tag'));
    expect(number(`SELECT COUNT(*) FROM tag JOIN (${keys}) k ON k.tag = tag.id AND k.t1 = substr(tag.t1, 1, 6)`)).toBe(number('SELECT COUNT(*) FROM tag'));
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
  });
});

async function admin(directory: string, words: readonly string[]): Promise<{ readonly status: number | null; readonly stdout: string }> {
  const child = spawn(process.execPath, [path.resolve('dist/server/cli/main.js'), ...words], {
    env: { PATH: process.env['PATH'], DICE_DATA_DIR: directory }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const [status] = (await once(child, 'close')) as [number | null]; // the documented arguments of this event
  return { status, stdout: Buffer.concat(pieces).toString() };
}
