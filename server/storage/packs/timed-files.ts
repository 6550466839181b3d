/**
 * A file system whose syncs are timed: the same port in and out. It changes nothing else and fails with what the one below fails with.
 */
import type { Meter, Times } from '../../ports/meter.js';
import type { FileLayer, OpenFile } from './file-layer.js';

/** `files`, telling `meter` how long each sync took, failed ones included. */
export function timedFiles(files: FileLayer, meter: Meter): FileLayer {
  const timed = async (kind: Times['fsync'], sync: () => Promise<void>): Promise<void> => {
    const startedAt = performance.now();
    try {
      await sync();
    } finally {
      meter.time('fsync', kind, (performance.now() - startedAt) / 1_000);
    }
  };
  const timedFile = (file: OpenFile): OpenFile => ({
    write: (parts, position) => file.write(parts, position),
    read: (into, position) => file.read(into, position),
    datasync: () => timed('file', () => file.datasync()),
    size: () => file.size(),
    close: () => file.close(),
  });
  return {
    open: async (path, how) => (how === 'read' ? files.open(path, how) : timedFile(await files.open(path, how))),
    names: (folder) => files.names(folder),
    size: (path) => files.size(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    syncFolder: (folder) => timed('folder', () => files.syncFolder(folder)),
    freeBytes: (folder) => files.freeBytes(folder),
  };
}
