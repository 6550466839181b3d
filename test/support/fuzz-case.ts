/**
 * One case of the fuzz run, from a number: a file is changed, and must come back through its splitter or go as bytes; or its recipe and
 * contents are, and the join must end in a file or in `recipe-invalid`. What goes wrong is thrown.
 */
import { DiceError } from '../../client-sdk/core/errors.js';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import { splitters } from '../../client-sdk/core/image/detect.js';
import { defaultTilePixels, maxUnfoldedBytes } from '../../client-sdk/core/image/image-limits.js';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { randomOf } from './deflate-maker.js';
import { mutateFile, type RandomBelow } from './file-mutation.js';
import { joinFile, memoryContents, splitBytes, type SplitFile } from './memory-source.js';
import { mutateRecipe, withBytes, type Joinable } from './recipe-mutation.js';

/** What a case did. */
export type FuzzOutcome = 'tiles' | 'bytes' | 'joined' | 'refused';

/** Runs case `number` over `files`. Throws where a promise of the splitters is broken. */
export async function runFuzzCase(files: readonly Uint8Array[], number: number): Promise<FuzzOutcome> {
  const random = randomOf(number);
  for (let i = 0; i < 4; i++) random(2);
  const file = files[random(files.length)];
  if (file === undefined) throw new RangeError('no files');
  return random(2) === 0 ? fileCase(mutateFile(file, random), random) : recipeCase(random(3) === 0 ? mutateFile(file, random) : file, random);
}

async function fileCase(file: Uint8Array, random: RandomBelow): Promise<FuzzOutcome> {
  const split = await splitSomehow(file, random);
  if (split === undefined) return 'bytes';
  const isExact = await joinFile(split.recipe, split.contents).then((joined) => isEqual(joined, file), (thrown: unknown) => mustBeClaim(thrown, split));
  if (!isExact && !isClaim(split)) throw new Error('the file does not come back');
  if (!isExact) return 'bytes';
  const sample = split.contents[random(Math.max(1, split.contents.length))];
  if (sample !== undefined && !isEqual(decodeContent(codeContent(sample)), sample)) throw new Error('a content does not come back');
  return 'tiles';
}

/** Of long pictures deflate is verified in part: there the splitter may err, and the plan takes bytes. */
function isClaim({ summary: { picture } }: SplitFile): boolean {
  return picture !== undefined && 8 * picture.width * picture.height > 8_388_608;
}

function mustBeClaim(thrown: unknown, split: SplitFile): false {
  if (thrown instanceof DiceError && thrown.code === 'recipe-invalid' && isClaim(split)) return false;
  throw thrown;
}

function splitSomehow(file: Uint8Array, random: RandomBelow): Promise<SplitFile | undefined> {
  return splitBytes(file, random(4) === 0 ? { kind: 'grid', cells: 4 } : { kind: 'tile', tilePixels: random(2) === 0 ? 16 : defaultTilePixels });
}

async function recipeCase(file: Uint8Array, random: RandomBelow): Promise<FuzzOutcome> {
  const split = await splitSomehow(file, random);
  if (split === undefined) return 'bytes';
  if (random(4) === 0) return decoderCase(split, random);
  const changed = mutateRecipe(split, random);
  return orderly(() => joinAll(changed, file.length));
}

function decoderCase(split: SplitFile, random: RandomBelow): Promise<FuzzOutcome> {
  const content = split.contents[random(Math.max(1, split.contents.length))];
  if (content === undefined) return Promise.resolve('joined');
  const coded = withBytes(codeContent(content), random);
  return orderly(() => {
    decodeContent(coded);
    return Promise.resolve();
  });
}

async function orderly(work: () => Promise<void>): Promise<FuzzOutcome> {
  try {
    await work();
    return 'joined';
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code === 'recipe-invalid') return 'refused';
    throw thrown;
  }
}

async function joinAll({ recipe, contents }: Joinable, fileBytes: number): Promise<void> {
  const splitter = splitters[recipe.splitter];
  let bytes = 0;
  for await (const piece of splitter.join(recipe, memoryContents(contents))) {
    bytes += piece.length;
    // As a download does: no more than the manifest says.
    if (bytes > maxUnfoldedBytes(fileBytes)) return;
  }
}
