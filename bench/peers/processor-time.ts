/**
 * Processor time of everything that a step used: commands that have ended, by what the kernel gave to their parent when it
 * waited for them, and servers that still run. Linux only; hundredths of a second.
 */
import { readFile } from 'node:fs/promises';
import { cpuSecondsOf } from '../measured-process.js';

const ticksPerSecond = 100;

/** User and system time of all children that this process has waited for, with all that they had waited for themselves. */
export async function reapedCpuSeconds(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  // The name in parentheses may hold blanks; cutime and cstime are the 14th and 15th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / ticksPerSecond;
}

/** The same, and that of servers by their ids. Only differences mean something, and only while the same servers run. */
export async function usedCpuSeconds(serverIds: readonly number[]): Promise<number> {
  const running = await Promise.all(serverIds.map(cpuSecondsOf));
  return running.reduce((sum, seconds) => sum + seconds, await reapedCpuSeconds());
}
