/**
 * `dice report`: what was saved, every row with its formula; as text, JSON or CSV under the same names.
 */
import type { AccountFigures, DayRow, FigureRow, FormatRow } from '../figures.js';
import { chainNames, csvOfFigures, trafficNames } from '../figures.js';
import type { Json } from '../protocol/schema.js';
import { bytesText, shareText, tableText } from './amounts.js';
import type { Context } from './context.js';
import { UsageError } from './exit-status.js';
import type { Call, VerbHost } from './verb.js';

export function addReport(host: VerbHost): void {
  host.verb<{ readonly csv?: boolean }>('report', 'show what was saved', report).option('--csv', 'as CSV on stdout');
}

async function report(context: Context, { options }: Call<{ readonly csv?: boolean }>): Promise<0> {
  if (options.csv === true && context.console.options.isJson) throw new UsageError('--csv and --json exclude each other');
  const client = await context.member();
  const figures = await client.report({ signal: context.signal });
  if (options.csv === true) context.surroundings.streams.stdout.write(csvOfFigures(figures));
  else context.console.say(textOf(figures));
  context.console.document(documentOf(figures));
  return 0;
}

function documentOf(figures: AccountFigures): Json {
  return {
    figures: figures.figures.map((row) => ({ ...row })),
    causes: figures.causes.map((row) => ({ ...row })),
    formats: figures.formats.map((row) => ({ ...row })),
    days: figures.days.map((row) => ({ ...row })),
  };
}

/** The chain first, then why, what travelled, and everything else; each figure once. */
function textOf({ figures, causes, formats, days }: AccountFigures): string {
  const chain = named(figures, [...chainNames, 'savedBytes', 'saving']);
  const traffic = named(figures, trafficNames);
  const others = figures.filter((row) => !chain.includes(row) && !traffic.includes(row));
  return [
    'From the files to what is stored', tableText(chain.map(cells)),
    '\nWhat saved it (adds up to savedBytes)', tableText(causes.map(cells)),
    '\nSent, against a plain upload', tableText(traffic.map(cells)),
    '\nThe rest', tableText(others.map(cells)),
    '\nBy format', tableText([['format', 'images', 'logicalBytes', 'codedBytes', 'sentBytes'], ...formats.map(formatCells)]),
    '\nBy day (UTC)', tableText([['day', 'images', 'logicalBytes', 'sentBytes', 'newBlocks', 'newCipherBytes'], ...days.map(dayCells)]),
  ].join('\n');
}

function named(figures: readonly FigureRow[], names: readonly string[]): readonly FigureRow[] {
  return names.flatMap((name) => figures.filter((row) => row.name === name));
}

function cells({ name, value, unit, formula }: FigureRow): readonly (string | number)[] {
  return [name, unit === 'bytes' ? value : '', inWords(name, value, unit), `= ${formula}`];
}

function inWords(name: string, value: number, unit: FigureRow['unit']): string {
  if (unit === 'bytes') return bytesText(value);
  if (unit === 'count') return String(value);
  return name === 'ratio' ? value.toFixed(2) : shareText(value);
}

function formatCells({ format, images, logicalBytes, codedBytes, sentBytes }: FormatRow): readonly (string | number)[] {
  return [format, images, bytesText(logicalBytes), bytesText(codedBytes), bytesText(sentBytes)];
}

function dayCells({ day, images, logicalBytes, sentBytes, newBlocks, newCipherBytes }: DayRow): readonly (string | number)[] {
  return [day, images, bytesText(logicalBytes), bytesText(sentBytes), newBlocks, bytesText(newCipherBytes)];
}
