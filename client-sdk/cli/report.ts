/**
 * `dice report`: what was saved, every row with its formula; as text, JSON or CSV under the same names.
 */
import type { AccountFigures, FigureRow } from '../figures.js';
import { csvOfFigures } from '../figures.js';
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

function textOf(figures: AccountFigures): string {
  const formats = figures.formats.map((row) => [row.format, row.images, bytesText(row.logicalBytes)]);
  return [
    tableText(figures.figures.map(cells)),
    '\nSaved, by cause',
    tableText(figures.causes.map(cells)),
    '\nBy format',
    tableText([['format', 'images', 'logical'], ...formats]),
  ].join('\n');
}

function cells(row: FigureRow): readonly (string | number)[] {
  const value = row.unit === 'bytes' ? bytesText(row.value) : row.name === 'saving' ? shareText(row.value) : row.unit === 'ratio' ? row.value.toFixed(3) : String(row.value);
  return [row.name, value, `= ${row.formula}`];
}
