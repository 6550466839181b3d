/**
 * The steps by which a small file is replaced: its bytes are on the disk before they have its name, and the name is before anybody is told. No crash of a process
 * shows it where one is left out.
 */
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { writeDurably } from '../../server/storage/packs/durable-file.js';
import { nodeFiles, type FileLayer } from '../../server/storage/packs/file-layer.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();

/** The real disk; notes each step that writes. */
function noting(steps: string[]): FileLayer {
  const note = <T>(step: string, done: Promise<T>): Promise<T> => {
    steps.push(step);
    return done;
  };
  return {
    ...nodeFiles,
    async open(name, how) {
      const file = await note(`open ${path.basename(name)}`, nodeFiles.open(name, how));
      return { ...file, write: (parts, position) => note('write', file.write(parts, position)), datasync: () => note('sync', file.datasync()) };
    },
    rename: (from, to) => note(`rename ${path.basename(from)} ${path.basename(to)}`, nodeFiles.rename(from, to)),
    syncFolder: (folder) => note(`sync ${path.basename(folder)}/`, nodeFiles.syncFolder(folder)),
  };
}

it('writes, syncs, renames and syncs the folder, in this order', async () => {
  const folder = await temporary();
  const steps: string[] = [];
  await writeDurably(path.join(folder, 'mark'), Buffer.from('bytes'), noting(steps));
  expect(steps).toEqual(['open mark.tmp', 'write', 'sync', 'rename mark.tmp mark', `sync ${path.basename(folder)}/`]);
});
