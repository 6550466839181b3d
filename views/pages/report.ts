/** The savings report: figures, causes, formats and growth as charts and tables, with CSV and JSON made here. DESIGN.md section 7. */
import { csvOfFigures, csvOfGrowth, type AccountFigures } from '../../client-sdk/browser/page.js';
import { byId, show } from './parts/dom.js';
import { bytes, count, percent } from './parts/format.js';
import { causesChart, chainChart, daysChart, formatsChart, storageChart, trafficChart } from './parts/report-charts.js';
import { causeNames } from './parts/report-series.js';
import { saveText } from './parts/save.js';
import { startApp } from './parts/shell.js';
import { figure, table, type Row } from './parts/table.js';

type FigureRow = AccountFigures['figures'][number];

startApp(async ({ client, account }) => {
  const report = await client.call('report', undefined);
  const value = (name: string): number => report.figures.find((row) => row.name === name)?.value ?? 0;
  byId('phase', HTMLElement).textContent = '';
  offerFiles(report, `dice-report-${account.username}-${new Date().toISOString().slice(0, 10)}`);
  if (value('images') === 0) {
    show(byId('report-empty', HTMLElement), true);
    return;
  }
  show(byId('report', HTMLElement), true);
  byId('of-whom', HTMLElement).textContent = `${account.username}, ${new Date().toLocaleDateString(undefined, { dateStyle: 'long' })}`;
  showHighlights(value);
  showCharts(report, value);
  showTables(report);
});

function showHighlights(value: (name: string) => number): void {
  byId('highlights', HTMLElement).replaceChildren(
    figure(percent(value('saving')), 'saving'),
    figure(bytes(value('logicalBytes')), `in ${count(value('images'))} files`),
    figure(bytes(value('storedBytes')), 'stored'),
    figure(`${value('ratio').toFixed(2)} : 1`, 'files to stored bytes'),
    figure(percent(value('sentSaving')), 'less sent than by plain uploads'),
  );
  byId('formula', HTMLElement).textContent =
    `saving = 1 − storedBytes / logicalBytes = 1 − ${count(value('storedBytes'))} / ${count(value('logicalBytes'))} = ${percent(value('saving'))}`;
}

function showCharts(report: AccountFigures, value: (name: string) => number): void {
  byId('chain', HTMLElement).replaceChildren(chainChart(report, value));
  byId('causes-bars', HTMLElement).replaceChildren(causesChart(report));
  byId('days', HTMLElement).replaceChildren(daysChart(report, value));
  byId('storage', HTMLElement).replaceChildren(storageChart(report));
  byId('traffic', HTMLElement).replaceChildren(trafficChart(report));
  byId('formats-bars', HTMLElement).replaceChildren(formatsChart(report));
}

function showTables(report: AccountFigures): void {
  const sum = report.causes.reduce((total, row) => total + row.value, 0);
  const causes: Row[] = report.causes.map((row) => ({ cells: [causeNames[row.name] ?? row.name, row.formula, bytes(row.value), count(row.value)] }));
  causes.push({ cells: ['Saved in all', 'logicalBytes - storedBytes', bytes(sum), count(sum)], isSum: true });
  byId('causes', HTMLElement).replaceChildren(table('A negative row is what the encryption and the previews cost.',
    [{ text: 'Cause' }, { text: 'Formula', isWide: true }, { text: 'Saved', isNumber: true }, { text: 'Bytes', isNumber: true }], causes));
  byId('formats', HTMLElement).replaceChildren(table('Blocks: before equal ones meet. Share: of the files.',
    [{ text: 'Format' }, { text: 'Images', isNumber: true, isWide: true }, { text: 'Files', isNumber: true }, { text: 'Blocks', isNumber: true }, { text: 'Share', isNumber: true }, { text: 'Sent', isNumber: true, isWide: true }],
    report.formats.map((row) => ({ cells: [row.format, count(row.images), bytes(row.logicalBytes), bytes(row.codedBytes), row.logicalBytes === 0 ? '' : percent(row.codedBytes / row.logicalBytes), bytes(row.sentBytes)] }))));
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
  const printer = byId('print', HTMLButtonElement);
  for (const press of [csv, json, printer]) press.disabled = false;
  csv.addEventListener('click', () => { saveText(csvOfFigures(report) + csvOfGrowth(report.growth), `${name}.csv`, 'text/csv'); });
  json.addEventListener('click', () => { saveText(`${JSON.stringify(report, null, 2)}\n`, `${name}.json`, 'application/json'); });
  printer.addEventListener('click', () => { print(); });
}
