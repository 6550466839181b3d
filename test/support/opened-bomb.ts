/**
 * A file that is uploaded and downloaded again by commands of their own, with the most memory that either of them had (Linux).
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureProcess, type MeasuredRun } from '../../bench/measured-process.js';
import type { Workbench } from './workbench.js';

const dice = fileURLToPath(new URL('../../dice/main.js', import.meta.url));

/** What became of it. */
export interface OpenedBomb {
  readonly isSame: boolean;
  readonly fileBytes: number;
  readonly splitter: string;
  /** Tiles that travel in the recipe: of one colour, or of a few bytes. */
  readonly flatTiles: number;
  readonly hasPreview: boolean;
  readonly uploadPeakBytes: number;
  readonly downloadPeakBytes: number;
}

/** Does both as somebody new. `file` is below the bench's folder. */
export async function openBomb(bench: Workbench, username: string, file: string): Promise<OpenedBomb> {
  const { url, profileDir, password } = await bench.person(username);
  const environment = { PATH: process.env['PATH'], DICE_SERVER: url, DICE_HOME: profileDir, DICE_USERNAME: username, DICE_PASSWORD: password };
  const must = async (args: readonly string[]): Promise<MeasuredRun> => {
    const run = await measureProcess({ command: process.execPath, args: [dice, ...args, '--json'], environment });
    if (run.status !== 0) throw new Error(`dice ${args.join(' ')} ended with ${String(run.status)}:\n${run.stderr}`);
    return run;
  };
  const uploaded = await must(['upload', file]);
  const copy = bench.path(`${username}-copy`);
  const downloaded = await must(['download', '--all', '-o', copy]);
  const [bytes, back] = await Promise.all([readFile(file), readFile(path.join(copy, path.basename(file)))]);
  // The commands' own documents.
  const { files: [sent] } = JSON.parse(uploaded.stdout) as { readonly files: readonly Pick<OpenedBomb, 'splitter' | 'flatTiles'>[] };
  const { images: [image] } = JSON.parse((await must(['list'])).stdout) as { readonly images: readonly Pick<OpenedBomb, 'hasPreview'>[] };
  if (sent === undefined || image === undefined) throw new Error('the commands tell of no file and no image');
  const { splitter, flatTiles } = sent;
  return { isSame: bytes.equals(back), fileBytes: bytes.length, splitter, flatTiles, hasPreview: image.hasPreview, uploadPeakBytes: uploaded.peakMemoryBytes, downloadPeakBytes: downloaded.peakMemoryBytes };
}
