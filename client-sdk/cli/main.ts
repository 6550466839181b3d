#!/usr/bin/env node
/**
 * The `dice` command's process: streams, environment, Ctrl-C, exit status. The program stands in program.ts.
 */
import { runDice } from './program.js';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interruption.abort();
  });
}
process.stdout.on('error', () => process.exit(1));

process.exitCode = await runDice(process.argv.slice(2), {
  streams: process,
  environment: process.env,
  signal: interruption.signal,
  now: () => Date.now(),
});
