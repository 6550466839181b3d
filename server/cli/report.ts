/**
 * `dice-admin report`: the physical figures of the store, measured or counted, under the same names as text, JSON
 * and CSV. The server is stopped and the write-ahead log is truncated first, so what is measured is what lies there after.
 */
import type { OperatorReport } from '../../client-sdk/protocol/messages.js';
import { lastScrub, type LastScrub } from '../core/last-scrub.js';
import { diskRows, packRows } from '../core/report.js';
import { columns, exitStatus, printResult, type Verb } from './verb.js';

/** Prints the operator's report. */
export const report: Verb = async (bench) => {
  await bench.store.parts.stores.state.truncateLog();
  const figures = await bench.store.services.report.operator();
  const scrubs = scrubFigures(await lastScrub(bench.store.parts.stores.state));
  if (bench.form === 'csv') {
    bench.print('name,value');
    for (const [name, value] of Object.entries({ ...figures, ...scrubs })) bench.print(`${name},${String(value)}`);
    return exitStatus.done;
  }
  const { oldestReadAt, scrubs: runs, lostInLastScrub } = scrubs;
  const read = oldestReadAt === 0 ? 'No scrub has read everything yet' : `Everything was read after ${new Date(oldestReadAt).toISOString()}`;
  const lines = [...linesOf(figures), '', `${read}; ${String(runs)} scrub(s) to the end, the last one left ${String(lostInLastScrub)} block(s) and record(s) damaged`];
  printResult(bench, { ...figures, ...scrubs }, lines);
  return exitStatus.done;
};

/** 0 where there was none. `oldestReadAt`, in ms: all that was stored then was read and hashed after it. */
function scrubFigures(last: LastScrub | undefined): { readonly scrubs: number; readonly oldestReadAt: number; readonly lostInLastScrub: number } {
  return { scrubs: last?.runs ?? 0, oldestReadAt: last?.beganAt ?? 0, lostInLastScrub: last?.lost ?? 0 };
}

/** Every figure once, the rows of a sum above it, all in one column of numbers. */
function linesOf(figures: OperatorReport): readonly string[] {
  const summed: readonly string[] = [...packRows, ...diskRows, 'diskBytes'];
  const told = columns({ ...figures });
  const lineOf = new Map(Object.keys(figures).map((name, i) => [name, told[i] ?? '']));
  const lines = (names: readonly string[]): readonly string[] => names.map((name) => lineOf.get(name) ?? '');
  return [
    'What the packs hold; adds up to packFileBytes', ...lines(packRows),
    '', 'Files, measured; adds up to diskBytes', ...lines([...diskRows, 'diskBytes']),
    '', 'Counts, and parts of the above', ...lines(Object.keys(figures).filter((name) => !summed.includes(name))),
    '', ...savingOf(figures),
  ];
}

/** What meeting of equal blocks across accounts saved; a person's own saving is in their own report. */
function savingOf({ referencedCipherBytes, cipherBytes, unreferencedCipherBytes }: OperatorReport): readonly string[] {
  const stored = cipherBytes - unreferencedCipherBytes;
  const formula = 'saving across accounts = 1 - (cipherBytes - unreferencedCipherBytes) / referencedCipherBytes';
  if (referencedCipherBytes === 0) return [`${formula}: nothing is stored yet`];
  return [`${formula} = ${(100 * (1 - stored / referencedCipherBytes)).toFixed(1)} %`];
}
