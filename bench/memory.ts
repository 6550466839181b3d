/**
 * Peak memory of server and client while one large file goes up and down: `npm run bench:memory -- [MEGABYTES]`
 * (default 1,000). The file is random, so nothing of it is saved. Exits with 1 above 200 MB (server) or 400 MB (client), or where the copy differs.
 */
import { createHash, randomBytes, type Hash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { measureDice } from './client-process.js';
import { hashOfFile } from './file-hash.js';
import { ServerProcess } from './server-process.js';

const maxServerBytes = 200e6;
const maxClientBytes = 400e6;
const megabytes = Number(process.argv[2] ?? 1000);
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-memory-'));
const server = await ServerProcess.start({ dataDirectory: path.join(scratch, 'data'), environment: { DICE_LOG_LEVEL: 'error' } });
try {
  process.exitCode = await measure();
} finally {
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
}

async function measure(): Promise<0 | 1> {
  const file = path.join(scratch, 'large.bin');
  const expected = await writeRandom(file);
  const profile = { DICE_SERVER: server.url, DICE_HOME: path.join(scratch, 'profile'), DICE_USERNAME: 'bench', DICE_PASSWORD: 'seven swans over the weir' };
  const copy = path.join(scratch, 'copy.bin');
  let isWithin = true;
  for (const args of [['register', '--recovery-file', path.join(scratch, 'words.txt')], ['upload', file], ['download', 'large.bin', '-o', copy]]) {
    const run = await measureDice(args, profile);
    const serverBytes = await server.peakMemoryBytes();
    isWithin &&= run.status === 0 && run.peakMemoryBytes <= maxClientBytes && serverBytes <= maxServerBytes;
    process.stdout.write(`${args[0] ?? ''}: status ${String(run.status)}, ${run.seconds.toFixed(1)} s, peak client ${(run.peakMemoryBytes / 1e6).toFixed(0)} MB, server ${(serverBytes / 1e6).toFixed(0)} MB\n${run.stderr}`);
  }
  const isSame = (await hashOfFile(copy)) === expected;
  process.stdout.write(`${String(megabytes)} MB, copy ${isSame ? 'identical' : 'DIFFERENT'}; bounds: server ${String(maxServerBytes / 1e6)} MB, client ${String(maxClientBytes / 1e6)} MB\n`);
  return isWithin && isSame ? 0 : 1;
}

async function writeRandom(file: string): Promise<string> {
  const hash: Hash = createHash('sha256');
  const handle = await open(file, 'wx');
  for (let i = 0; i < megabytes; i++) {
    const piece = randomBytes(1_000_000);
    hash.update(piece);
    await handle.write(piece);
  }
  await handle.close();
  return hash.digest('hex');
}
