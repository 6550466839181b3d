/**
 * Files out of a drop: single files, and folders with everything below them under their paths. Reads lists, not contents; several
 * folders at once, so that ten thousand files are found in seconds.
 */
import type { PickedFile } from '../../../client-sdk/browser/page.js';
import { Breath } from './breath.js';

/** How deep folders are followed. */
const maxDepth = 32;
/** Questions to the file system under way at once. */
const maxAsked = 24;

/** What was found so far, or in all. */
export interface Found {
  readonly files: readonly PickedFile[];
  /** Entries that the browser could not open. */
  readonly unreadable: number;
}

/**
 * Every file of the drop. Call it inside the event: the list is gone afterwards. `onFound` is told how many files there are so far,
 * as often as they are found.
 */
export function droppedFiles(transfer: DataTransfer, onFound: (files: number) => void): Promise<Found> {
  const entries = [...transfer.items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null;
    return entry === null ? [] : [entry];
  });
  if (entries.length === 0) return Promise.resolve({ files: [...transfer.files].map((file) => ({ name: file.name, file })), unreadable: 0 });
  return new Gathering(onFound).gather(entries);
}

/** One entry that is still to be read. */
interface Task {
  readonly entry: FileSystemEntry;
  readonly depth: number;
}

class Gathering {
  readonly #tasks: Task[] = [];
  readonly #files: PickedFile[] = [];
  #unreadable = 0;

  constructor(private readonly onFound: (files: number) => void) {}

  async gather(entries: readonly FileSystemEntry[]): Promise<Found> {
    const running = new Set<Promise<void>>();
    const breath = new Breath();
    this.#tasks.push(...entries.map((entry) => ({ entry, depth: 0 })));
    for (let task = this.#tasks.pop(); task !== undefined || running.size > 0; task = this.#tasks.pop()) {
      if (task !== undefined) {
        const step: Promise<void> = this.#read(task).finally(() => { running.delete(step); });
        running.add(step);
      }
      if (task === undefined || running.size >= maxAsked) await Promise.race(running);
      await breath.sometimes();
    }
    return { files: this.#files, unreadable: this.#unreadable };
  }

  async #read({ entry, depth }: Task): Promise<void> {
    try {
      if (isFile(entry)) this.#found(entry.fullPath, await fileOf(entry));
      else if (isFolder(entry) && depth < maxDepth) await this.#readFolder(entry, depth + 1);
      else this.#unreadable++;
    } catch {
      this.#unreadable++;
    }
  }

  async #readFolder(folder: FileSystemDirectoryEntry, depth: number): Promise<void> {
    const reader = folder.createReader();
    for (;;) {
      // A reader hands out at most a hundred entries at a time.
      const batch = await new Promise<readonly FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject); });
      if (batch.length === 0) return;
      for (const entry of batch) this.#tasks.push({ entry, depth });
    }
  }

  #found(path: string, file: File): void {
    this.#files.push({ name: path.replace(/^\/+/, ''), file });
    this.onFound(this.#files.length);
  }
}

/** Chromium's entries are instances of no class that a page can name. */
function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => { entry.file(resolve, reject); });
}
