/**
 * The file system of a machine that goes down: it serves files as ever, and writes out beside them what a crash at this very moment would leave. What was not
 * synced is then gone, or there in part: bytes without the sync of their file, names without the sync of their folder, folders too. Each call is done at once, so that nothing of
 * another comes in between. What others write below the watched folder counts as not synced until somebody syncs it through this layer; but files that look after themselves,
 * as SQLite's do, are left as they are.
 */
import { closeSync, copyFileSync, existsSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statfsSync, statSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { FileLayer, OpenFile } from '../../server/storage/packs/file-layer.js';
import { type Survival, UnsyncedFile } from './unsynced-file.js';
import { type Entry, UnsyncedFolder } from './unsynced-folder.js';

const flags = { read: 'r', new: 'wx+', replace: 'w+' } as const;

export class ForgetfulFiles {
  #root = '';
  #tree = new UnsyncedFolder();
  /** Told of each call that changes anything, before it is done. */
  onStep: (step: string) => void = () => undefined;

  /** `looksAfterItself`: whether the file at this path is synced by who writes it. One write takes at most `mostBytes`. */
  constructor(private readonly looksAfterItself: (file: string) => boolean = () => false, private readonly mostBytes = Infinity) {}

  /** From now on; what is below `root` at this moment is durable. */
  watch(root: string): void {
    this.#root = path.resolve(root);
    this.#tree = new UnsyncedFolder();
    this.#look(this.#root, this.#tree);
    syncAll(this.#tree);
  }

  /** True where a crash now would leave something else than a process that is killed. */
  get isUnsynced(): boolean {
    this.#look(this.#root, this.#tree);
    return this.#tree.isUnsynced;
  }

  /** Writes into `target` what a crash would leave of the watched folder. */
  crash(target: string, survival: Survival): void {
    this.#look(this.#root, this.#tree);
    writeOut(this.#tree, target, survival);
    this.#copyOthers(this.#root, target);
  }

  readonly files: FileLayer = {
    open: (file, how) => done(() => this.#open(path.resolve(file), how)),
    names: (folder) => done(() => readdirSync(folder)),
    size: (file) => done(() => statSync(file).size),
    rename: (from, to) => done(() => { this.#rename(path.resolve(from), path.resolve(to)); }),
    remove: (file) => done(() => { this.#remove(path.resolve(file)); }),
    syncFolder: (folder) => done(() => { this.#syncFolder(path.resolve(folder)); }),
    freeBytes: (folder) => done(() => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    }),
  };

  #open(file: string, how: 'read' | 'new' | 'replace'): OpenFile {
    if (how !== 'read') this.onStep(`open ${path.basename(file)}`);
    const folder = this.#folderAt(path.dirname(file));
    const known = folder?.now.get(path.basename(file));
    const handle = openSync(file, flags[how], 0o600);
    if (how === 'replace' && known instanceof UnsyncedFile) known.empty();
    const entry = known instanceof UnsyncedFile ? known : new UnsyncedFile(Buffer.alloc(0));
    if (known === undefined && how !== 'read') folder?.change([path.basename(file), entry]);
    return this.#openFile({ file, handle, entry });
  }

  #openFile({ file, handle, entry }: { readonly file: string; readonly handle: number; readonly entry: UnsyncedFile }): OpenFile {
    return {
      write: (parts, position) => done(() => {
        this.onStep(`write ${path.basename(file)}`);
        const taken = Buffer.concat(parts).subarray(0, this.mostBytes);
        entry.write(taken, position);
        return writeSync(handle, taken, 0, taken.length, position);
      }),
      read: (into, position) => done(() => readFully(handle, into, position)),
      datasync: () => done(() => {
        this.onStep(`sync ${path.basename(file)}`);
        entry.becomes(wholeOf(handle));
        entry.sync();
      }),
      size: () => done(() => fstatSync(handle).size),
      close: () => done(() => { closeSync(handle); }),
    };
  }

  #rename(from: string, to: string): void {
    this.onStep(`rename ${path.basename(from)} ${path.basename(to)}`);
    const folder = this.#folderAt(path.dirname(from));
    const entry = folder?.now.get(path.basename(from));
    renameSync(from, to);
    if (entry !== undefined) folder?.change([path.basename(from), undefined], [path.basename(to), entry]);
  }

  #remove(file: string): void {
    this.onStep(`remove ${path.basename(file)}`);
    const folder = this.#folderAt(path.dirname(file));
    rmSync(file, { force: true });
    if (folder?.now.has(path.basename(file)) === true) folder.change([path.basename(file), undefined]);
  }

  #syncFolder(folder: string): void {
    this.onStep(`sync ${path.basename(folder)}/`);
    this.#folderAt(folder)?.sync();
  }

  /** Looked at anew: others may have worked in it. Undefined outside of what is watched. */
  #folderAt(folder: string): UnsyncedFolder | undefined {
    const names = path.relative(this.#root, folder).split(path.sep).filter((name) => name !== '');
    if (this.#root === '' || names[0] === '..') return undefined;
    let [at, found] = [this.#root, this.#tree];
    this.#lookAtNames(at, found);
    for (const name of names) {
      const next = found.now.get(name);
      if (!(next instanceof UnsyncedFolder)) return undefined;
      [at, found] = [path.join(at, name), next];
      this.#lookAtNames(at, found);
    }
    return found;
  }

  /** Notes names that others made or took away. */
  #lookAtNames(at: string, folder: UnsyncedFolder): void {
    const real = new Map(readdirSync(at, { withFileTypes: true }).map((entry) => [entry.name, entry.isDirectory()]));
    for (const [name, entry] of folder.now) if (real.get(name) !== entry instanceof UnsyncedFolder) folder.change([name, undefined]);
    for (const [name, isFolder] of real) {
      if (folder.now.has(name) || this.looksAfterItself(path.join(at, name))) continue;
      folder.change([name, isFolder ? new UnsyncedFolder() : new UnsyncedFile(Buffer.alloc(0))]);
    }
  }

  /** The same for all that lies below, and for what is in files. */
  #look(at: string, folder: UnsyncedFolder): void {
    this.#lookAtNames(at, folder);
    for (const [name, entry] of folder.now) {
      if (entry instanceof UnsyncedFolder) this.#look(path.join(at, name), entry);
      else if (entry.becomes(readFileSync(path.join(at, name))) && this.looksAfterItself(path.join(at, name))) entry.sync();
    }
  }

  /** Files that look after themselves, into folders that are left. */
  #copyOthers(from: string, target: string): void {
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const [file, copy] = [path.join(from, entry.name), path.join(target, entry.name)];
      if (entry.isDirectory() && existsSync(copy)) this.#copyOthers(file, copy);
      else if (!entry.isDirectory() && this.looksAfterItself(file) && !existsSync(copy)) copyFileSync(file, copy);
    }
  }
}

/** What `act` answers or throws, as a promise. */
function done<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => { resolve(act()); });
}

function wholeOf(handle: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(handle).size);
  return bytes.subarray(0, readFully(handle, bytes, 0));
}

function readFully(handle: number, into: Uint8Array, position: number): number {
  let read = 0;
  for (let count = -1; count !== 0 && read < into.length; read += count) count = readSync(handle, into, read, into.length - read, position + read);
  return read;
}

function syncAll(entry: Entry): void {
  entry.sync();
  if (entry instanceof UnsyncedFolder) for (const below of entry.now.values()) syncAll(below);
}

function writeOut(folder: UnsyncedFolder, target: string, survival: Survival): void {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  for (const [name, entry] of folder.left(survival)) {
    if (entry instanceof UnsyncedFolder) writeOut(entry, path.join(target, name), survival);
    else writeFileSync(path.join(target, name), entry.left(survival), { mode: 0o600 });
  }
}
