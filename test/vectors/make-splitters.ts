/**
 * Writes the vectors of splitters to test/vectors/splitters, and those of predicted deflate streams to test/vectors/tokens:
 * `node dist/test/vectors/make-splitters.js` from the root of the project. Run it only when the format changes on purpose; the tests never do.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { encodeCbor } from '../../client-sdk/core/cbor.js';
import { knownModels, modelValue } from '../../client-sdk/core/image/encoder-model.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { makeDeflate } from '../support/deflate-maker.js';
import { mustSplit } from '../support/memory-source.js';
import { correctionsOf } from '../support/token-way.js';
import type { Vector } from '../support/vector.js';
import { splitFiles } from './split-files.js';
import { tokenStreams } from './token-streams.js';

async function writeVector(folder: string, name: string, vector: Vector): Promise<void> {
  await mkdir(`test/vectors/${folder}`, { recursive: true });
  await writeFile(`test/vectors/${folder}/${name}.json`, `${JSON.stringify(vector, null, 2)}\n`);
}

for (const [name, [why, file]] of Object.entries(splitFiles())) {
  const { recipe, contents } = await mustSplit(file);
  const output = { splitter: recipe.splitter, params: hexOf(encodeCbor(recipe.params)), skeleton: hexOf(recipe.skeleton), contents: contents.map(hexOf) };
  await writeVector('splitters', name, { why, operation: 'split', input: { file: hexOf(file), tilePixels: 16 }, output });
}
const models = new Map(knownModels().map(({ name, model }) => [name, model]));
for (const [name, { why, by, blocks, padding, changed }] of Object.entries(tokenStreams)) {
  const model = models.get(by);
  if (model === undefined) throw new RangeError(`no model ${by}`);
  const { stream, plain } = makeDeflate(blocks, padding);
  const corrections = correctionsOf(stream, model);
  const input = { model: modelValue(model) as readonly number[], plain: hexOf(plain), corrections: hexOf(changed?.(corrections) ?? corrections) };
  const result = changed === undefined ? { output: { stream: hexOf(stream) } } : { failure: 'recipe-invalid' };
  await writeVector('tokens', name, { why, operation: 'joinTokens', input, ...result });
}
