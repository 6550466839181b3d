/**
 * `dice-admin` as a process over data directories whose server has stopped: its verbs, forms and exit statuses.
 */
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { run, type CommandResult } from '../support/dice-command.js';
import { rawBlock, registerRaw, storeRaw, type RawAccount } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';

let folder: string;
let dataDirectory: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-admin-'));
  dataDirectory = path.join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function whileServing<T>(work: (server: TestServer, ada: RawAccount) => Promise<T>): Promise<T> {
  const server = await startServer({ dataDirectory });
  try {
    return await work(server, await registerRaw(server.url, 'ada'));
  } finally {
    await server.close();
  }
}

function admin(...args: readonly string[]): Promise<CommandResult> {
  return run('dice-admin', [...args, '--data-dir', dataDirectory], { environment: { DICE_GRACE_MINUTES: '0' } });
}

async function flipByte(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
    await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, at);
  } finally {
    await handle.close();
  }
}

describe('dice-admin', () => {
  it('lists users, reports the same figures as text, JSON and CSV, and finds nothing wrong', async () => {
    await whileServing((server, ada) => storeRaw(server.url, ada, [rawBlock(1_000), rawBlock(2_000)]));
    expect((await admin('users', '--json')).json()).toMatchObject({ users: [{ username: 'ada', isOperator: true, images: 1 }] });
    expect((await admin('users')).stdout).toMatch(/^ada +1 images, [\d,]+ bytes, since \d{4}-\d\d-\d\d, operator\n$/);
    const figures = (await admin('report', '--json')).json<Record<string, number>>();
    expect(figures).toMatchObject({ accounts: 1, images: 1, blocks: 2, cipherBytes: 3_000, referencedCipherBytes: 3_000 });
    expect((figures['packFileBytes'] ?? 0) + (figures['databaseFileBytes'] ?? 0) + (figures['otherFileBytes'] ?? 0)).toBe(figures['diskBytes']);
    const csv = (await admin('report', '--csv')).stdout.trim().split('\n');
    expect(csv[0]).toBe('name,value');
    expect(csv.slice(1).map((line) => line.split(',')[0])).toEqual(Object.keys(figures));
    expect((await admin('report')).stdout).toMatch(/saving across accounts = .* = 0\.0 %/);
    const check = await admin('check', '--json');
    expect([check.status, check.json()]).toEqual([0, expect.objectContaining({ findings: 0, blocks: 2, images: 1, accounts: 1, isHeld: false })]);
  });

  it('says which image a damaged block concerns, and ends with 4', async () => {
    const block = rawBlock(100_000);
    const imageId = await whileServing((server, ada) => storeRaw(server.url, ada, [block]));
    const packs = path.join(dataDirectory, 'packs');
    for (const name of (await readdir(packs)).filter((file) => file !== 'mark')) {
      const handle = await open(path.join(packs, name), 'r');
      const { size } = await handle.stat();
      await handle.close();
      if (size > 100_000) await flipByte(path.join(packs, name), Math.floor(size / 2));
    }
    const check = await admin('check', '--json');
    expect([check.status, check.stdout]).toEqual([4, expect.stringContaining(imageId)]);
    expect((await admin('check')).stdout).toContain(`block-unreadable: block ${Buffer.from(block.rehash).toString('hex')}`);
    const scrub = await admin('scrub', '--json');
    expect([scrub.status, scrub.json()]).toEqual([4, expect.objectContaining({ lost: 1 })]);
  });

  it('collects what nothing refers to, after saying so', async () => {
    await whileServing(async (server, ada) => {
      const imageId = await storeRaw(server.url, ada, [rawBlock(5_000)]);
      const kept = await storeRaw(server.url, ada, [rawBlock(500)]);
      for (const url of [`images/${imageId}`, `trash/${imageId}`]) {
        expect((await request(server.url).delete(`/api/v1/${url}`).set('Authorization', ada.bearer)).status).toBe(204);
      }
      const uploads = await request(server.url).get('/api/v1/images').set('Authorization', ada.bearer);
      expect(uploads.body).toMatchObject({ images: [{ imageId: kept }] });
    });
    const forecast = (await admin('gc', '--dry-run', '--json')).json<{ readonly list: readonly Readonly<Record<string, unknown>>[] }>();
    expect(forecast).toMatchObject({ isHeld: false, totals: { collectableBlocks: 1, collectableBytes: 5_000, compactablePacks: 1, heldBack: 2 } });
    expect(forecast.list).toContainEqual({ kind: 'blocks', goes: true, reason: 'unreferenced', blocks: 1, bytes: 5_000 });
    // Its sessions were left open.
    expect(forecast.list.map(({ kind, goes }) => [kind, goes])).toEqual([['upload', false], ['upload', false], ['blocks', true], ['pack', true]]);
    const lines = (await admin('gc', '--dry-run')).stdout.split('\n');
    expect(lines).toContain('goes   1 block(s), 5000 bytes: no image refers to them, and their time of grace has passed');
    expect(lines).toContainEqual(expect.stringMatching(/^goes {3}pack 1, \d+ of \d+ bytes dead \(\d+\.\d %\): what is live in it is copied$/));
    const collected = await admin('gc', '--json');
    expect([collected.status, collected.json()]).toEqual([0, expect.objectContaining({ collectedBlocks: 1, compactedPacks: 1, pendingBlocks: 0 })]);
    expect((await admin('check', '--json')).json()).toMatchObject({ findings: 0, images: 1, blocks: 1 });
  });

  it('makes the database anew from the packs; nothing is collected until it is released', async () => {
    const { ada, imageId } = await whileServing(async (server, account) => ({ ada: account, imageId: await storeRaw(server.url, account, [rawBlock(), rawBlock()]) }));
    await rm(path.join(dataDirectory, 'dice.db'));
    expect(await admin('check')).toMatchObject({ status: 2, stderr: expect.stringContaining('dice-admin rebuild-index') });
    const rebuilt = await admin('rebuild-index', '--json');
    expect([rebuilt.status, rebuilt.json()]).toEqual([0, expect.objectContaining({ accounts: 1, blocks: 2, images: 1, incomplete: [] })]);
    expect(await admin('gc')).toMatchObject({ status: 1, stderr: expect.stringContaining('held') });
    expect((await admin('check', '--json')).json()).toMatchObject({ findings: 0, isHeld: true });
    expect((await admin('release', '--json')).json()).toEqual({ isReleased: true, findings: 0 });
    expect((await admin('gc')).status).toBe(0);
    const server = await startServer({ dataDirectory });
    try {
      const login = await request(server.url).post('/api/v1/login').send({ username: 'ada', authKey: ada.authKey, carrier: 'bearer' });
      const { token } = login.body as { token: string };
      expect((await request(server.url).get(`/api/v1/images/${imageId}`).set('Authorization', `Bearer ${token}`)).status).toBe(200);
    } finally {
      await server.close();
    }
  });

  it('keeps off a store in use, off a folder that is none, and off verbs it does not know', async () => {
    await whileServing(async () => {
      expect(await admin('check')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/in use by another process/) });
    });
    const other = await run('dice-admin', ['users', '--data-dir', path.join(folder, 'nothing')]);
    expect(other).toMatchObject({ status: 2, stderr: expect.stringMatching(/holds no store/) });
    expect(await readdir(folder)).toEqual(['data']);
    expect((await admin('explode')).status).toBe(2);
    expect((await admin('users', '--nonsense')).status).toBe(2);
    expect((await run('dice-admin', ['--help'])).status).toBe(0);
    expect(await run('dice-admin', ['users'], { environment: { DICE_TYPO: '1' } })).toMatchObject({ status: 2, stderr: expect.stringMatching(/DICE_TYPO is not/) });
  });
});
