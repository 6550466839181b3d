/**
 * The few things that packs ask of a file system, as an interface, so that a test can fail each of them in turn.
 * `nodeFiles` is the real one. It promises nothing about durability: `datasync` and `syncFolder` do.
 */
import { open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';

/** An open file. Positions and lengths are in bytes. */
export interface OpenFile {
  /** Writes some of `parts`, from the first on, at `position`. Answers how many bytes; fewer than given is allowed. */
  write(parts: readonly Uint8Array[], position: number): Promise<number>;
  /** Fills `into` from `position`; answers how many bytes there were. */
  read(into: Uint8Array, position: number): Promise<number>;
  datasync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface FileLayer {
  /** `new` fails where the file exists; `replace` empties it. Both may be read and written by the owner alone. */
  open(path: string, how: 'read' | 'new' | 'replace'): Promise<OpenFile>;
  names(folder: string): Promise<readonly string[]>;
  size(path: string): Promise<number>;
  rename(from: string, to: string): Promise<void>;
  /** Absence is not an error. */
  remove(path: string): Promise<void>;
  /** Makes names in `folder` durable. */
  syncFolder(folder: string): Promise<void>;
  freeBytes(folder: string): Promise<number>;
}

const flags = { read: 'r', new: 'wx+', replace: 'w+' } as const;

export const nodeFiles: FileLayer = {
  open: async (path, how) => openFile(await open(path, flags[how], 0o600)),
  names: (folder) => readdir(folder),
  size: async (path) => (await stat(path)).size,
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

function openFile(handle: FileHandle): OpenFile {
  return {
    write: async (parts, position) => (await handle.writev(parts, position)).bytesWritten,
    read: (into, position) => readFully(handle, into, position),
    datasync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

/** A single read may answer less than there is. */
async function readFully(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
