/**
 * The files of a folder that a bench stores: all of them, or those with given endings in a tree of links. Always in the
 * order in which `dice upload` takes them, so that two runs send alike.
 */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { filesBelow } from '../client-sdk/node/index.js';
import { readVariants } from './variant-manifest.js';

export interface SetFile {
  readonly path: string;
  /** As `dice upload FOLDER` names it: the folder's own name, then the path below it, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** Ending in lower case without its dot; `jpg` and `tif` for `jpeg` and `tiff`. */
  readonly extension: string;
  /** By the folder's manifest.csv; of a file that it does not name, the ending. Undefined where there is no manifest. */
  readonly variant: string | undefined;
}

/** A folder whose files are exactly `files`. */
export interface FileSet {
  readonly folder: string;
  readonly files: readonly SetFile[];
}

/** Files of `folder`. Throws where it is no folder or holds no file. */
export async function fileSetOf(folder: string): Promise<FileSet> {
  const root = path.resolve(folder);
  if ((await stat(root).catch(() => undefined))?.isDirectory() !== true) throw new Error(`${folder} is no folder`);
  const variants = await readVariants(root);
  const files: SetFile[] = [];
  for await (const found of filesBelow([root])) {
    const extension = extensionOf(found.path);
    const below = found.name.slice(path.basename(root).length + 1);
    const variant = variants === undefined ? undefined : (variants.get(below) ?? `(other ${extension})`);
    files.push({ ...found, extension, bytes: (await stat(found.path)).size, variant });
  }
  if (files.length === 0) throw new Error(`${folder} holds no file`);
  return { folder: root, files };
}

/** The files of `set` with one of these endings, as a folder of the same name made in `parent`. Throws where there is none. */
export async function onlyOf(set: FileSet, extensions: readonly string[], parent: string): Promise<FileSet> {
  const files = set.files.filter(({ extension }) => extensions.includes(extension));
  if (files.length === 0) throw new Error(`${set.folder} holds no file ending in ${extensions.join(', ')}`);
  return linkedSet(files, parent);
}

/** A folder in `parent` that holds these files under the names that they have. */
export async function linkedSet(files: readonly SetFile[], parent: string): Promise<FileSet> {
  const linked: SetFile[] = [];
  for (const file of files) {
    const target = path.join(parent, file.name);
    await mkdir(path.dirname(target), { recursive: true });
    await linkOrCopy(file.path, target);
    linked.push({ ...file, path: target });
  }
  return { folder: path.join(parent, files[0]?.name.split('/')[0] ?? ''), files: linked };
}

/** Ending of a file's name, in the one spelling that groups and `--only` use. */
export function extensionOf(file: string): string {
  const ending = path.extname(file).slice(1).toLowerCase();
  const spellings: Readonly<Record<string, string>> = { jpeg: 'jpg', tiff: 'tif', '': 'none' };
  return spellings[ending] ?? ending;
}

/** Links do not cross file systems, and some systems refuse them on files of others; a copy keeps the time of change. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch {
    await copyFile(source, target, constants.COPYFILE_EXCL);
    const { atime, mtime } = await stat(source);
    await utimes(target, atime, mtime);
  }
}
