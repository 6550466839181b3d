/**
 * A whole folder through the command line: first upload, second upload, download of all, comparison of every file.
 * `npm run bench:folder -- FOLDER`. Prints times, bytes, saving and peak memory of both processes;
 * exits with 1 where a file differs or a command fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { filesBelow } from '../client-sdk/node/index.js';
import { measureDice } from './client-process.js';
import { hashOfFile } from './file-hash.js';
import type { MeasuredRun } from './measured-process.js';
import { folderBytes, ServerProcess } from './server-process.js';

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder: npm run bench:folder -- FOLDER');
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-folder-'));
const dataDirectory = path.join(scratch, 'data');
const server = await ServerProcess.start({ dataDirectory, environment: { DICE_LOG_LEVEL: 'error' } });
try {
  process.exitCode = await rounds(folder);
} finally {
  await server.stop();
  process.stdout.write(`data directory after the stop: ${String(await folderBytes(dataDirectory))} bytes\n`);
  await rm(scratch, { recursive: true, force: true });
}

async function rounds(source: string): Promise<0 | 1> {
  const copy = path.join(scratch, 'copy');
  process.stdout.write(`${String(cpus().length)} x ${cpus()[0]?.model ?? 'unknown'}\n`);
  await step('register', ['register', '--recovery-file', path.join(scratch, 'words.txt')]);
  await step('first upload', ['upload', source]);
  await step('second upload', ['upload', source]);
  await step('download all', ['download', '--all', '-o', copy]);
  await step('report', ['report']);
  const different = await differences(source, copy);
  process.stdout.write(`files compared: ${String(different.compared)}, different or missing: ${String(different.names.length)}\n${different.names.join('\n')}\n`);
  return different.names.length === 0 ? 0 : 1;
}

async function step(name: string, args: readonly string[]): Promise<MeasuredRun> {
  const profile = { DICE_SERVER: server.url, DICE_HOME: path.join(scratch, 'profile'), DICE_USERNAME: 'bench', DICE_PASSWORD: 'seven swans over the weir' };
  const run = await measureDice(args, profile);
  const memory = `client ${(run.peakMemoryBytes / 1e6).toFixed(0)} MB, server ${((await server.peakMemoryBytes()) / 1e6).toFixed(0)} MB`;
  process.stdout.write(`== ${name}: status ${String(run.status)}, ${run.seconds.toFixed(1)} s, peak ${memory}\n${run.stdout}${run.stderr}`);
  return run;
}

async function differences(source: string, copy: string): Promise<{ readonly compared: number; readonly names: readonly string[] }> {
  const names: string[] = [];
  let compared = 0;
  for await (const file of filesBelow([source])) {
    compared++;
    const other = await hashOfFile(path.join(copy, file.name)).catch(() => 'missing');
    if (other !== (await hashOfFile(file.path))) names.push(file.name);
  }
  return { compared, names };
}
