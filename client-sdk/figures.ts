/**
 * The account's report: what was saved, with every formula, from the client's own entries and the server's figures
 * of the same account. Pure; the rows add up. JSON and CSV carry the same names. SPEC.md section 12.
 */
import type { AccountReport } from './protocol/messages.js';

/** One figure and how it was computed. */
export interface FigureRow {
  readonly name: string;
  readonly value: number;
  readonly unit: 'bytes' | 'count' | 'ratio';
  readonly formula: string;
}

/** One format (media type). */
export interface FormatRow {
  readonly format: string;
  readonly images: number;
  readonly logicalBytes: number;
}

/** One day (UTC). */
export interface DayRow {
  readonly day: string;
  readonly images: number;
  readonly logicalBytes: number;
  readonly newBlocks: number;
  readonly newCipherBytes: number;
  readonly receivedBytes: number;
}

/** The report. `causes` add up to `savedBytes`. */
export interface AccountFigures {
  readonly figures: readonly FigureRow[];
  readonly causes: readonly FigureRow[];
  readonly formats: readonly FormatRow[];
  readonly days: readonly DayRow[];
}

/** What the report takes from an entry. */
export interface CountedImage {
  readonly size: number;
  readonly fileHash: string;
  readonly type: string;
  readonly createdAt: number;
}

interface Sums {
  images: number;
  logicalBytes: number;
  distinctFiles: number;
  distinctFileBytes: number;
}

/** Gathers images one by one; memory: one hash for each distinct file. */
export class FigureSums {
  readonly #seen = new Set<string>();
  readonly #formats = new Map<string, { images: number; logicalBytes: number }>();
  readonly #days = new Map<string, number>();
  readonly #sums: Sums = { images: 0, logicalBytes: 0, distinctFiles: 0, distinctFileBytes: 0 };

  add(image: CountedImage): void {
    this.#sums.images++;
    this.#sums.logicalBytes += image.size;
    if (!this.#seen.has(image.fileHash)) {
      this.#seen.add(image.fileHash);
      this.#sums.distinctFiles++;
      this.#sums.distinctFileBytes += image.size;
    }
    const format = this.#formats.get(image.type) ?? { images: 0, logicalBytes: 0 };
    format.images++;
    format.logicalBytes += image.size;
    this.#formats.set(image.type, format);
    const day = new Date(image.createdAt).toISOString().slice(0, 10);
    this.#days.set(day, (this.#days.get(day) ?? 0) + image.size);
  }

  /** The report over everything added and the server's own figures of this account. */
  report(server: AccountReport): AccountFigures {
    return {
      figures: figureRows(this.#sums, server),
      causes: causeRows(this.#sums, server),
      formats: [...this.#formats].map(([format, sums]) => ({ format, ...sums })).sort((a, b) => b.logicalBytes - a.logicalBytes),
      days: dayRows(this.#days, server),
    };
  }
}

/** All rows as CSV (RFC 4180): `section,key,name,value,formula`, one line for each number of the JSON. */
export function csvOfFigures(report: AccountFigures): string {
  const lines = [['section', 'key', 'name', 'value', 'formula']];
  for (const row of report.figures) lines.push(['figures', '', row.name, String(row.value), row.formula]);
  for (const row of report.causes) lines.push(['causes', '', row.name, String(row.value), row.formula]);
  for (const { format, ...numbers } of report.formats) lines.push(...numberLines('formats', format, numbers));
  for (const { day, ...numbers } of report.days) lines.push(...numberLines('days', day, numbers));
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

function storedBytesOf({ usage }: AccountReport): number {
  return usage.cipherBytes + usage.manifestBytes + usage.entryBytes + usage.previewBytes;
}

function row(name: string, unit: FigureRow['unit'], content: { readonly value: number; readonly formula: string }): FigureRow {
  return { name, unit, ...content };
}

function figureRows(sums: Sums, server: AccountReport): readonly FigureRow[] {
  const { usage } = server;
  const stored = storedBytesOf(server);
  const { logicalBytes } = sums;
  return [
    row('images', 'count', { value: sums.images, formula: 'images of the account, those in the trash included' }),
    row('logicalBytes', 'bytes', { value: logicalBytes, formula: 'sum of the file sizes of all images' }),
    row('distinctFiles', 'count', { value: sums.distinctFiles, formula: 'images with different fileHash' }),
    row('distinctFileBytes', 'bytes', { value: sums.distinctFileBytes, formula: 'sum of the sizes of files with different fileHash' }),
    row('blocks', 'count', { value: usage.blocks, formula: 'distinct blocks that the images refer to' }),
    row('cipherBytes', 'bytes', { value: usage.cipherBytes, formula: 'ciphers of the distinct blocks' }),
    row('manifestBytes', 'bytes', { value: usage.manifestBytes, formula: 'sealed manifests' }),
    row('entryBytes', 'bytes', { value: usage.entryBytes, formula: 'sealed entries and wrapped keys' }),
    row('previewBytes', 'bytes', { value: usage.previewBytes, formula: 'sealed previews' }),
    row('storedBytes', 'bytes', { value: stored, formula: 'cipherBytes + manifestBytes + entryBytes + previewBytes' }),
    row('savedBytes', 'bytes', { value: logicalBytes - stored, formula: 'logicalBytes - storedBytes' }),
    row('saving', 'ratio', { value: logicalBytes === 0 ? 0 : 1 - stored / logicalBytes, formula: '1 - storedBytes / logicalBytes' }),
    row('ratio', 'ratio', { value: stored === 0 ? 1 : logicalBytes / stored, formula: 'logicalBytes / storedBytes' }),
    row('sessionBytes', 'bytes', { value: usage.sessionBytes, formula: 'blocks in live uploads that no image refers to yet' }),
    row('usedBytes', 'bytes', { value: usage.usedBytes, formula: 'what counts against the quota' }),
    row('receivedBytes', 'bytes', { value: usage.receivedBytes, formula: 'request bodies received for committed images since the account began' }),
    row('plainUploadBytes', 'bytes', { value: logicalBytes, formula: 'logicalBytes: what a plain upload would have sent' }),
  ];
}

function causeRows(sums: Sums, { usage }: AccountReport): readonly FigureRow[] {
  const rows: readonly (readonly [name: string, value: number, formula: string])[] = [
    ['equalFiles', sums.logicalBytes - sums.distinctFileBytes, 'logicalBytes - distinctFileBytes'],
    ['codingAndEqualBlocks', sums.distinctFileBytes - usage.cipherBytes, 'distinctFileBytes - cipherBytes'],
    ['records', -(usage.manifestBytes + usage.entryBytes), '-(manifestBytes + entryBytes)'],
    ['previews', -usage.previewBytes, '-previewBytes'],
  ];
  return rows.map(([name, value, formula]) => row(name, 'bytes', { value: value + 0, formula }));
}

function dayRows(logical: ReadonlyMap<string, number>, server: AccountReport): readonly DayRow[] {
  const known = new Map(server.days.map((day) => [day.day, day]));
  const days = [...new Set([...logical.keys(), ...known.keys()])].sort();
  return days.map((day) => {
    const counted = known.get(day);
    return {
      day,
      images: counted?.images ?? 0,
      logicalBytes: logical.get(day) ?? 0,
      newBlocks: counted?.newBlocks ?? 0,
      newCipherBytes: counted?.newCipherBytes ?? 0,
      receivedBytes: counted?.receivedBytes ?? 0,
    };
  });
}
