/**
 * A block in words: which one it is and where it lies, and why it failed. The same words on the map, in the table and where a
 * download was refused. Pure but for the map that it asks.
 */
import type { DiceError } from '../../../client-sdk/browser/page.js';
import type { PlainBlockCheck } from '../../../client-sdk/browser/page-calls.js';
import type { BlockMap } from './block-map.js';
import type { CellOutcome, CellState } from './map-looks.js';
import { count } from './format.js';

type FailedStep = NonNullable<DiceError['extra']['step']>;

const stepWords: Readonly<Record<FailedStep, string>> = {
  absent: 'the server cannot give it, because its copy is damaged or gone',
  tag: 'its hash is not its tag',
  length: 'it has a length that no block has',
  iv: 'its key does not open it',
  decode: 'it opens, but it cannot be decoded',
  domain: 'its key is not the one of its content',
  'file-hash': 'the file is not the one that was stored',
};

export const stateWords: Readonly<Record<CellState, string>> = {
  unknown: 'not known yet', new: 'new with this image', stored: 'already stored', patched: 'an earlier image’s block under a patch', flat: 'flat, kept in the manifest',
};
export const outcomeWords: Readonly<Record<CellOutcome, string>> = { unchecked: 'not checked', good: 'right', bad: 'failed' };

/** `Block 37 of 510`, or a part of the skeleton. */
export function blockName(map: BlockMap, block: number): string {
  const contents = contentsOf(map);
  if (map.blocks[block]?.role !== 'segment') return `Block ${count(block + 1)} of ${count(contents)}`;
  return `Part ${count(block - contents + 1)} of ${count(map.blocks.length - contents)} of skeleton and lists`;
}

/** `row 2, column 5`, with the plane where there are several. */
export function blockPlace(map: BlockMap, block: number): string {
  const place = map.placeOf(block);
  if (place === undefined) return '';
  const layer = map.layers[place.layer];
  const planes = map.layers.filter(({ isPicture }) => isPicture).length;
  const plane = layer?.isPicture === true && planes > 1 ? `${layer.name}, ` : '';
  return `${plane}row ${count(place.row)}, column ${count(place.column)}`;
}

/** `Block 37 of 510 (row 2, column 5) failed: its hash is not its tag.` */
export function failureSentence(map: BlockMap, block: number, step: FailedStep | undefined): string {
  return `${blockName(map, block)} (${blockPlace(map, block)}) failed: ${step === undefined ? 'its check code is not the stored one' : stepWords[step]}.`;
}

/** The step at which a check stopped; undefined where only the check codes differ. */
export function failedStep(check: PlainBlockCheck): FailedStep | undefined {
  if (check.error === undefined) return undefined;
  return check.error.extra.step ?? 'decode';
}

/** Good only where every step was. */
export function outcomeOf(check: PlainBlockCheck): CellOutcome {
  const isGood = check.isFetched && check.isCodeEqual && check.isHashRight && check.isKeyRight && check.isDecoded && check.error === undefined;
  return isGood ? 'good' : 'bad';
}

/** Contents come first among the blocks. */
export function contentsOf(map: BlockMap): number {
  const first = map.blocks.findIndex(({ role }) => role === 'segment');
  return first < 0 ? map.blocks.length : first;
}
