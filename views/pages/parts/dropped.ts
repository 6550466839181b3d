/**
 * Files out of a drop: single files, and folders with everything below them under their paths. Reads lists, not contents.
 */
import type { PickedFile } from '../../../client-sdk/browser/page.js';

/** How deep folders are followed. */
const maxDepth = 32;

/** Every file of the drop. Call it inside the event: the list is gone afterwards. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly PickedFile[]> {
  const entries = [...transfer.items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null;
    return entry === null ? [] : [entry];
  });
  if (entries.length === 0) return [...transfer.files].map((file) => ({ name: file.name, file }));
  const picked: PickedFile[] = [];
  for (const entry of entries) await gather(entry, picked, 0);
  return picked;
}

async function gather(entry: FileSystemEntry, picked: PickedFile[], depth: number): Promise<void> {
  if (entry instanceof FileSystemFileEntry) {
    const file = await new Promise<File>((resolve, reject) => { entry.file(resolve, reject); });
    picked.push({ name: entry.fullPath.replace(/^\/+/, ''), file });
  } else if (entry instanceof FileSystemDirectoryEntry && depth < maxDepth) {
    const reader = entry.createReader();
    for (;;) {
      // A reader hands out at most a hundred entries at a time.
      const batch = await new Promise<readonly FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject); });
      if (batch.length === 0) return;
      for (const child of batch) await gather(child, picked, depth + 1);
    }
  }
}
