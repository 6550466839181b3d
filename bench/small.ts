/**
 * Many small files through the command line: stored, stored again, restored and compared. `npm run bench:small -- [COUNT]`, 20,000 made
 * pictures of about 20 kB without it. Prints files a second, processor time and peak memory of both processes; exits with 1 where a
 * command fails or a file differs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filesBelow } from '../client-sdk/node/index.js';
import { circumstances, circumstancesText } from './circumstances.js';
import { measureDice } from './client-process.js';
import { hashOfFile } from './file-hash.js';
import { cpuSecondsOf } from './measured-process.js';
import { ServerProcess } from './server-process.js';
import { writeSmallPictures } from './small-pictures.js';

const count = Number(process.argv[2] ?? 20_000);
if (!Number.isSafeInteger(count) || count < 1) throw new Error('name how many files: npm run bench:small -- 20000');
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-small-'));
try {
  process.stdout.write(`${circumstancesText(await circumstances())}\n`);
  const bytes = await writeSmallPictures(path.join(scratch, 'pictures'), count);
  process.stdout.write(`${String(count)} files, ${(bytes / 1e6).toFixed(1)} MB\n`);
  const server = await ServerProcess.start({ dataDirectory: path.join(scratch, 'data'), environment: { DICE_LOG_LEVEL: 'error' } });
  try {
    await rounds(server);
  } finally {
    await server.stop();
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function rounds(server: ServerProcess): Promise<void> {
  const [pictures, copy] = [path.join(scratch, 'pictures'), path.join(scratch, 'copy')];
  await step(server, 'register', ['register', '--recovery-file', path.join(scratch, 'words.txt')]);
  await step(server, 'store', ['upload', pictures]);
  await step(server, 'store again', ['upload', pictures]);
  await step(server, 'restore', ['download', '--all', '-o', copy]);
  let different = 0;
  for await (const file of filesBelow([pictures])) {
    const there = await hashOfFile(path.join(copy, file.name)).catch(() => 'missing');
    if (there !== (await hashOfFile(file.path))) different++;
  }
  process.stdout.write(`different or missing after the restore: ${String(different)}\n`);
  if (different > 0) process.exitCode = 1;
}

async function step(server: ServerProcess, name: string, args: readonly string[]): Promise<void> {
  const profile = { DICE_SERVER: server.url, DICE_HOME: path.join(scratch, 'profile'), DICE_USERNAME: 'bench', DICE_PASSWORD: 'seven swans over the weir' };
  const before = await cpuSecondsOf(server.pid);
  const run = await measureDice(args, profile);
  const serverSeconds = (await cpuSecondsOf(server.pid)) - before;
  if (run.status !== 0) {
    process.stderr.write(run.stderr);
    process.exitCode = 1;
  }
  const rate = name === 'register' ? '' : `${(count / run.seconds).toFixed(0)} files/s, `;
  const memory = `client ${(run.peakMemoryBytes / 1e6).toFixed(0)} MB, server ${((await server.peakMemoryBytes()) / 1e6).toFixed(0)} MB`;
  process.stdout.write(`${name}: ${rate}${run.seconds.toFixed(1)} s, processor: client ${run.cpuSeconds.toFixed(1)} s, server ${serverSeconds.toFixed(1)} s, peak ${memory}\n`);
}
