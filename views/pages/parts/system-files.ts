/**
 * Files that a system hides in folders and that nobody means to keep. Only inside folders: a file that was chosen by itself is meant.
 */
import type { PickedFile } from '../../../client-sdk/browser/page.js';

const names: ReadonlySet<string> = new Set(['.ds_store', 'thumbs.db', 'ehthumbs.db', 'desktop.ini', '.localized']);

/** The files without those of a system, and how many those were. */
export function systemFilesLeftOut(files: readonly PickedFile[]): { readonly left: readonly PickedFile[]; readonly out: number } {
  const left = files.filter(({ name }) => !(name.includes('/') && names.has(name.slice(name.lastIndexOf('/') + 1).toLowerCase())));
  return { left, out: files.length - left.length };
}
