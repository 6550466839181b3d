/**
 * bench:server-view -- FOLDER [--limit FILES] [--digits 4] [--json FILE]: the attacks of audit:server-view against stores made
 * for it from the files of a folder, with their rates of success. Prints tables for bench/RESULTS.md.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { circumstances, circumstancesText } from '../circumstances.js';
import { fileSetOf, type SetFile } from '../file-set.js';
import { trialOf } from './trial.js';
import { trialText } from './trial-text.js';

const usage = 'npm run bench:server-view -- FOLDER [--limit FILES] [--digits 4] [--json FILE]';
const { values, positionals } = parseArgs({ allowPositionals: true, options: { limit: { type: 'string', default: '100000' }, digits: { type: 'string', default: '4' }, json: { type: 'string' } } });
const [folder, ...more] = positionals;
const [limit, digits] = [Number(values.limit), Number(values.digits)];
if (folder === undefined || more.length > 0) throw new Error(`name one folder: ${usage}`);
if (!(limit >= 4) || !(digits >= 1 && digits <= 6)) throw new Error(`--limit is a number from 4 on, --digits one from 1 to 6: ${usage}`);
const stop = new AbortController();
process.once('SIGINT', () => { stop.abort(); });

const scratch = await mkdtemp(path.join(tmpdir(), 'dice-trial-'));
try {
  const { files } = await fileSetOf(folder);
  const figures = await trialOf(spread(files, limit), { scratch, signal: stop.signal, digits, say: (line) => { process.stderr.write(`${line}\n`); } });
  const where = await circumstances();
  process.stdout.write(`${circumstancesText(where)}\n${path.basename(path.resolve(folder))}: ${trialText(figures)}`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...where, figures }, undefined, 2)}\n`);
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}

/** So many, from all over the folder. */
function spread(all: readonly SetFile[], count: number): readonly SetFile[] {
  return all.filter((_, i) => Math.floor((i * count) / all.length) !== Math.floor(((i - 1) * count) / all.length) || count >= all.length);
}
