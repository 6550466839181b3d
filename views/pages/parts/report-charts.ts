/**
 * The charts of the report, each with the table of the same numbers. They draw what report-series.ts made of the account's own figures.
 */
import type { AccountFigures } from '../../../client-sdk/browser/page.js';
import { barsChart, type ChartBar } from './chart-bars.js';
import { linesChart, type LineSeries } from './chart-lines.js';
import { stackedBar, type StackPart } from './chart-stack.js';
import { el } from './dom.js';
import { bytes, count, percent, things } from './format.js';
import { causeNames, chainOf, growthPoints, storageByDay, type GrowthPoint } from './report-series.js';
import { table } from './table.js';

/** Points of a line at most, and rows of its table. */
const [maxPoints, maxRows] = [600, 60];
type ValueOf = (name: string) => number;

/** The chain as one bar: what is stored, then what each step saved. Together they are the files and what encryption adds. */
export function chainChart(report: AccountFigures, value: ValueOf): HTMLElement {
  const cause = (name: string): number => report.causes.find((row) => row.name === name)?.value ?? 0;
  const part = (name: string, size: number, tone: string): StackPart => ({ name, value: Math.max(0, size), text: bytes(size), tone });
  const saved = ['equalBlocks', 'coding', 'equalFiles'].map((name, i) => part(`Saved: ${(causeNames[name] ?? name).toLowerCase()}`, cause(name), `saved-${String(i)}`));
  const parts = [part('Stored: different blocks', value('cipherBytes'), 'stored'), part('Stored: manifests and entries', -cause('records'), 'patched'), part('Stored: previews', -cause('previews'), 'new'), part('Stored: record headers', -cause('recordHeaders'), 'flat'), ...saved];
  const sum = parts.reduce((total, one) => total + one.value, 0);
  const [stored, files] = [value('storedBytes'), value('logicalBytes')];
  const bar = stackedBar({
    id: 'chain-chart', title: 'From the files to what is stored', description: `${bytes(files)} of files take ${bytes(stored)}. The bar shows what is stored and what each step saved.`,
    parts, mark: { at: files, text: `your files: ${bytes(files)}` }, table: chainTable(report),
  });
  const sentence = `Stored ${count(stored)} + saved ${count(sum - stored)} = files ${count(files)} + what encryption, previews and larger coding add ${count(sum - files)}, in bytes.`;
  return el('div', { class: 'stack-tight' }, bar, el('p', { class: 'small quiet', id: 'chain-sum' }, sentence));
}

function chainTable(report: AccountFigures): HTMLElement {
  const steps = chainOf(report);
  const rows = steps.map(({ name, change, leaves }, i) => ({ cells: [name, i === 0 ? '' : count(change), count(leaves)] }));
  return table('What each step changes, and what it leaves, in bytes.', [{ text: 'Step' }, { text: 'Change', isNumber: true }, { text: 'Leaves', isNumber: true }],
    [...rows, { cells: ['Stored', '', count(steps.at(-1)?.leaves ?? 0)], isSum: true }]);
}

/** Savings by cause; a bar to the left is what encryption costs. */
export function causesChart(report: AccountFigures): HTMLElement {
  const bars = report.causes.map(({ name, value }): ChartBar => ({ name: causeNames[name] ?? name, value, text: bytes(value), tone: value < 0 ? 'new' : 'accent' }));
  return barsChart({ id: 'causes-chart', title: 'What saved the bytes', description: 'Bars to the right saved bytes, bars to the left cost bytes. The table has the same numbers.', bars });
}

/** Files and different blocks over time. */
export function daysChart(report: AccountFigures, value: ValueOf): HTMLElement {
  const points = storageByDay(report.days);
  const left = value('storedBytes') - value('cipherBytes');
  const series: readonly LineSeries[] = [
    { name: 'files', tone: 'plain', kind: 'area', values: points.map(({ logicalBytes }) => logicalBytes) },
    { name: 'different blocks stored', tone: 'stored', kind: 'area', values: points.map(({ cipherBytes }) => cipherBytes) },
  ];
  const rows = points.map(({ day, images, logicalBytes, cipherBytes }) => ({ cells: [day, count(images), count(logicalBytes), count(cipherBytes)] }));
  const drawing = linesChart({
    id: 'days-chart', title: 'Files and stored blocks over time', description: 'Two areas that grow day by day (UTC).',
    xs: points.map(({ at }) => at), xText: (i) => points[i]?.day ?? '', ticks: endsOf(points.map(({ at, day }) => ({ at, text: day }))), series,
    table: table('Sums at the end of each day (UTC), in bytes.', [{ text: 'Day' }, { text: 'Images', isNumber: true }, { text: 'Files', isNumber: true }, { text: 'Blocks', isNumber: true }], rows),
  });
  return el('div', { class: 'stack-tight' }, drawing, el('p', { class: 'small quiet' }, `A block counts on the day of its first image. Manifests, previews and record headers, ${bytes(left)} in all, are not known by day and are left out. Images that were removed for good are in no sum.`));
}

/** Storage with and without deduplication over the number of images. */
export function storageChart(report: AccountFigures): HTMLElement {
  const points = growthPoints(report.growth, maxPoints);
  const hasEstimates = points.some(({ isExact }) => !isExact);
  const drawing = growthChart({
    id: 'storage-chart', title: 'Storage with and without deduplication', description: 'Sums over your images in the order of upload.', points,
    series: [
      { name: 'files as they are', tone: 'plain', kind: 'line', values: points.map(({ logicalBytes }) => logicalBytes) },
      { name: 'blocks without deduplication', tone: 'new', kind: 'line', values: points.map(({ codedBytes }) => codedBytes) },
      ...(hasEstimates ? [{ name: 'blocks with deduplication, estimated', tone: 'stored', kind: 'dashed', values: points.map(({ cipherBytes }) => cipherBytes) } as const] : []),
      { name: 'blocks with deduplication, counted', tone: 'stored', kind: hasEstimates ? 'dots' : 'line', values: points.map(({ cipherBytes, isExact }) => (isExact ? cipherBytes : undefined)) },
    ],
    columns: [['Files', (point) => count(point.logicalBytes)], ['Without', (point) => count(point.codedBytes)], ['With', (point) => (point.isExact ? count(point.cipherBytes) : 'not known')]],
  });
  const note = hasEstimates ? 'Dots are counted: the server tells what is new by day, not by image. Between them the dashed line shares a day’s new blocks out by what each upload sent.' : 'Every point is counted.';
  return el('div', { class: 'stack-tight' }, drawing, el('p', { class: 'small quiet' }, `${note} Ciphers of blocks alone: manifests and previews come on top in both cases.`));
}

/** Communication with and without deduplication over the number of images. */
export function trafficChart(report: AccountFigures): HTMLElement {
  const points = growthPoints(report.growth, maxPoints);
  return growthChart({
    id: 'traffic-chart', title: 'Communication with and without deduplication', description: 'Sums over your images in the order of upload.', points,
    series: [
      { name: 'sent by a plain upload', tone: 'plain', kind: 'line', values: points.map(({ logicalBytes }) => logicalBytes) },
      { name: 'sent here', tone: 'accent', kind: 'line', values: points.map(({ sentBytes }) => sentBytes) },
    ],
    columns: [['Plain upload', (point) => count(point.logicalBytes)], ['Sent here', (point) => count(point.sentBytes)]],
  });
}

interface GrowthPlan {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly points: readonly GrowthPoint[];
  readonly series: readonly LineSeries[];
  readonly columns: readonly (readonly [name: string, cell: (point: GrowthPoint) => string])[];
}

function growthChart({ points, series, columns, ...plan }: GrowthPlan): HTMLElement {
  const stride = Math.ceil(points.length / maxRows);
  const told = points.filter((point, i) => i > 0 && (i % stride === 0 || i === points.length - 1 || (point.isExact && points.length <= maxRows)));
  const rows = told.map((point) => ({ cells: [count(point.images), ...columns.map(([, cell]) => cell(point))] }));
  const caption = stride === 1 ? 'After each image, in bytes.' : `After every ${count(stride)} points, in bytes. CSV has every image.`;
  return linesChart({
    ...plan, series, xs: points.map(({ images }) => images), xText: (i) => `After ${things(points[i]?.images ?? 0, 'image')}`,
    ticks: endsOf(points.map(({ images }) => ({ at: images, text: things(images, 'image') }))),
    table: table(caption, [{ text: 'Images' }, ...columns.map(([text]) => ({ text, isNumber: true }))], rows),
  });
}


/** First, middle and last. */
function endsOf(ticks: readonly { readonly at: number; readonly text: string }[]): readonly { readonly at: number; readonly text: string }[] {
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (first === undefined || last === undefined) return [];
  const half = (first.at + last.at) / 2;
  const middle = ticks.reduce((best, tick) => (Math.abs(tick.at - half) < Math.abs(best.at - half) ? tick : best), first);
  return [first, ...(middle.at - first.at > 0.25 * (last.at - first.at) && last.at - middle.at > 0.25 * (last.at - first.at) ? [middle] : []), last];
}

/** Each format: what its files take, and what their blocks take before equal ones meet. */
export function formatsChart(report: AccountFigures): HTMLElement {
  const bars = report.formats.slice(0, 8).flatMap(({ format, images, logicalBytes, codedBytes }): readonly ChartBar[] => [
    { name: `${format}, ${things(images, 'image')}`, value: logicalBytes, text: bytes(logicalBytes), tone: 'plain' },
    { name: 'as blocks', value: codedBytes, text: `${bytes(codedBytes)}${logicalBytes === 0 ? '' : `, ${percent(codedBytes / logicalBytes)}`}`, tone: 'stored' },
  ]);
  return barsChart({ id: 'formats-chart', title: 'By format', description: 'For each format the bytes of its files, and of their blocks before equal ones meet. The table has the same numbers.', bars });
}
