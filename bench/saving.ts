/**
 * What storing folders costs in DICE, restic and borg: stored and sent bytes, saving by variant and by ending, speed, and of what
 * the stored bytes consist. `npm run bench:saving -- [OPTION...] FOLDER...` (options: saving-options.ts). Every folder goes into
 * a fresh server and comes back; a file that differs is named, and the exit status is 1 (130 after Ctrl-C). Tables on stdout; with --json there
 * one JSON document, and the tables on stderr.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { circumstances, circumstancesText } from './circumstances.js';
import { fileSetOf, type FileSet } from './file-set.js';
import { type FolderSaving, measureFolder } from './folder-saving.js';
import { savingCommand, type SavingCommand } from './saving-options.js';
import { faultsIn, folderText, summaryText } from './saving-text.js';

// Settings of the caller's own server and client must not change what is measured.
for (const name of Object.keys(process.env)) if (name.startsWith('DICE_')) Reflect.deleteProperty(process.env, name);
const command = savingCommand(process.argv.slice(2));
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { stopping.abort(new Error(`ended by ${signal}`)); });
const scratch = await mkdtemp(path.join(tmpdir(), 'dice-saving-'));
try {
  process.exitCode = await measureAll(command);
} catch (thrown) {
  if (!stopping.signal.aborted) throw thrown;
  process.exitCode = 130;
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}

async function measureAll({ folders, options, isJson }: SavingCommand): Promise<0 | 1> {
  const told = isJson ? process.stderr : process.stdout;
  const measuredOn = await circumstances();
  told.write(`${circumstancesText(measuredOn)}\n`);
  // All folders are looked at before the first one is measured.
  const sets: FileSet[] = [];
  for (const folder of folders) sets.push(await fileSetOf(folder));
  const savings: FolderSaving[] = [];
  for (const [index, set] of sets.entries()) {
    const own = path.join(scratch, String(index));
    await mkdir(own);
    const saving = await measureFolder(set, options, { scratch: own, signal: stopping.signal, say: (line) => { process.stderr.write(`${line}\n`); } });
    await rm(own, { recursive: true, force: true, maxRetries: 5 });
    savings.push(saving);
    told.write(`\n${folderText(saving, options)}\n`);
  }
  if (savings.length > 1) told.write(`\n== all folders\n\n${summaryText(savings)}\n`);
  if (isJson) process.stdout.write(`${JSON.stringify({ ...measuredOn, options, folders: savings }, undefined, 2)}\n`);
  return savings.every((saving) => faultsIn(saving).length === 0) ? 0 : 1;
}
