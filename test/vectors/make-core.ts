/**
 * Writes the vectors of core below test/vectors from fixed inputs, with the noble provider: `node dist/test/vectors/make-core.js`
 * from the root of the project. Run it only when a format changes on purpose; the tests never do.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { DiceError } from '../../client-sdk/core/errors.js';
import { nobleProvider } from '../../client-sdk/core/noble-provider.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { coreOperations } from '../support/core-operations.js';
import type { Vector } from '../support/vector.js';
import { blockCases } from './make-core-blocks.js';
import { type Case, type Produce } from './make-core-case.js';
import { headCases } from './make-core-heads.js';
import { keyCases } from './make-core-keys.js';
import { manifestCases } from './make-core-manifests.js';

const produce: Produce = async (operation, input) => {
  const run = coreOperations[operation];
  if (run === undefined) throw new TypeError(`no operation ${operation}`);
  return run(nobleProvider, input);
};

for (const makeCases of [blockCases, keyCases, manifestCases, headCases]) {
  for (const one of await makeCases(produce)) await write(one);
}

async function write({ path, why, operation, input, failure }: Case): Promise<void> {
  const outcome = await outcomeOf(() => produce(operation, input));
  if (outcome.failure !== failure) throw new Error(`${path}: expected ${failure ?? 'an output'}, got ${outcome.failure ?? 'an output'}`);
  const vector: Vector = { why, operation, input, ...outcome };
  const file = `test/vectors/${path}.json`;
  await mkdir(file.slice(0, file.lastIndexOf('/')), { recursive: true });
  await writeFile(file, `${JSON.stringify(vector, null, 2)}\n`);
}

async function outcomeOf(run: () => Promise<Json>): Promise<{ readonly output?: Json; readonly failure?: string }> {
  try {
    return { output: await run() };
  } catch (error) {
    if (error instanceof DiceError) return { failure: error.extra.step === undefined ? error.code : `${error.code}/${error.extra.step}` };
    if (error instanceof Refusal) return { failure: error.code };
    throw error;
  }
}
