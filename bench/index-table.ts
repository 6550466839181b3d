/**
 * The table of bench:index: a column for each size, the ratio of the largest to the smallest in time per operation, and the goals.
 */
import type { Asked, Filled, Timing, VectorKind } from './index-process.js';
import { textTable } from './text-table.js';

/** What one size gave. */
export interface SizeResult {
  readonly size: number;
  readonly filled: Filled;
  readonly asked: Asked;
}

interface Measured {
  readonly name: string;
  readonly goal: string;
  readonly timings: (result: SizeResult) => readonly Timing[];
}

const vectors = (kind: VectorKind) => ({ asked }: SizeResult): readonly Timing[] => asked.rounds[kind];
const measured: readonly Measured[] = [
  { name: 'existence, all hits', goal: '300,000/s, 1.3', timings: vectors('hits') },
  { name: 'existence, all misses', goal: '300,000/s, 1.3', timings: vectors('misses') },
  { name: 'existence, half and half', goal: '1.3', timings: vectors('half') },
  { name: 'existence, all another account\'s', goal: 'as misses', timings: vectors('foreign') },
  { name: 'intake of complete rows', goal: '20,000/s, 1.5', timings: ({ filled }) => filled.timings },
];

/** Rates and processor times are medians of rounds, with the lowest and the highest. */
export function indexTable(results: readonly SizeResult[]): string {
  const heading = ['what', '>goal', ...results.map(({ size }) => `>${size.toLocaleString('en')} blocks`), '>time ratio'];
  const rows = measured.flatMap(({ name, goal, timings }) => [
    [`${name}, per s`, goal, ...results.map((result) => rateText(timings(result))), ratioOf(results, (result) => median(timings(result).map(secondsOf)))],
    [`${name}, processor µs`, '', ...results.map((result) => processorText(timings(result))), ratioOf(results, (result) => median(timings(result).map(cpuOf)))],
  ]);
  return [textTable(heading, [...rows, ...singleRows(results)]), '', ...results.map(tablesText)].join('\n');
}

function singleRows(results: readonly SizeResult[]): readonly (readonly string[])[] {
  const row = (name: string, goal: string, value: (result: SizeResult) => string): readonly string[] => [name, goal, ...results.map(value), ''];
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  return [
    row('largest memory while asking, MB', '250', ({ asked }) => megabytes(asked.peakMemoryBytes)),
    row('largest memory at intake, MB', '250', ({ filled }) => megabytes(filled.peakMemoryBytes)),
    row('longest call at intake, ms', '', ({ filled }) => (1000 * filled.longestCall).toFixed(0)),
    row('longest call at intake, processor ms', '', ({ filled }) => (1000 * filled.longestProcessor).toFixed(0)),
    row('open and first vector, ms', '', ({ asked }) => (1000 * asked.openSeconds).toFixed(0)),
    row('asking until memory is full, processor s', '', ({ asked }) => asked.warmUp.cpuSeconds.toFixed(1)),
    row('bytes a block', '', ({ asked, size }) => (asked.fileBytes / size).toFixed(1)),
  ];
}

function tablesText({ asked, size }: SizeResult): string {
  const parts = asked.tables.map(({ name, bytes }) => `${name} ${(bytes / size).toFixed(2)}`);
  return `bytes a block at ${size.toLocaleString('en')}: ${parts.join(', ')}`;
}

function rateText(timings: readonly Timing[]): string {
  const rates = timings.map((timing) => timing.operations / timing.seconds);
  const text = (rate: number): string => Math.round(rate).toLocaleString('en');
  return `${text(median(rates))} (${text(Math.min(...rates))} to ${text(Math.max(...rates))})`;
}

function processorText(timings: readonly Timing[]): string {
  const times = timings.map(cpuOf);
  return `${median(times).toFixed(2)} (${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)})`;
}

function ratioOf(results: readonly SizeResult[], time: (result: SizeResult) => number): string {
  const [first, last] = [results[0], results.at(-1)];
  return first === undefined || last === undefined ? '' : (time(last) / time(first)).toFixed(2);
}

function secondsOf({ seconds, operations }: Timing): number {
  return seconds / operations;
}

/** Microseconds of the processor for one operation. */
function cpuOf({ cpuSeconds, operations }: Timing): number {
  return (1e6 * cpuSeconds) / operations;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
