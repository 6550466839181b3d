/**
 * `dice-admin report`: the physical figures of the store, measured or counted, under the same names as text, JSON
 * and CSV. Read while the server is stopped, so the write-ahead log is part of what is measured.
 */
import { operatorReport, type OperatorReport } from '../../client-sdk/protocol/messages.js';
import { columns, exitStatus, printResult, type Verb } from './verb.js';

/** Prints the operator's report. */
export const report: Verb = async (bench) => {
  const figures = await bench.store.services.report.operator();
  if (bench.form === 'csv') {
    bench.print('name,value');
    for (const [name, value] of Object.entries(figures)) bench.print(`${name},${String(value)}`);
    return exitStatus.done;
  }
  printResult(bench, operatorReport.format(figures), [...columns({ ...figures }), '', ...savingOf(figures)]);
  return exitStatus.done;
};

/** What meeting of equal blocks across accounts saved; a person's own saving is in their own report. */
function savingOf({ referencedCipherBytes, cipherBytes, unreferencedCipherBytes }: OperatorReport): readonly string[] {
  const stored = cipherBytes - unreferencedCipherBytes;
  const formula = 'saving across accounts = 1 - (cipherBytes - unreferencedCipherBytes) / referencedCipherBytes';
  if (referencedCipherBytes === 0) return [`${formula}: nothing is stored yet`];
  return [`${formula} = ${(100 * (1 - stored / referencedCipherBytes)).toFixed(1)} %`];
}
