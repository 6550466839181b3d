/**
 * `dice-admin report`: the physical figures of the store, measured or counted, under the same names as text, JSON
 * and CSV. The server is stopped and the write-ahead log is truncated first, so what is measured is what lies there after.
 */
import { operatorReport, type OperatorReport } from '../../client-sdk/protocol/messages.js';
import { diskRows, packRows } from '../core/report.js';
import { columns, exitStatus, printResult, type Verb } from './verb.js';

/** Prints the operator's report. */
export const report: Verb = async (bench) => {
  await bench.store.parts.stores.state.truncateLog();
  const figures = await bench.store.services.report.operator();
  if (bench.form === 'csv') {
    bench.print('name,value');
    for (const [name, value] of Object.entries(figures)) bench.print(`${name},${String(value)}`);
    return exitStatus.done;
  }
  printResult(bench, operatorReport.format(figures), linesOf(figures));
  return exitStatus.done;
};

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
