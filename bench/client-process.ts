/**
 * The `dice` command as a measured process, with a profile of its own by environment.
 */
import { fileURLToPath } from 'node:url';
import { measureProcess, type MeasuredRun } from './measured-process.js';

const main = fileURLToPath(new URL('../dice/main.js', import.meta.url));

/** Runs `dice` with these arguments and environment. */
export function measureDice(args: readonly string[], environment: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<MeasuredRun> {
  return measureProcess({ command: process.execPath, args: [main, ...args], environment: { ...process.env, ...environment }, signal });
}
