/**
 * The table of bench:library: a row for each step.
 */
import type { StepResult } from './library-steps.js';
import { textTable } from './text-table.js';

const heading = ['what', '>seconds', '>client cpu', '>client peak MB', '>grows by MB', '>requests', '>received MB', '>server cpu', '>server peak MB', '>longest pause ms', 'note'];

/** All rows. */
export function libraryTable(results: readonly StepResult[]): string {
  return textTable(heading, results.map(rowOf));
}

/** One line for the terminal while it goes on. */
export function stepText(result: StepResult): string {
  const [name = '', ...cells] = rowOf(result);
  return `${name}: ${cells.map((cell, i) => (cell === '' ? '' : `${(heading[i + 1] ?? '').replace('>', '')} ${cell}`)).filter((text) => text !== '').join(', ')}`;
}

function rowOf({ name, seconds, client, server, note }: StepResult): readonly string[] {
  const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '' : (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0));
  const time = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(value < 10 ? 2 : 0));
  return [
    name, time(seconds), time(client.cpuSeconds), megabytes(client.peakMemoryBytes), megabytes(client.growthBytes), client.requests === undefined ? '' : String(client.requests),
    megabytes(client.receivedBytes), time(server?.cpuSeconds), megabytes(server?.peakMemoryBytes), server === undefined ? '' : server.longestPauseMs.toFixed(0), note,
  ];
}
