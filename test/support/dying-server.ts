/**
 * A server that kills itself at a given step of what it writes, for tests of what is left. Not a test and not for use: called as
 * `dying-server.js DIRECTORY PORT`; the parent says by message which step from now on is the last. By its number: an odd step is not taken any more,
 * an even one is the step before, taken. Or by name: see `LastStep`.
 */
import path from 'node:path';
import pino from 'pino';
import { composeServer } from '../../server/compose.js';
import { readConfig } from '../../server/config.js';
import { type FileLayer, nodeFiles, type OpenFile } from '../../server/storage/packs/file-layer.js';

/** Calls that must come in this order, others between them or not, each told by the beginning of its name; the server dies before the last of them is made, or after it. */
export interface LastStep {
  readonly calls: readonly string[];
  readonly isTaken: boolean;
}

const [dataDirectory = '', port = '0'] = process.argv.slice(2);
let steps = Infinity;
let last: LastStep = { calls: [], isTaken: false };

/** Runs `step`, of which the name is told as in "write pack-0000000001.dice", as two steps: its beginning and its end. */
async function mortal<T>(name: string, step: () => Promise<T>): Promise<T> {
  const isMet = last.calls[0] !== undefined && name.startsWith(last.calls[0]);
  const isLast = isMet && last.calls.length === 1;
  if (isMet) last = { ...last, calls: last.calls.slice(1) };
  if (--steps === 0 || (isLast && !last.isTaken)) process.kill(process.pid, 'SIGKILL');
  const result = await step();
  if (--steps === 0 || isLast) process.kill(process.pid, 'SIGKILL');
  return result;
}

function mortalFile(name: string, file: OpenFile): OpenFile {
  return {
    write: (parts, position) => mortal(`write ${name}`, () => file.write(parts, position)),
    read: (into, position) => file.read(into, position),
    datasync: () => mortal(`sync ${name}`, () => file.datasync()),
    size: () => file.size(),
    close: () => file.close(),
  };
}

async function openMortal(file: string, how: 'new' | 'replace'): Promise<OpenFile> {
  const name = path.basename(file);
  return mortalFile(name, await mortal(`open ${name}`, () => nodeFiles.open(file, how)));
}

const files: FileLayer = {
  ...nodeFiles,
  open: (file, how) => (how === 'read' ? nodeFiles.open(file, how) : openMortal(file, how)),
  rename: (from, to) => mortal(`rename ${path.basename(from)}`, () => nodeFiles.rename(from, to)),
  remove: (file) => mortal(`remove ${path.basename(file)}`, () => nodeFiles.remove(file)),
  syncFolder: (folder) => mortal(`sync ${path.basename(folder)}/`, () => nodeFiles.syncFolder(folder)),
};
const config = { ...readConfig({}), dataDirectory, port: Number(port), sweepIntervalMs: 0, graceMs: 0, rates: { strict: 0, general: 0 } };
const server = await composeServer(config, pino({ level: 'silent' }), files);
const { accounts } = server.store.parts.stores;
for (const name of ['findByName', 'replace', 'beginSession'] as const) {
  const own = accounts[name].bind(accounts) as (...given: readonly unknown[]) => Promise<unknown>; // called with what the method itself is called with
  Object.assign(accounts, { [name]: (...given: readonly unknown[]) => mortal(name, () => own(...given)) });
}
process.once('SIGTERM', () => { void server.close().then(() => process.exit(0)); });
process.on('message', (told: number | LastStep) => {
  if (typeof told === 'number') steps = told;
  else last = told;
  process.send?.('armed');
});
process.send?.(server.port);
