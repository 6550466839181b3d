/**
 * The figures of a trial as the tables that stand in bench/RESULTS.md.
 */
import { megabytesText, textTable } from '../text-table.js';
import type { DomainFigures, TrialFigures } from './trial.js';

/** All tables, with a line before each. */
export function trialText({ files, stored, domains, paddings }: TrialFigures): string {
  const titles = ['attack', ...domains.map(({ domain }) => `>${domain}`)];
  const rowOf = (name: string, tell: (figures: DomainFigures) => string): readonly string[] => [name, ...domains.map(tell)];
  return [
    `${String(files)} images guessed, ${String(stored)} of them stored.`,
    '',
    textTable(titles, [...storeRows(rowOf), ...contentRows(rowOf), ...orderRows(rowOf, domains)]),
    '',
    'Padding of blocks, from the unpadded lengths of all guesses (equal lists of blocks counted once):',
    '',
    textTable(['coded bytes', '>ciphers', '>images with lengths of their own', '>images that look like one, itself included'], paddings.map(({ name, cost, unique, alike }) => [name, cost.toFixed(3), percent(unique), alike.toFixed(2)])),
    '',
    ...domains.slice(0, 1).flatMap(({ domain, frequent }) => [`Most used blocks (${domain}):`, '', textTable(['what it is', '>images', '>bytes'], frequent.map(({ what, images, bytes }) => [what, String(images), String(bytes)]))]),
    '',
  ].join('\n');
}

type RowOf = (name: string, tell: (figures: DomainFigures) => string) => readonly string[];

function storeRows(rowOf: RowOf): readonly (readonly string[])[] {
  return [
    rowOf('images, distinct blocks, MB of ciphers', ({ images, blocks, cipherBytes }) => `${String(images)}, ${String(blocks)}, ${megabytesText(cipherBytes)}`),
    rowOf('bits that the length of a block tells', ({ lengthBits }) => lengthBits.toFixed(1)),
  ];
}

function contentRows(rowOf: RowOf): readonly (readonly string[])[] {
  return [
    rowOf('dictionary: stored images with blocks, all blocks found in one image', ({ dictionary: { stored, storedWhole } }) => `${String(storedWhole)} of ${String(stored)}`),
    rowOf('dictionary: blocks of a stored image found, on average', ({ dictionary: { storedShare } }) => percent(storedShare)),
    rowOf('dictionary: images that are not stored, found whole, in part', ({ dictionary: { absent, absentWhole, absentPartly } }) => `${String(absentWhole)}, ${String(absentPartly)} of ${String(absent)}`),
    rowOf('burnt-in number: candidates, found, right', ({ card: { tried, found, isRight } }) => `${String(tried)}, ${String(found.length)}, ${isRight ? 'yes' : 'no'}`),
    rowOf('burnt-in number: candidates a processor second', ({ card: { tried, cpuSeconds } }) => (tried / cpuSeconds).toFixed(0)),
    ...([0, 1, 2] as const).map((i) => rowOf(`sizes: ${sizeTitle[i]}, best guess right`, ({ sizes }) => percent(sizes[i]?.share ?? 0))),
    ...([0, 1, 2] as const).map((i) => rowOf(`copies: pairs with ${copyTitle[i]} of blocks in common: precision, recall`, ({ graph }) => `${percent(graph[i]?.rates.precision ?? 0)}, ${percent(graph[i]?.rates.recall ?? 0)}`)),
  ];
}

const sizeTitle = ['number of blocks', 'lengths of blocks', 'lengths of blocks, manifest, preview'] as const;
const copyTitle = ['any', 'a tenth', 'half'] as const;

function orderRows(rowOf: RowOf, domains: readonly DomainFigures[]): readonly (readonly string[])[] {
  return (domains[0]?.order ?? []).flatMap(({ which }, i) => [
    rowOf(`order, ${which}: pictures, their tiles`, ({ order }) => `${String(order[i]?.figures.images ?? 0)}, ${String(order[i]?.figures.tiles ?? 0)}`),
    rowOf(`order, ${which}: rank correlation of filing and place, mean, most`, ({ order }) => `${(order[i]?.figures.correlation ?? 0).toFixed(2)}, ${(order[i]?.figures.maxCorrelation ?? 0).toFixed(2)}`),
    rowOf(`order, ${which}: tiles put into the right eighth (chance 12.5 %)`, ({ order }) => percent(order[i]?.figures.rightEighth ?? 0)),
    rowOf(`order, ${which}: lists and metadata told from tiles`, ({ order }) => percent(order[i]?.figures.segmentsLast ?? 0)),
  ]);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
