/**
 * Ceph's gateway with one monitor and one object store in memory, on loopback ports and a temporary folder, from the programs of the
 * distribution. It starts in some 20 s and is the judge of what s3rver lets pass. Not for anything but tests: nothing in it is authenticated.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { clientOf, type S3Place, type S3Server } from './s3-server.js';

const run = promisify(execFile);
const startMs = 120_000;

interface Cluster {
  readonly directory: string;
  readonly monitor: string;
  readonly gatewayPort: number;
  readonly started: ChildProcess[];
}

/** Starts it and makes a bucket. Rejects with a sentence that says what to install where Ceph is absent. */
export async function startCeph(): Promise<S3Server> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'dice-ceph-'));
  const cluster: Cluster = { directory, monitor: `[v2:127.0.0.1:${await freePort()}/0]`, gatewayPort: await freePort(), started: [] };
  try {
    const place = await startAll(cluster);
    return { place, close: () => stop(cluster) };
  } catch (error) {
    await stop(cluster);
    throw error;
  }
}

async function startAll(cluster: Cluster): Promise<S3Place> {
  const { directory, gatewayPort } = cluster;
  const cephId = randomUUID();
  const storeId = randomUUID();
  await writeFile(path.join(directory, 'ceph.conf'), configuration(cluster, cephId));
  for (const folder of ['mon', 'osd', 'rgw']) await mkdir(path.join(directory, folder));
  const map = path.join(directory, 'monmap');
  await ceph(cluster, 'monmaptool', ['--create', '--fsid', cephId, '--addv', 'a', cluster.monitor, map]);
  await ceph(cluster, 'ceph-mon', ['--mkfs', '-i', 'a', '--monmap', map]);
  begin(cluster, 'ceph-mon', ['-i', 'a']);
  await ceph(cluster, 'ceph', ['osd', 'new', storeId]);
  await ceph(cluster, 'ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', storeId]);
  begin(cluster, 'ceph-osd', ['-i', '0']);
  const place = { endpoint: `http://127.0.0.1:${gatewayPort}`, region: 'us-east-1', bucket: 'dice-test', accessKeyId: 'DICEKEY', secretAccessKey: randomUUID() };
  const user = ['--uid', 'dice', '--display-name', 'dice', '--access-key', place.accessKeyId, '--secret-key', place.secretAccessKey];
  await ceph(cluster, 'radosgw-admin', ['user', 'create', ...user]);
  begin(cluster, 'radosgw', ['--name', 'client.admin', `--rgw-frontends=beast endpoint=127.0.0.1:${gatewayPort}`]);
  await answering(cluster, place);
  const client = clientOf(place);
  await client.send(new CreateBucketCommand({ Bucket: place.bucket }));
  client.destroy();
  return place;
}

function configuration({ directory, monitor }: Cluster, cephId: string): string {
  const lines = [
    '[global]', `fsid = ${cephId}`, `mon host = ${monitor}`, 'mon initial members = a',
    ...['cluster', 'service', 'client'].map((side) => `auth ${side} required = none`),
    // The gateway asks for encrypted connections to the monitor, which need the authentication that is off here.
    ...['client', 'service', 'cluster'].map((side) => `ms mon ${side} mode = crc`),
    'public addr = 127.0.0.1', 'cluster addr = 127.0.0.1', `run dir = ${directory}`, `log file = ${directory}/$name.log`, `admin socket = ${directory}/$name.asok`,
    ...['mon', 'osd', 'rgw'].map((kind) => `${kind} data = ${directory}/${kind}`),
    'keyring = /dev/null', 'osd objectstore = memstore', 'memstore device bytes = 2147483648',
    'osd pool default size = 1', 'osd pool default min size = 1', 'osd pool default pg num = 4', 'osd pool default pgp num = 4', 'osd pool default pg autoscale mode = off',
    'osd crush chooseleaf type = 0', 'mon allow pool size one = true', 'mon data avail crit = 0',
  ];
  return `${lines.join('\n')}\n`;
}

async function ceph({ directory }: Cluster, program: string, parameters: readonly string[]): Promise<void> {
  try {
    await run(program, ['-c', path.join(directory, 'ceph.conf'), ...parameters], { timeout: startMs });
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') throw absent(program);
    throw error;
  }
}

/** Runs until `stop` ends it by its id. */
function begin({ directory, started }: Cluster, program: string, parameters: readonly string[]): void {
  const child = spawn(program, ['-c', path.join(directory, 'ceph.conf'), ...parameters, '-f'], { stdio: 'ignore' });
  child.on('error', () => undefined); // an absent program is met by the wait for the gateway
  started.push(child);
}

async function answering({ started, directory }: Cluster, { endpoint }: S3Place): Promise<void> {
  const until = Date.now() + startMs;
  while (Date.now() < until) {
    if (started.some(({ exitCode, pid }) => exitCode !== null || pid === undefined)) break;
    const isThere = await fetch(endpoint, { signal: AbortSignal.timeout(5_000) }).then(({ ok }) => ok, () => false);
    if (isThere) return;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  const log = await readFile(path.join(directory, 'client.admin.log'), 'utf8').catch(() => '');
  if (started.some(({ pid }) => pid === undefined)) throw absent('radosgw');
  throw new Error(`Ceph's gateway did not begin to answer. Its log ends: ${log.slice(-2_000)}`);
}

async function stop({ started, directory }: Cluster): Promise<void> {
  for (const child of started.reverse()) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await rm(directory, { recursive: true, force: true });
}

function absent(program: string): Error {
  return new Error(`The long tests want Ceph, and ${program} is not installed: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd ceph-mgr ceph-common`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  server.close();
  await once(server, 'close');
  return port;
}
