/**
 * Photographs of a few megabytes as files, made by a process of their own. Small ones: sample-images.ts.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const writer = fileURLToPath(new URL('./picture-writer.js', import.meta.url));
const execute = promisify(execFile);

/** What is photographed; `changed` names one pixel that differs. */
export interface Photograph {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly changed?: readonly [x: number, y: number];
}

/** Writes it to `file`: PNG, or uncompressed TIFF where that is its ending. */
export async function writePhotograph(file: string, { width, height, seed, changed }: Photograph): Promise<void> {
  await execute(process.execPath, [writer, file, ...[width, height, seed, ...(changed ?? [])].map(String)]);
}
