/**
 * A server that kills itself at a given step of what it writes, for tests of what is left. Not a test and not for use: called as
 * `dying-server.js DIRECTORY PORT`; the parent says by message which step from now on is the last. An odd step is not taken any more,
 * an even one is the step before, taken.
 */
import pino from 'pino';
import { composeServer } from '../../server/compose.js';
import { readConfig } from '../../server/config.js';
import { type FileLayer, nodeFiles, type OpenFile } from '../../server/storage/packs/file-layer.js';

const [dataDirectory = '', port = '0'] = process.argv.slice(2);
let steps = Infinity;

/** Runs `step` as two steps: its beginning and its end. */
async function mortal<T>(step: () => Promise<T>): Promise<T> {
  if (--steps === 0) process.kill(process.pid, 'SIGKILL');
  const result = await step();
  if (--steps === 0) process.kill(process.pid, 'SIGKILL');
  return result;
}

function mortalFile(file: OpenFile): OpenFile {
  return {
    write: (parts, position) => mortal(() => file.write(parts, position)),
    read: (into, position) => file.read(into, position),
    datasync: () => mortal(() => file.datasync()),
    size: () => file.size(),
    close: () => file.close(),
  };
}

const files: FileLayer = {
  ...nodeFiles,
  open: async (path, how) => (how === 'read' ? nodeFiles.open(path, how) : mortalFile(await mortal(() => nodeFiles.open(path, how)))),
  rename: (from, to) => mortal(() => nodeFiles.rename(from, to)),
  remove: (path) => mortal(() => nodeFiles.remove(path)),
  syncFolder: (folder) => mortal(() => nodeFiles.syncFolder(folder)),
};
const config = { ...readConfig({}), dataDirectory, port: Number(port), sweepIntervalMs: 0, graceMs: 0, rates: { strict: 0, general: 0 } };
const server = await composeServer(config, pino({ level: 'silent' }), files);
const { accounts } = server.store.parts.stores;
for (const name of ['findByName', 'replace', 'beginSession'] as const) {
  const own = accounts[name].bind(accounts) as (...given: readonly unknown[]) => Promise<unknown>; // called with what the method itself is called with
  Object.assign(accounts, { [name]: (...given: readonly unknown[]) => mortal(() => own(...given)) });
}
process.once('SIGTERM', () => { void server.close().then(() => process.exit(0)); });
process.on('message', (last: number) => {
  steps = last;
  process.send?.('armed');
});
process.send?.(server.port);
