/**
 * Two server processes on one PostgreSQL database and one bucket, behind a balancer of connections: one is killed in the middle of an
 * upload, and the client finishes through the other.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { ServerProcess } from '../../bench/server-process.js';
import { bytesForUpload } from '../../client-sdk/memory-file.js';
import { type Balancer, startBalancer } from '../support/balancer.js';
import { postgresServer } from '../support/postgres-server.js';
import { startWholeS3rver, type S3Server } from '../support/s3-server.js';
import { photograph } from '../support/sample-images.js';
import { clientOf, downloaded, registered, testPassword } from '../support/sdk-client.js';

const database = postgresServer();
const admin = fileURLToPath(new URL('../../server/cli/main.js', import.meta.url));
let folder: string;
let bucket: S3Server;
let environment: Readonly<Record<string, string>>;
let servers: ServerProcess[];
let balancer: Balancer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-two-'));
  bucket = await startWholeS3rver();
  const { endpoint, bucket: name, accessKeyId, secretAccessKey } = bucket.place;
  environment = {
    DICE_LOG_LEVEL: 'error', DICE_TRASH_DAYS: '0', DICE_GRACE_MINUTES: '0', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '0',
    DICE_DATABASE_URL: await database.freshDatabase(),
    DICE_S3_ENDPOINT: endpoint, DICE_S3_BUCKET: name, DICE_S3_ACCESS_KEY_ID: accessKeyId, DICE_S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
  servers = [await started()];
  servers.push(await started());
  balancer = await startBalancer(servers.map(({ port }) => port));
});

afterEach(async () => {
  await balancer.close();
  for (const server of servers) await server.kill();
  await bucket.close();
  await rm(folder, { recursive: true, force: true });
});

function started(): Promise<ServerProcess> {
  return ServerProcess.start({ dataDirectory: folder, environment });
}

/** Runs `dice-admin` on the same engines; answers its status and what it said. */
async function administered(...args: readonly string[]): Promise<{ readonly status: number; readonly said: string }> {
  const child = spawn(process.execPath, [admin, ...args, '--data-dir', folder], { env: { ...process.env, ...environment } });
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece));
  const [status] = (await once(child, 'close')) as [number]; // its exit status comes first
  return { status, said: Buffer.concat(pieces).toString() };
}

describe('two processes that serve one store', () => {
  it('lose nothing when one is killed in the middle of an upload, which ends through the other', async () => {
    const files = new Map(Array.from({ length: 40 }, (_, i) => [`picture ${String(i)}.png`, pngOf(photograph(160, 120, i + 1))] as const));
    const ada = await registered(balancer.url, 'ada');
    const results: string[] = [];
    for await (const { status } of ada.upload([...files].map(([name, bytes]) => bytesForUpload(name, bytes)))) {
      results.push(status);
      if (results.length === 8) await servers[0]?.kill();
    }
    expect(results).toEqual([...files].map(() => 'stored'));
    expect(balancer.taken.size).toBe(2);
    servers[0] = await started();
    const again = await clientOf(servers[0].url);
    await again.login({ username: 'ada', password: testPassword });
    for (const [name, bytes] of files) expect(Buffer.from(await downloaded(again, (await again.find(name)).id)).equals(bytes)).toBe(true);
    for (const server of servers) await server.stop();
    const check = await administered('check');
    expect({ ...check, said: check.status === 0 ? '' : check.said }).toEqual({ status: 0, said: '' });
  }, 120_000);

  it('share sessions, the trash and the collector, and a second collector at once is refused', async () => {
    const [first, second] = servers.map(({ url }) => url);
    const ada = await registered(first ?? '', 'ada');
    const files = { 'kept.png': pngOf(photograph(160, 120, 1)), 'removed.png': pngOf(photograph(160, 120, 2)) };
    for await (const result of ada.upload(Object.entries(files).map(([name, bytes]) => bytesForUpload(name, bytes)))) expect(result.status).toBe('stored');
    const other = await clientOf(second ?? '');
    await other.resumeSession(await ada.saveSession());
    const { id } = await other.find('removed.png');
    await other.remove(id);
    await ada.purge(id);
    const swept = await Promise.allSettled([ada.collect(), other.collect(), ada.collect(), other.collect()]);
    const removed = swept.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.collectedBlocks : 0));
    expect(removed.filter((blocks) => blocks > 0)).toHaveLength(1);
    expect(Buffer.from(await downloaded(other, (await other.find('kept.png')).id)).equals(files['kept.png'])).toBe(true);
    for (const server of servers) await server.stop();
    expect(await administered('check')).toMatchObject({ status: 0 });
  }, 120_000);
});
