/**
 * All attacks on stores that are made for it, one in `open` and one in `personal`: three files of four are stored, all are
 * guessed, and a card with a number is stored too. As the contents are known here, so are the rates of success.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pngOf } from '../plain-images.js';
import { cardOf, enumerate, type Enumeration } from './burnt-in.js';
import { type GraphRates, graphRates } from './copy-graph.js';
import { type DictionaryRates, dictionaryRates, lookUp } from './dictionary.js';
import { type FrequentBlock, frequentBlocks } from './frequency.js';
import { type Guess, guessesOf, imagesOf } from './guesses.js';
import { MadeStore, type StoredFile, type Truth } from './made-store.js';
import type { SeenImage } from './seen-store.js';
import { paddingFigures, type PaddingFigures, paddings, type SizeFeature, sizeFeatures, topOne } from './size-match.js';
import { entropyBits } from './statistics.js';
import { type OrderFigures, orderFigures } from './tile-order.js';

/** Where and how. `digits`: of the number on the card. */
export interface TrialPlace {
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly digits: number;
  /** Told what begins. */
  readonly say: (line: string) => void;
}

export type TrialDomain = 'open' | 'personal';

/** What all attacks gave against one store. */
export interface DomainFigures {
  readonly domain: TrialDomain;
  readonly images: number;
  readonly blocks: number;
  readonly cipherBytes: number;
  /** What the length of one distinct block tells, on average. */
  readonly lengthBits: number;
  readonly dictionary: DictionaryRates;
  readonly sizes: readonly { readonly feature: SizeFeature; readonly images: number; readonly share: number }[];
  /** By the least share of blocks in common. */
  readonly graph: readonly { readonly minShare: number; readonly rates: GraphRates }[];
  readonly order: readonly { readonly which: string; readonly figures: OrderFigures }[];
  readonly frequent: readonly FrequentBlock[];
  readonly card: Enumeration & { readonly isRight: boolean };
}

export interface TrialFigures {
  readonly files: number;
  readonly stored: number;
  readonly domains: readonly DomainFigures[];
  readonly paddings: readonly PaddingFigures[];
}

/** Makes both stores and the attacker's own, attacks, and removes them. */
export async function trialOf(files: readonly StoredFile[], place: TrialPlace): Promise<TrialFigures> {
  const stored = files.filter((_, i) => i % 4 !== 3);
  place.say(`the attacker stores ${String(files.length)} files in both domains`);
  const guesses = await guessesOf(files, place);
  const domains: DomainFigures[] = [];
  for (const domain of ['open', 'personal'] as const) domains.push(await attacked({ domain, guesses, stored }, place));
  return { files: files.length, stored: stored.length, domains, paddings: paddings.map((padding) => paddingFigures(guesses, padding)) };
}

interface Attack {
  readonly domain: TrialDomain;
  readonly guesses: readonly Guess[];
  readonly stored: readonly StoredFile[];
}

async function attacked({ domain, guesses, stored }: Attack, place: TrialPlace): Promise<DomainFigures> {
  place.say(`${domain}: ${String(stored.length)} files are stored`);
  const number = Math.floor(0.7 * 10 ** place.digits);
  const { images, truth } = await victim(domain, [...stored, await cardFile(number, place)], place);
  place.say(`${domain}: attacks`);
  const rehashes = new Set(images.flatMap(({ blocks }) => blocks.map(({ rehash }) => rehash)));
  const lengths = new Map(images.flatMap(({ blocks }) => blocks.map(({ rehash, bytes }) => [rehash, bytes] as const)));
  const card = await enumerate(place.digits, rehashes);
  return {
    domain,
    images: images.length,
    blocks: lengths.size,
    cipherBytes: [...lengths.values()].reduce((sum, bytes) => sum + bytes, 0),
    lengthBits: entropyBits([...lengths.values()]),
    dictionary: dictionaryRates(lookUp(guesses, images), truth),
    sizes: sizeFeatures.map((feature) => ({ feature, ...topOne({ guesses, domain, feature }, images, truth) })),
    graph: [0, 0.1, 0.5].map((minShare) => ({ minShare, rates: graphRates(images, (image) => pictureOf(image, truth), minShare) })),
    order: [
      { which: 'PNG and TIFF', figures: orderFigures(images, truth, ({ splitter }) => splitter === 'raster') },
      { which: 'JPEG', figures: orderFigures(images, truth, ({ splitter }) => splitter === 'jpeg') },
    ],
    frequent: await frequentBlocks(images, truth, 5),
    card: { ...card, isRight: card.found.length === 1 && card.found[0] === number },
  };
}

async function victim(domain: TrialDomain, files: readonly StoredFile[], { scratch, signal }: TrialPlace): Promise<{ readonly images: readonly SeenImage[]; readonly truth: Truth }> {
  const dataDirectory = path.join(scratch, domain);
  const store = await MadeStore.start({ dataDirectory, username: domain, signal });
  let truth: Truth;
  try {
    truth = await store.store(files, { domain });
  } finally {
    await store.close();
  }
  const images = await imagesOf(dataDirectory);
  await rm(dataDirectory, { recursive: true, force: true });
  return { images, truth };
}

async function cardFile(number: number, { scratch, digits }: TrialPlace): Promise<StoredFile> {
  const file = path.join(scratch, 'card', 'card.png');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, pngOf(cardOf(number, digits)));
  return { path: file, name: 'card/card.png' };
}

/** Files in one folder below the top are versions of one picture; those at the top are pictures of their own. */
function pictureOf({ imageId }: SeenImage, truth: Truth): string {
  const name = truth.get(imageId)?.file.name ?? imageId;
  return name.split('/').length > 2 ? path.posix.dirname(name) : name;
}
