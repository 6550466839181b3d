/**
 * bench:library: what a person and an operator do with a library of 200,000 images in one account, on the real server over loopback with
 * the real SDK and command line, fsync on. `npm run bench:library -- [--images 200000] [--keep DIR] [--json FILE] [--parts reading,adding,stopped,removing]`.
 * With `--keep`, a library that was made lies in DIR and is used again; what is measured is a copy of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { circumstances, circumstancesText } from './circumstances.js';
import { allParts, someSteps } from './library-steps.js';
import { libraryTable, stepText } from './library-table.js';
import { folderBytes } from './server-process.js';

const { values } = parseArgs({ options: { images: { type: 'string', default: '200000' }, keep: { type: 'string' }, json: { type: 'string' }, parts: { type: 'string', default: allParts.join() } } });
const parts = allParts.filter((part) => values.parts.split(',').includes(part));
const images = Number(values.images);
if (!Number.isSafeInteger(images) || images < 20_000) throw new Error(`--images is a number from 20000 on, not ${values.images}`);

const scratch = await mkdtemp(path.join(tmpdir(), 'dice-library-'));
const kept = values.keep ?? scratch;
try {
  await mkdir(kept, { recursive: true });
  const made = await library();
  const directory = path.join(scratch, 'data');
  await cp(made, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const where = await circumstances();
  process.stdout.write(`${circumstancesText(where)}\n${images.toLocaleString('en')} images, ${((await folderBytes(directory)) / 1e6).toFixed(0)} MB stored\n`);
  const results = await someSteps(parts, { directory, scratch, images, say: (result) => { process.stderr.write(`${stepText(result)}\n`); } });
  process.stdout.write(`\n${libraryTable(results)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...where, images, results }, undefined, 2)}\n`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** The data directory of a library of so many images, made where it is not kept. */
async function library(): Promise<string> {
  const directory = path.join(kept, `library-${String(images)}`);
  if (existsSync(directory)) return directory;
  const program = fileURLToPath(new URL('./library-build.js', import.meta.url));
  const making = `${directory}.making`;
  await rm(making, { recursive: true, force: true });
  const child = spawn(process.execPath, [program, making, String(images)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = (await once(child, 'close')) as [number | null]; // the documented arguments of this event
  if (status !== 0) throw new Error(`making the library ended with ${String(status)}`);
  await rename(making, directory);
  return directory;
}
