/** The savings report: figures, causes, formats and days, as pictures and tables, with CSV and JSON made here. DESIGN.md section 7. */
import { csvOfFigures, type AccountFigures } from '../../client-sdk/browser/page.js';
import { byId, show } from './parts/dom.js';
import { bytes, count, percent } from './parts/format.js';
import { saveText } from './parts/save.js';
import { startApp } from './parts/shell.js';
import { bars, figure, table, type Bar, type Row } from './parts/table.js';

type FigureRow = AccountFigures['figures'][number];

startApp(async ({ client, account }) => {
  const report = await client.call('report', undefined);
  const value = (name: string): number => report.figures.find((row) => row.name === name)?.value ?? 0;
  byId('phase', HTMLElement).textContent = '';
  show(byId('report', HTMLElement), true);
  showHighlights(value);
  showBars(value);
  showTables(report);
  offerFiles(report, `dice-report-${account.username}-${new Date().toISOString().slice(0, 10)}`);
});

function showHighlights(value: (name: string) => number): void {
  byId('highlights', HTMLElement).replaceChildren(
    figure(percent(value('saving')), 'saving'),
    figure(bytes(value('logicalBytes')), `in ${count(value('images'))} files`),
    figure(bytes(value('storedBytes')), 'stored'),
    figure(`${value('ratio').toFixed(2)} : 1`, 'files to stored bytes'),
  );
  byId('formula', HTMLElement).textContent =
    `saving = 1 − storedBytes / logicalBytes = 1 − ${count(value('storedBytes'))} / ${count(value('logicalBytes'))} = ${percent(value('saving'))}`;
}

function showBars(value: (name: string) => number): void {
  const bar = (title: string, name: string, tone: number): Bar => ({ name: title, value: value(name), text: bytes(value(name)), tone });
  byId('chain', HTMLElement).replaceChildren(bars([
    bar('All files', 'logicalBytes', 0),
    bar('Different files', 'distinctFileBytes', 1),
    bar('Coded and encrypted', 'distinctCodedBytes', 1),
    bar('Different blocks', 'cipherBytes', 2),
    bar('With manifests, entries and previews', 'sealedBytes', 2),
    bar('With record headers: stored', 'storedBytes', 2),
  ]));
  byId('traffic', HTMLElement).replaceChildren(bars([
    bar('Storage without deduplication', 'logicalBytes', 0),
    bar('Storage here', 'storedBytes', 2),
    bar('Sent by a plain upload', 'plainUploadBytes', 0),
    bar('Sent here', 'sentBytes', 2),
  ]));
}

const causeNames: Readonly<Record<string, string>> = {
  equalFiles: 'Equal files', coding: 'Better coding', equalBlocks: 'Equal blocks', records: 'Manifests and entries', previews: 'Previews',
  recordHeaders: 'Record headers',
};

function showTables(report: AccountFigures): void {
  const sum = report.causes.reduce((total, row) => total + row.value, 0);
  const causes: Row[] = report.causes.map((row) => ({ cells: [causeNames[row.name] ?? row.name, row.formula, bytes(row.value), count(row.value)] }));
  causes.push({ cells: ['Saved in all', 'logicalBytes - storedBytes', bytes(sum), count(sum)], isSum: true });
  byId('causes', HTMLElement).replaceChildren(table('A negative row is what the encryption and the previews cost.',
    [{ text: 'Cause' }, { text: 'Formula', isWide: true }, { text: 'Saved', isNumber: true }, { text: 'Bytes', isNumber: true }], causes));
  byId('formats', HTMLElement).replaceChildren(table('Coded: before equal blocks meet.',
    [{ text: 'Format' }, { text: 'Images', isNumber: true, isWide: true }, { text: 'Files', isNumber: true }, { text: 'Coded', isNumber: true }, { text: 'Sent', isNumber: true }],
    report.formats.map((row) => ({ cells: [row.format, count(row.images), bytes(row.logicalBytes), bytes(row.codedBytes), bytes(row.sentBytes)] }))));
  byId('days', HTMLElement).replaceChildren(table('By day (UTC).',
    [{ text: 'Day' }, { text: 'Images', isNumber: true, isWide: true }, { text: 'Files', isNumber: true }, { text: 'New blocks', isNumber: true }, { text: 'Sent', isNumber: true }],
    report.days.map((row) => ({ cells: [row.day, count(row.images), bytes(row.logicalBytes), bytes(row.newCipherBytes), bytes(row.sentBytes)] }))));
  byId('all', HTMLElement).replaceChildren(table('The same names as in CSV and JSON.',
    [{ text: 'Figure' }, { text: 'Formula', isWide: true }, { text: 'Value', isNumber: true }],
    report.figures.map((row) => ({ cells: [row.name, row.formula, valueText(row)] }))));
}

function valueText(row: FigureRow): string {
  return row.unit === 'ratio' ? row.value.toFixed(4) : count(row.value);
}

function offerFiles(report: AccountFigures, name: string): void {
  const csv = byId('csv', HTMLButtonElement);
  const json = byId('json', HTMLButtonElement);
  csv.disabled = false;
  json.disabled = false;
  csv.addEventListener('click', () => { saveText(csvOfFigures(report), `${name}.csv`, 'text/csv'); });
  json.addEventListener('click', () => { saveText(`${JSON.stringify(report, null, 2)}\n`, `${name}.json`, 'application/json'); });
}
