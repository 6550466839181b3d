/**
 * The licence that an installed package names itself, in either form of its manifest; for packages of which package-lock.json has no word.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { toldElsewhere } from '../architecture/packages.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** `folder` is a path of package-lock.json. */
export function licenceOf(folder: string): string {
  // As npm wants it, in its form of today or of 2013.
  const { name, version, license, licenses } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as {
    readonly name: string; readonly version: string; readonly license?: string; readonly licenses?: readonly { readonly type: string }[];
  };
  return license ?? licenses?.map(({ type }) => type).join(' OR ') ?? toldElsewhere[`${name} ${version}`] ?? 'none';
}
