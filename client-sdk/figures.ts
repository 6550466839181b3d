/**
 * The account's report: what was saved, with every formula, from the client's own entries and the server's figures
 * of the same account. Images in the trash count: they are stored. Pure; the rows add up to the byte. JSON and CSV carry
 * the same names. SPEC.md section 12.
 */
import type { AccountReport, Usage } from './protocol/messages.js';

/** One figure and how it was computed. */
export interface FigureRow {
  readonly name: string;
  readonly value: number;
  readonly unit: 'bytes' | 'count' | 'ratio';
  readonly formula: string;
}

/** One format (media type): sums over all its images. */
export interface FormatRow {
  readonly format: string;
  readonly images: number;
  readonly logicalBytes: number;
  readonly codedBytes: number;
  readonly sentBytes: number;
}

/** One day (UTC). Images and their bytes count on the day they were stored; a block, on the day of its first image. */
export interface DayRow {
  readonly day: string;
  readonly images: number;
  readonly logicalBytes: number;
  readonly sentBytes: number;
  readonly newBlocks: number;
  readonly newCipherBytes: number;
  readonly receivedBytes: number;
}

/**
 * Sums over the first `images` images in the order of their upload. `cipherBytes` is known at the end of a day alone: the server tells
 * on which day a block first came, not with which image.
 */
export interface GrowthRow {
  readonly images: number;
  /** Of the last of these images (UTC). */
  readonly day: string;
  readonly logicalBytes: number;
  readonly codedBytes: number;
  readonly sentBytes: number;
  readonly cipherBytes: number | undefined;
}

/** The report. `causes` add up to the figure `savedBytes`. */
export interface AccountFigures {
  readonly figures: readonly FigureRow[];
  readonly causes: readonly FigureRow[];
  readonly formats: readonly FormatRow[];
  readonly days: readonly DayRow[];
  /** One row for each image. */
  readonly growth: readonly GrowthRow[];
}

/** The figures that lead from the files to what is stored, in order. */
export const chainNames = ['logicalBytes', 'distinctFileBytes', 'distinctCodedBytes', 'cipherBytes', 'sealedBytes', 'storedBytes'] as const;
/** The figures that hold what travelled against a plain upload, in order. */
export const trafficNames = ['plainUploadBytes', 'sentBytes', 'sentSaving', 'receivedBytes'] as const;

/** What the report takes from an entry. */
export interface CountedImage {
  readonly size: number;
  readonly fileHash: string;
  readonly type: string;
  readonly createdAt: number;
  /** Cipher bytes of all references to blocks. */
  readonly codedBytes: number;
  /** Request body bytes that the upload cost. */
  readonly sentBytes: number;
}

interface Amounts {
  images: number;
  logicalBytes: number;
  codedBytes: number;
  sentBytes: number;
}

interface Sums extends Amounts {
  distinctFiles: number;
  distinctFileBytes: number;
  distinctCodedBytes: number;
}

/** Gathers images one by one; memory: one hash and one number for each distinct file, four numbers for each image. */
export class FigureSums {
  readonly #codedBytes = new Map<string, number>();
  readonly #formats = new Map<string, Amounts>();
  readonly #days = new Map<string, Amounts>();
  readonly #uploads: Pick<CountedImage, 'createdAt' | 'size' | 'codedBytes' | 'sentBytes'>[] = [];
  readonly #sums: Sums = { ...noAmounts(), distinctFiles: 0, distinctFileBytes: 0, distinctCodedBytes: 0 };

  add(image: CountedImage): void {
    const { createdAt, size, codedBytes, sentBytes } = image;
    this.#uploads.push({ createdAt, size, codedBytes, sentBytes });
    grow(this.#sums, image);
    grow(amountsOf(this.#formats, image.type), image);
    grow(amountsOf(this.#days, dayOf(createdAt)), image);
    this.#addFile(image);
  }

  /** The report over everything added and the server's own figures of this account. */
  report(server: AccountReport): AccountFigures {
    const days = dayRows(this.#days, server);
    return {
      figures: [...storageRows(this.#sums, server.usage), ...trafficRows(this.#sums, server.usage)],
      causes: causeRows(this.#sums, server.usage),
      formats: [...this.#formats].map(([format, sums]) => ({ format, ...sums })).sort((a, b) => b.logicalBytes - a.logicalBytes),
      days,
      growth: growthRows(this.#uploads, days),
    };
  }

  /** Equal files may be cut differently; the smallest counts, so the order of listing does not matter. */
  #addFile({ fileHash, size, codedBytes }: CountedImage): void {
    const known = this.#codedBytes.get(fileHash);
    if (known === undefined) {
      this.#sums.distinctFiles++;
      this.#sums.distinctFileBytes += size;
    }
    const least = Math.min(known ?? codedBytes, codedBytes);
    this.#sums.distinctCodedBytes += least - (known ?? 0);
    this.#codedBytes.set(fileHash, least);
  }
}

/** All rows but the growth as CSV (RFC 4180): `section,key,name,value,formula`, one line for each number of the JSON. */
export function csvOfFigures(report: Omit<AccountFigures, 'growth'>): string {
  const lines = [['section', 'key', 'name', 'value', 'formula']];
  for (const row of report.figures) lines.push(['figures', '', row.name, String(row.value), row.formula]);
  for (const row of report.causes) lines.push(['causes', '', row.name, String(row.value), row.formula]);
  for (const { format, ...numbers } of report.formats) lines.push(...numberLines('formats', format, numbers));
  for (const { day, ...numbers } of report.days) lines.push(...numberLines('days', day, numbers));
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

/** The growth as further lines of that CSV; the key is the number of images. What is not known has no line. */
export function csvOfGrowth(growth: readonly GrowthRow[]): string {
  const lines = growth.flatMap(({ images, logicalBytes, codedBytes, sentBytes, cipherBytes }) =>
    numberLines('growth', String(images), { logicalBytes, codedBytes, sentBytes, ...(cipherBytes === undefined ? {} : { cipherBytes }) }));
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function numberLines(section: string, key: string, numbers: Readonly<Record<string, number>>): string[][] {
  return Object.entries(numbers).map(([name, value]) => [section, key, name, String(value), '']);
}

/** Quoted where it must be; a cell that a spreadsheet would run as a formula gets an apostrophe. */
function csvCell(cell: string): string {
  const harmless = /^[=+@\t\r]/.test(cell) || /^-(?!\d)/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function noAmounts(): Amounts {
  return { images: 0, logicalBytes: 0, codedBytes: 0, sentBytes: 0 };
}

function amountsOf(rows: Map<string, Amounts>, key: string): Amounts {
  const known = rows.get(key);
  if (known !== undefined) return known;
  const made = noAmounts();
  rows.set(key, made);
  return made;
}

function grow(amounts: Amounts, image: CountedImage): void {
  amounts.images++;
  amounts.logicalBytes += image.size;
  amounts.codedBytes += image.codedBytes;
  amounts.sentBytes += image.sentBytes;
}

function sealedBytesOf(usage: Usage): number {
  return usage.cipherBytes + usage.manifestBytes + usage.entryBytes + usage.previewBytes;
}

/** A row as [name, value, formula]. */
type Told = readonly [name: string, value: number, formula: string];

function rows(unit: FigureRow['unit'], told: readonly Told[]): readonly FigureRow[] {
  // Zero is added so that a negated zero is written as 0.
  return told.map(([name, value, formula]) => ({ name, value: value + 0, unit, formula }));
}

/** 1 - kept / full, and 0 where there is nothing. */
function savingOf(kept: number, full: number): number {
  return full === 0 ? 0 : 1 - kept / full;
}

function storageRows(sums: Sums, usage: Usage): readonly FigureRow[] {
  const { logicalBytes } = sums;
  const sealed = sealedBytesOf(usage);
  const stored = sealed + usage.recordBytes;
  return [
    ...rows('count', [
      ['images', sums.images, 'images of the account, those in the trash included: they are stored'],
      ['trashedImages', usage.trashedImages, 'of these, images in the trash'],
      ['distinctFiles', sums.distinctFiles, 'images with different fileHash'],
      ['blocks', usage.blocks, 'distinct blocks that the images refer to'],
    ]),
    ...rows('bytes', [
      ['logicalBytes', logicalBytes, 'sum of the file sizes of all images, those in the trash included'],
      ['distinctFileBytes', sums.distinctFileBytes, 'sum of the sizes of files with different fileHash'],
      ['codedBytes', sums.codedBytes, 'sum over all images of the cipher bytes of every reference to a block'],
      ['distinctCodedBytes', sums.distinctCodedBytes, 'the same over files with different fileHash (of equal files that were cut differently, the smallest)'],
      ['cipherBytes', usage.cipherBytes, 'ciphers of the distinct blocks that the images refer to'],
      ['manifestBytes', usage.manifestBytes, 'sealed manifests; contents too small for a block are in them'],
      ['entryBytes', usage.entryBytes, 'sealed entries and wrapped keys'],
      ['previewBytes', usage.previewBytes, 'sealed previews'],
      ['sealedBytes', sealed, 'cipherBytes + manifestBytes + entryBytes + previewBytes'],
      ['recordBytes', usage.recordBytes, 'headers of the records of distinct blocks, manifests and previews: a fixed number for each'],
      ['storedBytes', stored, 'sealedBytes + recordBytes'],
      ['savedBytes', logicalBytes - stored, 'logicalBytes - storedBytes'],
    ]),
    ...rows('ratio', [
      ['saving', savingOf(stored, logicalBytes), '1 - storedBytes / logicalBytes'],
      ['ratio', stored === 0 ? 1 : logicalBytes / stored, 'logicalBytes / storedBytes'],
    ]),
  ];
}

function trafficRows(sums: Sums, usage: Usage): readonly FigureRow[] {
  return [
    ...rows('bytes', [
      ['plainUploadBytes', sums.logicalBytes, 'logicalBytes: what a plain upload of every image would have sent'],
      ['sentBytes', sums.sentBytes, 'sum over all images of the request bodies of their upload: questions, proofs, blocks and commit'],
    ]),
    ...rows('ratio', [['sentSaving', savingOf(sums.sentBytes, sums.logicalBytes), '1 - sentBytes / plainUploadBytes']]),
    ...rows('bytes', [
      ['receivedBytes', usage.receivedBytes, 'ciphers and sealed objects that the server took in for committed images, those removed since included'],
      ['sessionBytes', usage.sessionBytes, 'blocks in live uploads that no image refers to yet'],
      ['usedBytes', usage.usedBytes, 'sealedBytes + sessionBytes: what counts against the quota'],
    ]),
  ];
}

function causeRows(sums: Sums, usage: Usage): readonly FigureRow[] {
  return rows('bytes', [
    ['equalFiles', sums.logicalBytes - sums.distinctFileBytes, 'logicalBytes - distinctFileBytes'],
    ['coding', sums.distinctFileBytes - sums.distinctCodedBytes, 'distinctFileBytes - distinctCodedBytes'],
    ['equalBlocks', sums.distinctCodedBytes - usage.cipherBytes, 'distinctCodedBytes - cipherBytes'],
    ['records', -(usage.manifestBytes + usage.entryBytes), '-(manifestBytes + entryBytes)'],
    ['previews', -usage.previewBytes, '-previewBytes'],
    ['recordHeaders', -usage.recordBytes, '-recordBytes'],
  ]);
}

function dayRows(own: ReadonlyMap<string, Amounts>, server: AccountReport): readonly DayRow[] {
  const known = new Map(server.days.map((day) => [day.day, day]));
  const days = [...new Set([...own.keys(), ...known.keys()])].sort();
  return days.map((day) => {
    const { images, logicalBytes, sentBytes } = own.get(day) ?? noAmounts();
    const counted = known.get(day);
    return {
      day, images, logicalBytes, sentBytes,
      newBlocks: counted?.newBlocks ?? 0,
      newCipherBytes: counted?.newCipherBytes ?? 0,
      receivedBytes: counted?.receivedBytes ?? 0,
    };
  });
}

function growthRows(uploads: readonly Pick<CountedImage, 'createdAt' | 'size' | 'codedBytes' | 'sentBytes'>[], days: readonly DayRow[]): readonly GrowthRow[] {
  const ciphersUntil = new Map<string, number>();
  let ciphers = 0;
  for (const { day, newCipherBytes } of days) ciphersUntil.set(day, (ciphers += newCipherBytes));
  const inOrder = [...uploads].sort((a, b) => a.createdAt - b.createdAt);
  let [logicalBytes, codedBytes, sentBytes] = [0, 0, 0];
  return inOrder.map((upload, i) => {
    const day = dayOf(upload.createdAt);
    const next = inOrder[i + 1];
    logicalBytes += upload.size;
    codedBytes += upload.codedBytes;
    sentBytes += upload.sentBytes;
    const isLastOfDay = next === undefined || dayOf(next.createdAt) !== day;
    return { images: i + 1, day, logicalBytes, codedBytes, sentBytes, cipherBytes: isLastOfDay ? ciphersUntil.get(day) : undefined };
  });
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
